package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var providerNow = time.Date(2026, 11, 22, 10, 0, 0, 123456000, time.UTC)

type providerRows struct {
	store           *store.Provider
	user, org, app  string
	grant           idp.Grant
	refresh, access idp.Token
}

func uid() string { return uuid.Must(uuid.NewV7()).String() }

// seedProvider makes a user in an org with an app, a code grant and its two tokens.
func seedProvider(t *testing.T, d *db.DB) providerRows {
	t.Helper()
	p := providerRows{store: store.NewProvider(d), user: uid(), org: uid(), app: "acme-crm"}
	create := func(row any) {
		t.Helper()
		if err := d.Conn(t.Context()).Create(row).Error; err != nil {
			t.Fatal(err)
		}
	}
	create(&idp.User{ID: p.user, Email: "A@b.test", EmailNormal: "a@b.test", Name: "A", CreatedAt: providerNow, UpdatedAt: providerNow})
	create(&idp.Org{ID: p.org, Slug: "acme", Name: "Acme", CreatedAt: providerNow, UpdatedAt: providerNow})
	create(&idp.Membership{ID: uid(), OrgID: p.org, UserID: p.user, Role: "admin", CreatedAt: providerNow, UpdatedAt: providerNow})
	create(&idp.App{ClientID: p.app, OrgID: p.org, Slug: "crm", Name: "CRM", Kind: idp.AppWeb, AuthMethod: idp.AuthBasic, AccessTokenSeconds: 300, CreatedAt: providerNow, UpdatedAt: providerNow})
	session(t, d, p.user)
	hash, expires, auth := "code-hash", providerNow.Add(time.Minute), providerNow.Add(-time.Hour)
	p.grant = idp.Grant{
		ID: uid(), Kind: idp.GrantCode, ClientID: p.app, UserID: p.user, OrgID: p.org, SessionID: "s1", Scopes: []string{"openid", "email"},
		Nonce: "n", AuthTime: &auth, ACR: "1", AMR: []string{"pwd"}, IDTokenClaims: []string{"name"}, UserinfoClaims: []string{}, RedirectURI: "https://rp.example/cb",
		CodeChallenge: "c", CodeHash: &hash, CodeExpiresAt: &expires, CreatedAt: providerNow, ExpiresAt: providerNow.Add(time.Hour),
	}
	check(t, p.store.CreateGrant(t.Context(), p.grant))
	token := func(kind idp.TokenKind) idp.Token {
		return idp.Token{Hash: string(kind) + "-hash", ID: uid(), Kind: kind, GrantID: p.grant.ID, ClientID: p.app, Scopes: []string{"openid"}, CreatedAt: providerNow, ExpiresAt: providerNow.Add(time.Hour)}
	}
	p.access, p.refresh = token(idp.TokenAccess), token(idp.TokenRefresh)
	check(t, p.store.CreateTokens(t.Context(), p.access, p.refresh))
	return p
}

func session(t *testing.T, d *db.DB, userID string) {
	t.Helper()
	check(t, d.Conn(t.Context()).Exec("INSERT INTO sessions (id_hash, id, user_id, created_at, last_seen_at, expires_at) VALUES ('h', 's1', ?, ?, ?, ?)",
		userID, providerNow, providerNow, providerNow.Add(time.Hour)).Error)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestProviderGrants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, ctx := seedProvider(t, d), t.Context()
		st, err := p.store.GrantByCode(ctx, "code-hash")
		check(t, err)
		if diff := cmp.Diff(p.grant, inUTC(st.Grant)); diff != "" {
			t.Errorf("grant (-saved +loaded):\n%s", diff)
		}
		if !st.UserFound || !st.OrgFound || !st.MemberFound || st.Email != "A@b.test" || st.OrgSlug != "acme" || st.Role != "admin" || st.AccessTokenSeconds != 300 || st.Err() != nil {
			t.Errorf("standing %+v", st)
		}
		for name, tt := range map[string]struct {
			hash, client string
			at           time.Time
			want         bool
		}{
			"another client": {"code-hash", "other", providerNow, false},
			"another code":   {"x", p.app, providerNow, false},
			"too late":       {"code-hash", p.app, providerNow.Add(time.Minute), false},
		} {
			if first, err := p.store.RedeemCode(ctx, tt.hash, tt.client, tt.at); err != nil || first != tt.want {
				t.Errorf("%s: %v %v", name, first, err)
			}
		}
		for i, want := range []bool{true, false} {
			if first, err := p.store.RedeemCode(ctx, "code-hash", p.app, providerNow); err != nil || first != want {
				t.Errorf("redeem %d: %v %v", i, first, err)
			}
			if first, err := p.store.RotateToken(ctx, "refresh-hash", p.app, providerNow); err != nil || first != want {
				t.Errorf("rotate %d: %v %v", i, first, err)
			}
		}
		if first, err := p.store.RotateToken(ctx, "access-hash", p.app, providerNow); err != nil || first {
			t.Errorf("an access token was rotated: %v", err)
		}
		held, err := p.store.Token(ctx, "refresh-hash")
		check(t, err)
		if held.TokenID != p.refresh.ID || held.TokenUsedAt == nil || held.Grant.ID != p.grant.ID || held.UserID != p.user {
			t.Errorf("held %+v", held)
		}
		if _, err := p.store.Token(ctx, "x"); !errors.Is(err, idp.ErrGrantNotFound) {
			t.Error(err)
		}
		if _, err := p.store.GrantByCode(ctx, "x"); !errors.Is(err, idp.ErrGrantNotFound) {
			t.Error(err)
		}
	})
}

