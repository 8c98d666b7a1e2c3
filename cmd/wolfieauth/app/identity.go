package app

import (
	"context"
	"runtime"
	"time"

	claimstore "github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	idpstore "github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// loginQueue bounds the logins that wait for their password's hash; beyond it people are asked to try again.
const loginQueue = 64

func (a *App) openIdentity(ctx context.Context) (err error) {
	a.protocol = idpstore.NewProvider(a.db)
	store := idpstore.New(a.db, a.versions)
	a.people = idp.New(idp.Deps{
		Store: store, Tx: a.db, Now: a.cfg.Now, Passwords: secret.NewPasswords(runtime.NumCPU(), loginQueue),
		Mail: a.mails, Audit: a.audit, Revoker: revoker{edge: a.edge, grants: a.protocol, orgs: store, now: time.Now}, Issuer: a.edge.Issuer(), Limits: a.limits,
		Seats: Seats{Billing: a.Billing}, Bundles: bundleSale{a}, Verified: proven{a},
	})
	a.claims = assembler{store: claimstore.New(a.db), now: a.cfg.Now}
	a.keys = keys.New(keys.Config{Audit: a.audit}, idpstore.NewSigningKeys(a.db, a.versions), a.box)
	a.versions.On(idpstore.KeysVersion, a.keys.Forget)
	if err := a.keys.Ensure(ctx); err != nil {
		return err
	}
	cryptoKey, err := a.derive("provider")
	if err != nil {
		return err
	}
	a.provider, err = provider.New(provider.Config{
		Issuer: a.cfg.Issuer, CryptoKey: cryptoKey, RefreshGrace: a.cfg.RefreshGrace, Logger: a.log, AllowInsecure: true,
	}, provider.Deps{Edge: a.edge, Renderer: a.edge.Renderer(), Store: a.protocol, Apps: a.people, Keys: a.keys, Claims: a.claims, Limiter: a.limits, Audit: a.audit})
	return err
}

// maintainKeys rotates the signing keys on time and forgets what has run out.
func (a *App) maintainKeys(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := a.keys.Maintain(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "signing keys could not be maintained", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// revoker ends what people hold elsewhere when their password or membership changes.
type revoker struct {
	edge   *web.Edge
	grants *idpstore.Provider
	orgs   interface {
		OrgsOf(ctx context.Context, userID string) ([]idp.OrgMembership, error)
	}
	now func() time.Time
}

// EndSessions ends the user's browser sessions but for one.
func (r revoker) EndSessions(ctx context.Context, userID, exceptSessionID string) error {
	return r.edge.RevokeSessions(ctx, userID, exceptSessionID)
}

// RevokeGrants revokes all tokens of the user.
func (r revoker) RevokeGrants(ctx context.Context, userID string) error {
	return r.grants.RevokeGrantsOfUser(ctx, userID, r.now())
}

// LeaveOrg takes the org out of the user's sessions, which act for the personal one from now on, and revokes the
// grants that act for it.
func (r revoker) LeaveOrg(ctx context.Context, orgID, userID string) error {
	orgs, err := r.orgs.OrgsOf(ctx, userID)
	if err != nil {
		return err
	}
	personal := ""
	for _, o := range orgs {
		if o.Org.Personal() {
			personal = o.Org.ID
		}
	}
	if err := r.edge.MoveSessions(ctx, userID, orgID, personal); err != nil {
		return err
	}
	return r.grants.RevokeGrantsOfMember(ctx, orgID, userID, r.now())
}
