package provider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// SignIn is a sign-in as a page needs to see it.
type SignIn struct {
	Request idp.AuthRequest
	App     idp.App
	Step    idp.Step
	// Next is where the browser goes for Step; a page that is not the one of Step sends it there.
	Next string
	// Who is the browser's session; the zero value when nobody usable is signed in.
	Who idp.SignedIn
	// Orgs are what Who may act for, OrgID the one settled so far or "".
	Orgs  []idp.OrgChoice
	OrgID string
	// Scopes are what the consent page asks for.
	Scopes []string
	// MayContinue tells whether Who may go on with a click ([Provider.SignedIn]) instead of a password.
	MayContinue bool
}

// SignIn loads a sign-in for a page. [idp.ErrAuthRequestNotFound] when it is unknown, over, past its time, or
// was begun in another browser; [idp.ErrAppNotFound] when the app was disabled meanwhile.
func (p *Provider) SignIn(c echo.Context, id string) (SignIn, error) {
	ctx := c.Request().Context()
	r, err := p.bound(c, id)
	if err != nil {
		return SignIn{}, err
	}
	app, err := p.deps.Apps.App(ctx, r.ClientID)
	if err != nil {
		return SignIn{}, err
	}
	step, on, err := p.step(c, r, app)
	if err != nil {
		return SignIn{}, err
	}
	return SignIn{
		Request: r, App: app, Step: step, Next: step.Path(r.ID), Who: on.who, Orgs: on.orgs, OrgID: r.Org(on.who, on.orgs),
		Scopes: r.ConsentScopes(), MayContinue: !r.NeedsFreshLogin(on.who, p.now()),
	}, nil
}

// bound loads a request that this very browser has begun.
func (p *Provider) bound(c echo.Context, id string) (idp.AuthRequest, error) {
	browser, ok := p.deps.Edge.Binding(c, bindingName)
	if !ok || !soundText(id) {
		return idp.AuthRequest{}, idp.ErrAuthRequestNotFound
	}
	r, err := p.deps.Store.AuthRequest(c.Request().Context(), id, p.now())
	if err != nil {
		return idp.AuthRequest{}, err
	}
	if !secret.Matches(browser, r.BindingHash) {
		return idp.AuthRequest{}, idp.ErrAuthRequestNotFound
	}
	return r, nil
}

// person is who the browser belongs to, and what they may act for.
type person struct {
	who  idp.SignedIn
	orgs []idp.OrgChoice
}

// step decides what r still needs in this browser.
func (p *Provider) step(c echo.Context, r idp.AuthRequest, app idp.App) (idp.Step, person, error) {
	ctx := c.Request().Context()
	var on person
	var err error
	on.who, on.orgs, err = p.signedIn(c)
	if errors.Is(err, idp.ErrUserNotFound) {
		return r.NextStep(idp.SignedIn{}, app, nil, idp.Consent{}, p.now()), person{}, nil
	}
	if err != nil {
		return "", person{}, err
	}
	consent, err := p.deps.Store.Consent(ctx, on.who.UserID, app.ClientID)
	if err != nil {
		return "", person{}, err
	}
	return r.NextStep(on.who, app, on.orgs, consent, p.now()), on, nil
}

// signedIn answers the browser's user; [idp.ErrUserNotFound] when nobody usable is signed in.
func (p *Provider) signedIn(c echo.Context) (idp.SignedIn, []idp.OrgChoice, error) {
	s, err := p.deps.Edge.LoadSession(c)
	if err != nil {
		return idp.SignedIn{}, nil, err
	}
	if !s.Authenticated() {
		return idp.SignedIn{}, nil, idp.ErrUserNotFound
	}
	orgs, err := p.deps.Store.Orgs(c.Request().Context(), s.UserID)
	if err != nil {
		return idp.SignedIn{}, nil, err
	}
	return idp.SignedIn{UserID: s.UserID, SessionID: s.ID, OrgID: s.OrgID, AuthTime: s.AuthTime, AMR: s.AMR}, orgs, nil
}

// SignedIn records that the browser's user has logged in for this sign-in, or, where SignIn.MayContinue, has
// chosen to go on as who they are. It answers where the browser goes next: a path of this site. Errors as
// [Provider.SignIn]. Calling it without a fresh login where one is needed records nothing.
func (p *Provider) SignedIn(c echo.Context, id string) (next string, err error) {
	in, err := p.SignIn(c, id)
	if err != nil {
		return "", err
	}
	r := in.Request
	if in.Who.UserID == "" || !in.MayContinue {
		return idp.StepLogin.Path(r.ID), nil
	}
	p.settle(&r, in.Who)
	if err := p.deps.Store.SettleAuthRequest(c.Request().Context(), r); err != nil {
		return "", err
	}
	return p.next(c, r, in.App)
}