func inUTC(g idp.Grant) idp.Grant {
	for _, at := range []**time.Time{&g.AuthTime, &g.CodeExpiresAt, &g.RedeemedAt, &g.RevokedAt} {
		if *at != nil {
			u := (*at).UTC()
			*at = &u
		}
	}
	g.CreatedAt, g.ExpiresAt = g.CreatedAt.UTC(), g.ExpiresAt.UTC()
	return g
}

func TestProviderRevocations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, ctx := seedProvider(t, d), t.Context()
		dead := func() bool {
			t.Helper()
			held, err := p.store.Token(ctx, "access-hash")
			check(t, err)
			return errors.Is(held.Err(providerNow), idp.ErrGrantRevoked)
		}
		revive := func() {
			t.Helper()
			check(t, d.Conn(ctx).Exec("DELETE FROM sessions").Error)
			session(t, d, p.user)
			for _, q := range []string{"UPDATE grants SET revoked_at = NULL", "UPDATE tokens SET revoked_at = NULL"} {
				check(t, d.Conn(ctx).Exec(q).Error)
			}
		}
		for name, revoke := range map[string]func() error{
			"token":   func() error { return p.store.RevokeToken(ctx, "access-hash", providerNow) },
			"grant":   func() error { return p.store.RevokeGrant(ctx, p.grant.ID, providerNow) },
			"user":    func() error { return p.store.RevokeGrantsOfUser(ctx, p.user, providerNow) },
			"member":  func() error { return p.store.RevokeGrantsOfMember(ctx, p.org, p.user, providerNow) },
			"app":     func() error { return p.store.RevokeGrantsOfApp(ctx, p.user, p.app, providerNow) },
			"session": func() error { return d.Conn(ctx).Exec("DELETE FROM sessions").Error },
		} {
			if dead() {
				t.Fatalf("%s: dead before", name)
			}
			check(t, revoke())
			if !dead() {
				t.Errorf("%s: alive", name)
			}
			revive()
		}
		check(t, p.store.RevokeGrantsOfMember(ctx, uid(), p.user, providerNow))
		check(t, p.store.RevokeGrantsOfApp(ctx, p.user, "other", providerNow))
		check(t, p.store.RevokeGrantsOfUser(ctx, "", providerNow))
		check(t, d.Conn(ctx).Exec("UPDATE grants SET offline = TRUE").Error)
		check(t, d.Conn(ctx).Exec("DELETE FROM sessions").Error)
		if dead() {
			t.Error("revoked what belongs to somebody else, or outlives the session")
		}
	})
}

func TestProviderSignIns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, ctx := seedProvider(t, d), t.Context()
		r := idp.AuthRequest{
			ID: uid(), ClientID: p.app, BindingHash: "b", RedirectURI: "https://rp.example/cb", State: "s", Scopes: []string{"openid"}, Prompt: []string{"login"},
			IDTokenClaims: []string{}, UserinfoClaims: []string{"name"}, ACRValues: []string{}, UILocales: []string{"pl"}, AMR: []string{}, MaxAge: idp.NoMaxAge,
			CreatedAt: providerNow, ExpiresAt: providerNow.Add(time.Hour),
		}
		check(t, p.store.CreateAuthRequest(ctx, r))
		auth := providerNow
		r.UserID, r.OrgID, r.SessionID, r.AuthTime, r.AMR, r.ConsentedAt = p.user, p.org, "s1", &auth, []string{"pwd"}, &auth
		check(t, p.store.SettleAuthRequest(ctx, r))
		got, err := p.store.AuthRequest(ctx, r.ID, providerNow)
		check(t, err)
		got.CreatedAt, got.ExpiresAt = got.CreatedAt.UTC(), got.ExpiresAt.UTC()
		a, c := got.AuthTime.UTC(), got.ConsentedAt.UTC()
		got.AuthTime, got.ConsentedAt = &a, &c
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("auth request (-saved +loaded):\n%s", diff)
		}
		if _, err := p.store.AuthRequest(ctx, r.ID, providerNow.Add(time.Hour)); !errors.Is(err, idp.ErrAuthRequestNotFound) {
			t.Errorf("late: %v", err)
		}
		for i, want := range []bool{true, false} {
			if first, err := p.store.FinishAuthRequest(ctx, r.ID, providerNow); err != nil || first != want {
				t.Errorf("finish %d: %v %v", i, first, err)
			}
		}
		if err := p.store.SettleAuthRequest(ctx, r); !errors.Is(err, idp.ErrAuthRequestNotFound) {
			t.Errorf("settle what is over: %v", err)
		}
		if err := p.store.CreateAuthRequest(ctx, idp.AuthRequest{ID: uid(), ClientID: "none", CreatedAt: providerNow, ExpiresAt: providerNow}); !errors.Is(err, idp.ErrAppNotFound) {
			t.Errorf("of no app: %v", err)
		}
		none, err := p.store.Consent(ctx, p.user, p.app)
		if err != nil || len(none.Scopes) != 0 || none.UserID != p.user {
			t.Errorf("no consent: %+v %v", none, err)
		}
		for _, scopes := range [][]string{{"email"}, {"email", "org"}} {
			check(t, p.store.SaveConsent(ctx, idp.Consent{UserID: p.user, ClientID: p.app, Scopes: scopes, CreatedAt: providerNow, UpdatedAt: providerNow}))
		}
		if all, err := p.store.Consents(ctx, p.user); err != nil || len(all) != 1 || len(all[0].Scopes) != 2 {
			t.Errorf("consents: %+v %v", all, err)
		}
		orgs, err := p.store.Orgs(ctx, p.user)
		if err != nil || len(orgs) != 1 || orgs[0] != (idp.OrgChoice{ID: p.org, Slug: "acme", Name: "Acme", Role: "admin"}) {
			t.Errorf("orgs: %+v %v", orgs, err)
		}
		check(t, d.Conn(ctx).Exec("UPDATE orgs SET suspended_at = ?", providerNow).Error)
		if orgs, err := p.store.Orgs(ctx, p.user); err != nil || len(orgs) != 0 {
			t.Errorf("suspended: %+v %v", orgs, err)
		}
		check(t, d.Conn(ctx).Exec("UPDATE users SET disabled_at = ?", providerNow).Error)
		if _, err := p.store.Orgs(ctx, p.user); !errors.Is(err, idp.ErrUserNotFound) {
			t.Errorf("disabled: %v", err)
		}
	})
}

