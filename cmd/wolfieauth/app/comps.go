package app

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

func (a *App) openComps(known facts) {
	a.comps = comps.New(comps.Deps{
		Store: a.claims.store, Tx: a.db, Audit: a.audit, Apps: compApps{known, a.billing}, People: compPeople{a.people},
		Mail: compMail{people: a.people, mails: a.mails, base: a.cfg.Issuer, fallback: a.cfg.DefaultLang}, Jobs: work{a.jobs}, Now: a.cfg.Now,
	})
	a.comps.RegisterJobs()
}

// proven passes on that an address was proven; the passes that wait for it are opened after identity.
type proven struct{ app *App }

var _ idp.Verified = proven{}

// AddressVerified gives the person what waits for their address.
func (p proven) AddressVerified(ctx context.Context, userID, emailNormal string) error {
	return p.app.comps.AddressVerified(ctx, userID, emailNormal)
}

// compApps tells of apps and of what they sell.
type compApps struct {
	facts
	billing *billing.Service
}

var _ comps.Apps = compApps{}

// OrgOf answers [billing.ErrAppNotFound] for an unknown or disabled app.
func (a compApps) OrgOf(ctx context.Context, clientID string) (string, error) {
	info, err := a.App(ctx, clientID)
	return info.OrgID, err
}

// Plans lists the plans of the app's own scope, hidden ones too: those of a bundle say which bundle they are of.
func (a compApps) Plans(ctx context.Context, clientID string) ([]comps.Choice, error) {
	c, err := a.billing.EditorCatalog(ctx, billing.Scope{Kind: billing.ScopeApp, ID: clientID})
	if off(err) {
		return nil, nil
	}
	var out []comps.Choice
	for _, p := range c.Plans {
		if p.ArchivedAt == nil {
			out = append(out, comps.Choice{Key: p.Slug, Name: p.Name})
		}
	}
	return out, err
}

// Features lists the app's own features and those of the bundles that hold it, each key once.
func (a compApps) Features(ctx context.Context, clientID string) ([]comps.Choice, error) {
	scopes := []billing.Scope{{Kind: billing.ScopeApp, ID: clientID}}
	held, err := a.BundlesHolding(ctx, clientID)
	if err != nil {
		return nil, err
	}
	for _, b := range held {
		scopes = append(scopes, billing.Scope{Kind: billing.ScopeBundle, ID: b.ID})
	}
	seen := map[string]bool{}
	var out []comps.Choice
	for _, scope := range scopes {
		c, err := a.billing.EditorCatalog(ctx, scope)
		if off(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, f := range c.Features {
			if !seen[f.Key] {
				seen[f.Key] = true
				out = append(out, comps.Choice{Key: f.Key, Name: f.Name})
			}
		}
	}
	return out, nil
}

func off(err error) bool { return errors.Is(err, billing.ErrBillingOff) }

// compPeople tells of persons.
type compPeople struct{ people *idp.Service }

var _ comps.People = compPeople{}

// Address reads an address.
func (p compPeople) Address(typed string) (email, normal string, ok bool) {
	email, normal, err := idp.ParseEmail(typed)
	return email, normal, err == nil
}

// NormalOf answers a person's address, "" for nobody.
func (p compPeople) NormalOf(ctx context.Context, userID string) (string, error) {
	if userID == "" {
		return "", nil
	}
	user, err := p.people.User(ctx, userID)
	if errors.Is(err, idp.ErrUserNotFound) {
		return "", nil
	}
	return user.EmailNormal, err
}

// Proven answers whose an address is, "" where nobody has proven it.
func (p compPeople) Proven(ctx context.Context, normal string) (string, error) {
	user, err := p.people.UserByEmail(ctx, normal)
	if errors.Is(err, idp.ErrUserNotFound) || err == nil && !user.EmailVerified() {
		return "", nil
	}
	return user.ID, err
}

// compMail reminds of passes that end.
type compMail struct {
	people         *idp.Service
	mails          *mail.Outbox
	base, fallback string
}

var _ comps.Mailer = compMail{}

// EndingSoon writes to the giver as long as they may give passes for the app, else to those in its org who may. The
// one who has the pass is not told: nobody can tell a pass from a plan that is paid for.
func (m compMail) EndingSoon(ctx context.Context, pass claims.Pass) error {
	app, err := m.people.App(ctx, pass.ClientID)
	if errors.Is(err, idp.ErrAppNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	to, err := m.readers(ctx, app.OrgID, pass.GivenBy)
	if err != nil {
		return err
	}
	who := pass.Email
	if pass.Name != "" {
		who = pass.Name + " (" + pass.Email + ")"
	}
	for _, user := range to {
		lang := user.Locale
		if lang == "" {
			lang = m.fallback
		}
		err := m.mails.Send(ctx, mail.Message{To: user.Email, Lang: lang, Template: mail.CompEnding, Data: map[string]any{
			"Name": user.Name, "Link": m.base + "/admin/clients/" + pass.ClientID + "/comps#ending", "App": app.Name, "Plan": pass.PlanName,
			"Who": who, "Date": pass.ExpiresAt.UTC().Format("2006-01-02 15:04") + " UTC",
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m compMail) readers(ctx context.Context, orgID, giverID string) ([]idp.User, error) {
	giver, err := m.people.User(ctx, giverID)
	if err != nil && !errors.Is(err, idp.ErrUserNotFound) {
		return nil, err
	}
	if err == nil && !giver.Disabled() {
		may, err := m.mayGive(ctx, giver.ID, orgID)
		if err != nil {
			return nil, err
		}
		if may {
			return []idp.User{giver}, nil
		}
	}
	members, err := m.people.Members(ctx, orgID)
	if err != nil {
		return nil, err
	}
	var out []idp.User
	for _, member := range members {
		if !permission.Allows(permission.Role(member.Membership.Role), permission.CompsWrite) {
			continue
		}
		user, err := m.people.User(ctx, member.Membership.UserID)
		if err != nil {
			return nil, err
		}
		if !user.Disabled() {
			out = append(out, user)
		}
	}
	return out, nil
}

func (m compMail) mayGive(ctx context.Context, userID, orgID string) (bool, error) {
	orgs, err := m.people.OrgsOf(ctx, userID)
	if err != nil {
		return false, err
	}
	subject, policy := permission.Subject{UserID: userID}, permission.Policy{}
	for _, o := range orgs {
		subject.Memberships = append(subject.Memberships, permission.Membership{OrgID: o.Org.ID, Role: permission.Role(o.Role)})
		if o.Org.PlatformOwner {
			policy.PlatformOrgID = o.Org.ID
		}
	}
	return policy.Decide(subject, permission.CompsWrite, orgID) == nil || policy.Decide(subject, permission.PlatformComps, "") == nil, nil
}
