package login_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/login"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	"github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/ratelimit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// site is the pages over the true edge, services and database; sign-ins and devices are stand-ins.
type site struct {
	users   *idp.Service
	store   *store.Store
	edge    *web.Edge
	base    string
	clock   *clock
	mail    *letters
	signIns *signIns
	devices *devices
	db      *db.DB
	revoked *[]string
	costs   *seatCosts
	limit   *seatLimit
}

const password = "correct horse battery"

func each(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, setup(t, d, false)) })
}

func setup(t *testing.T, d *db.DB, verifyFirst bool) *site {
	t.Helper()
	catalog, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{Money: func(string, int64, string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	issuer := &url.URL{Scheme: "http", Host: server.Listener.Addr().String()}
	s := &site{db: d, clock: &clock{at: time.Now().UTC()}, mail: &letters{}, base: issuer.String(), revoked: &[]string{}, costs: &seatCosts{}, limit: &seatLimit{}}
	s.edge, err = web.New(web.Config{Issuer: issuer, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: s.clock.now}, d, renderer, catalog, login.Problems()...)
	if err != nil {
		t.Fatal(err)
	}
	log := audit.NewLog(d, s.clock.now)
	s.store = store.New(d, nil)
	s.users = idp.New(idp.Deps{
		Store: s.store, Tx: d, Now: s.clock.now, Passwords: plainPasswords{}, Mail: s.mail, Issuer: issuer,
		Audit: log, Revoker: revoker{s.edge, s.revoked}, Seats: s.limit,
	})
	s.signIns, s.devices = &signIns{users: s.users, now: s.clock.now}, &devices{}
	if _, err := login.Mount(login.Deps{
		Edge: s.edge, Users: s.users, SignIns: s.signIns, Devices: s.devices, Limits: ratelimit.New(d, s.clock.now),
		Audit: log, Now: s.clock.now, VerifyFirst: verifyFirst, Seats: s.costs,
	}); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.edge
	server.Start()
	t.Cleanup(server.Close)
	return s
}

func (s *site) user(t *testing.T, email string) idp.User {
	t.Helper()
	u, _, err := s.users.CreateUser(t.Context(), idp.CreateUser{Email: email, Name: "Ann Smith", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// verified is a person whose address is proven.
func (s *site) verified(t *testing.T, email, name string) idp.User {
	t.Helper()
	u, _, err := s.users.CreateUser(t.Context(), idp.CreateUser{Email: email, Name: name, Password: password, Verified: true})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// acme is an org with an owner.
func (s *site) acme(t *testing.T) (idp.Org, idp.User) {
	t.Helper()
	owner := s.verified(t, "olga@acme.test", "Olga Owner")
	org, err := s.users.CreateOrg(t.Context(), createOrg("acme", owner.ID))
	if err != nil {
		t.Fatal(err)
	}
	return org, owner
}

// invite answers the invitation and the path in its letter.
func (s *site) invite(t *testing.T, org idp.Org, by idp.User, email, role string) (idp.Invitation, string) {
	t.Helper()
	inv, err := s.users.Invite(t.Context(), idp.Invite{OrgID: org.ID, InviterID: by.ID, Email: email, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return inv, s.mail.link(t, s, mail.Invitation)
}

// app registers acme-crm with its org and begins a sign-in for it.
func (s *site) app(t *testing.T, in idp.CreateApp) idp.App {
	t.Helper()
	owner := s.user(t, "owner@acme.test")
	org, err := s.users.CreateOrg(t.Context(), idp.CreateOrg{Slug: "acme", Name: "Acme", OwnerUserID: owner.ID})
	if err != nil {
		t.Fatal(err)
	}
	in.OrgID, in.Slug = org.ID, "crm"
	if in.Name == "" {
		in.Name = "Acme CRM"
	}
	in.RedirectURIs = []string{"https://crm.acme.test/callback"}
	app, _, err := s.users.CreateApp(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, p string) (string, error) { return "plain:" + p, nil }

func (plainPasswords) Verify(_ context.Context, p, hash string) (ok, rehash bool, err error) {
	return hash == "plain:"+p, false, nil
}

type letters struct {
	mu   sync.Mutex
	sent []mail.Message
}

func (l *letters) Send(_ context.Context, m mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, m)
	return nil
}

// link answers the path in the newest letter of a template.
func (l *letters) link(t *testing.T, s *site, template mail.Template) string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range slices.Backward(l.sent) {
		if m.Template == template {
			link, _ := m.Data["Link"].(string)
			path, ok := strings.CutPrefix(link, s.base)
			if !ok {
				t.Fatalf("link %q is not on the issuer", link)
			}
			return path
		}
	}
	t.Fatalf("no letter %s", template)
	return ""
}

func (l *letters) count(template mail.Template) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.sent {
		if m.Template == template {
			n++
		}
	}
	return n
}

type revoker struct {
	edge  *web.Edge
	calls *[]string
}

func (r revoker) EndSessions(ctx context.Context, userID, except string) error {
	return r.edge.RevokeSessions(ctx, userID, except)
}

func (r revoker) RevokeGrants(_ context.Context, userID string) error {
	*r.calls = append(*r.calls, userID)
	return nil
}

func (r revoker) LeaveOrg(ctx context.Context, orgID, userID string) error {
	return r.edge.MoveSessions(ctx, userID, orgID, "")
}

// seatCosts answers what the test set.
type seatCosts struct {
	lines []login.SeatCost
	err   error
	asked []string
}

func (s *seatCosts) SeatCost(_ context.Context, orgID string) ([]login.SeatCost, error) {
	s.asked = append(s.asked, orgID)
	return s.lines, s.err
}

// seatLimit is an org's limit; 0 is none.
type seatLimit struct{ cap int64 }

func (*seatLimit) MembersChanged(context.Context, string) error { return nil }

func (s *seatLimit) CheckAdd(_ context.Context, _ string, seats int64) error {
	if s.cap > 0 && seats > s.cap {
		return &idp.SeatCapError{Cap: s.cap, Reason: "org_seats"}
	}
	return nil
}

// signIns keeps sign-ins in memory and decides by the rule of the wing.
type signIns struct {
	mu    sync.Mutex
	users *idp.Service
	now   func() time.Time
	open  map[string]*idp.AuthRequest
	given map[string]idp.Consent
}

func (f *signIns) begin(r idp.AuthRequest) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil {
		f.open, f.given = map[string]*idp.AuthRequest{}, map[string]idp.Consent{}
	}
	if r.MaxAge == 0 {
		r.MaxAge = idp.NoMaxAge
	}
	r.ID = "request-" + string(rune('a'+len(f.open)))
	r.RedirectURI, r.CreatedAt = "https://crm.acme.test/callback", f.now()
	f.open[r.ID] = &r
	return r.ID
}

func (f *signIns) SignIn(c echo.Context, id string) (provider.SignIn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, r := c.Request().Context(), f.open[id]
	if r == nil {
		return provider.SignIn{}, idp.ErrAuthRequestNotFound
	}
	app, err := f.users.App(ctx, r.ClientID)
	if err != nil {
		return provider.SignIn{}, err
	}
	in := provider.SignIn{Request: *r, App: app, Scopes: r.Scopes}
	if s := web.SessionOf(c); s.Authenticated() {
		in.Who = idp.SignedIn{UserID: s.UserID, SessionID: s.ID, OrgID: s.OrgID, AuthTime: s.AuthTime, AMR: s.AMR}
		orgs, err := f.users.OrgsOf(ctx, s.UserID)
		if err != nil {
			return provider.SignIn{}, err
		}
		for _, o := range orgs {
			in.Orgs = append(in.Orgs, idp.OrgChoice{ID: o.Org.ID, Slug: o.Org.Slug, Name: o.Org.Name, Personal: o.Org.Personal()})
		}
	}
	in.OrgID, in.MayContinue = r.Org(in.Who, in.Orgs), !r.NeedsFreshLogin(in.Who, f.now())
	in.Step = r.NextStep(in.Who, app, in.Orgs, f.given[in.Who.UserID+r.ClientID], f.now())
	in.Next = in.Step.Path(id)
	return in, nil
}

func (f *signIns) change(c echo.Context, id string, edit func(*idp.AuthRequest, provider.SignIn)) (string, error) {
	in, err := f.SignIn(c, id)
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	r := f.open[id]
	r.UserID, r.SessionID, r.AuthTime, r.AMR = in.Who.UserID, in.Who.SessionID, &in.Who.AuthTime, in.Who.AMR
	edit(r, in)
	f.mu.Unlock()
	in, err = f.SignIn(c, id)
	return in.Next, err
}

func (f *signIns) SignedIn(c echo.Context, id string) (string, error) {
	return f.change(c, id, func(*idp.AuthRequest, provider.SignIn) {})
}

func (f *signIns) ChooseOrg(c echo.Context, id, orgID string) (string, error) {
	return f.change(c, id, func(r *idp.AuthRequest, _ provider.SignIn) { r.OrgID = orgID })
}

func (f *signIns) Consent(c echo.Context, id string) (string, error) {
	return f.change(c, id, func(r *idp.AuthRequest, in provider.SignIn) {
		at := f.now()
		r.ConsentedAt = &at
		f.given[in.Who.UserID+r.ClientID] = idp.Consent{Scopes: r.Scopes}
	})
}

func (f *signIns) Deny(_ echo.Context, id string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.open[id]
	if r == nil {
		return "", idp.ErrAuthRequestNotFound
	}
	delete(f.open, id)
	return r.RedirectURI + "?error=access_denied", nil
}

// devices keeps one device in memory.
type devices struct {
	mu    sync.Mutex
	app   idp.App
	code  string // as shown
	state idp.DeviceState
	by    string
	scope []string
	tries int
}

func (f *devices) Device(_ echo.Context, typed string) (provider.DeviceRequest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tries++; f.tries > 12 {
		return provider.DeviceRequest{}, web.TooMany(5 * time.Minute)
	}
	if f.state != idp.DevicePending || idp.ShownUserCode(idp.NormalUserCode(typed)) != f.code {
		return provider.DeviceRequest{}, idp.ErrDeviceCodeNotFound
	}
	return provider.DeviceRequest{UserCode: f.code, App: f.app, Scopes: f.scope}, nil
}

func (f *devices) ApproveDevice(c echo.Context, _, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.by = idp.DeviceApproved, web.SessionOf(c).UserID
	return nil
}

func (f *devices) DenyDevice(c echo.Context, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.by = idp.DeviceDenied, web.SessionOf(c).UserID
	return nil
}

func createOrg(slug, ownerID string) idp.CreateOrg {
	return idp.CreateOrg{Slug: slug, Name: strings.ToUpper(slug[:1]) + slug[1:], OwnerUserID: ownerID}
}