func TestProviderDevicesAndAssertions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, ctx := seedProvider(t, d), t.Context()
		code := idp.DeviceCode{CodeHash: "h", UserCode: "BCDFGHJK", ClientID: p.app, Scopes: []string{"openid"}, State: idp.DevicePending, IntervalSeconds: 5, CreatedAt: providerNow, ExpiresAt: providerNow.Add(time.Minute)}
		check(t, p.store.CreateDeviceCode(ctx, code))
		double := code
		double.CodeHash = "h2"
		if err := p.store.CreateDeviceCode(ctx, double); !errors.Is(err, db.ErrDuplicate) {
			t.Errorf("the same user code: %v", err)
		}
		if first, err := p.store.RedeemDevice(ctx, "h", "g"); err != nil || first {
			t.Errorf("redeemed before it was approved: %v", err)
		}
		check(t, p.store.PollDevice(ctx, "h", 10, providerNow))
		code.State, code.UserID, code.OrgID = idp.DeviceApproved, p.user, p.org
		if err := p.store.DecideDevice(ctx, code, providerNow.Add(time.Minute)); !errors.Is(err, idp.ErrDeviceCodeNotFound) {
			t.Errorf("decided late: %v", err)
		}
		check(t, p.store.DecideDevice(ctx, code, providerNow))
		if err := p.store.DecideDevice(ctx, code, providerNow); !errors.Is(err, idp.ErrDeviceCodeNotFound) {
			t.Errorf("decided twice: %v", err)
		}
		if _, err := p.store.DeviceByUserCode(ctx, "BCDFGHJK", providerNow); !errors.Is(err, idp.ErrDeviceCodeNotFound) {
			t.Errorf("found after its decision: %v", err)
		}
		for i, want := range []bool{true, false} {
			if first, err := p.store.RedeemDevice(ctx, "h", "g"); err != nil || first != want {
				t.Errorf("redeem %d: %v %v", i, first, err)
			}
		}
		if got, err := p.store.DeviceByCode(ctx, "h"); err != nil || got.State != idp.DeviceRedeemed || got.IntervalSeconds != 10 || got.PolledAt == nil {
			t.Errorf("%+v %v", got, err)
		}
		for i, want := range []bool{true, false} {
			if fresh, err := p.store.RememberAssertion(ctx, p.app, "j", providerNow.Add(time.Minute)); err != nil || fresh != want {
				t.Errorf("assertion %d: %v %v", i, fresh, err)
			}
		}
		if n, err := p.store.Prune(ctx, providerNow); err != nil || n != 0 {
			t.Errorf("pruned %d living rows, %v", n, err)
		}
		if n, err := p.store.Prune(ctx, providerNow.Add(2*time.Hour)); err != nil || n != 5 { // device, assertion, two tokens, grant
			t.Errorf("pruned %d, %v", n, err)
		}
		// A client id that is used again inherits nothing.
		p.grant.ID, p.grant.CodeHash = uid(), nil
		check(t, p.store.CreateGrant(ctx, p.grant))
		check(t, d.Conn(ctx).Exec("DELETE FROM oidc_clients WHERE client_id = ?", p.app).Error)
		if _, err := p.store.Grant(ctx, p.grant.ID); !errors.Is(err, idp.ErrGrantNotFound) {
			t.Errorf("a grant outlived its client: %v", err)
		}
	})
}