// settle makes r that of who; what another user has settled there falls away.
func (p *Provider) settle(r *idp.AuthRequest, who idp.SignedIn) {
	if r.UserID != who.UserID {
		r.OrgID, r.ConsentedAt = "", nil
	}
	auth := who.AuthTime
	r.UserID, r.SessionID, r.AuthTime, r.AMR = who.UserID, who.SessionID, &auth, who.AMR
}

func (p *Provider) next(c echo.Context, r idp.AuthRequest, app idp.App) (string, error) {
	step, _, err := p.step(c, r, app)
	if err != nil {
		return "", err
	}
	return step.Path(r.ID), nil
}

// ChooseOrg records the org that the user acts for and answers where the browser goes next. Errors as
// [Provider.SignIn]; [idp.ErrNotMember] for an org that is not theirs.
func (p *Provider) ChooseOrg(c echo.Context, id, orgID string) (next string, err error) {
	in, err := p.SignIn(c, id)
	if err != nil {
		return "", err
	}
	if in.Step == idp.StepLogin {
		return in.Next, nil
	}
	if !slices.ContainsFunc(in.Orgs, func(o idp.OrgChoice) bool { return o.ID == orgID }) {
		return "", idp.ErrNotMember
	}
	r := in.Request
	p.settle(&r, in.Who)
	r.OrgID = orgID
	if err := p.deps.Store.SettleAuthRequest(c.Request().Context(), r); err != nil {
		return "", err
	}
	return p.next(c, r, in.App)
}

// Consent records that the user allows the app what this sign-in asks for, keeps it for the next one, and
// answers where the browser goes next. Errors as [Provider.SignIn].
func (p *Provider) Consent(c echo.Context, id string) (next string, err error) {
	in, err := p.SignIn(c, id)
	if err != nil {
		return "", err
	}
	if in.Step == idp.StepLogin || in.Step == idp.StepOrg {
		return in.Next, nil
	}
	r, now := in.Request, p.now()
	p.settle(&r, in.Who)
	r.ConsentedAt = &now
	err = p.deps.Store.InTx(c.Request().Context(), func(ctx context.Context) error {
		if err := p.allow(ctx, r.UserID, r.ClientID, in.Scopes, now); err != nil {
			return err
		}
		return p.deps.Store.SettleAuthRequest(ctx, r)
	})
	if err != nil {
		return "", err
	}
	return p.next(c, r, in.App)
}

// allow adds scopes to what the user has allowed the app.
func (p *Provider) allow(ctx context.Context, userID, clientID string, scopes []string, now time.Time) error {
	consent, err := p.deps.Store.Consent(ctx, userID, clientID)
	if err != nil {
		return err
	}
	before := slices.Clone(consent.Scopes)
	for _, s := range scopes {
		if !slices.Contains(consent.Scopes, s) {
			consent.Scopes = append(consent.Scopes, s)
		}
	}
	if consent.CreatedAt.IsZero() {
		consent.CreatedAt = now
	}
	consent.UpdatedAt = now
	if err := p.deps.Store.SaveConsent(ctx, consent); err != nil {
		return err
	}
	if p.deps.Audit == nil || len(before) == len(consent.Scopes) {
		return nil
	}
	view := func(scopes []string) map[string]string {
		return map[string]string{"user": userID, "scopes": strings.Join(scopes, " ")}
	}
	return p.deps.Audit.Record(ctx, audit.Entry{
		Actor: audit.Actor{Kind: audit.ActorUser, ID: userID}, Action: "consent.given", Target: audit.Target{Kind: "app", ID: clientID},
		Before: view(before), After: view(consent.Scopes),
	})
}

// Deny gives the sign-in up and answers the URL of the app that hears of it (access_denied). Errors as
// [Provider.SignIn].
func (p *Provider) Deny(c echo.Context, id string) (url string, err error) {
	r, err := p.bound(c, id)
	if err != nil {
		return "", err
	}
	first, err := p.deps.Store.FinishAuthRequest(c.Request().Context(), r.ID, p.now())
	if err != nil {
		return "", err
	}
	if !first {
		return "", idp.ErrAuthRequestNotFound
	}
	return p.errorURL(replyOf(r), errDenied), nil
}
