package login

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// ConsentPage is the view of login/consent.
type ConsentPage struct {
	web.Page
	Way    way
	User   idp.User
	Asks   []ask
	Org    idp.OrgChoice
	Others bool // the person could act for another org
	Host   string
}

// ask is one thing that the app will see or be able to do, in words.
type ask struct {
	Icon, Text, Detail string
}

// asksOf puts scopes into words. The plans claim comes with every sign-in, so it is always told.
func asksOf(c echo.Context, scopes []string, user idp.User) []ask {
	asks := []ask{}
	for _, s := range scopes {
		switch s {
		case idp.ScopeOpenID:
			asks = append(asks, ask{"shield", web.T(c, "login.scope_openid"), ""})
		case idp.ScopeProfile:
			asks = append(asks, ask{"user", web.T(c, "login.scope_profile"), user.Name})
		case idp.ScopeEmail:
			asks = append(asks, ask{"mail", web.T(c, "login.scope_email"), user.Email})
		case idp.ScopeOrg:
			asks = append(asks, ask{"users", web.T(c, "login.scope_org"), ""})
		case idp.ScopeOfflineAccess:
			asks = append(asks, ask{"clock", web.T(c, "login.scope_offline_access"), ""})
		default:
			asks = append(asks, ask{"key", s, ""})
		}
	}
	return append(asks, ask{"card", web.T(c, "login.scope_plans"), ""})
}

// atStep loads the sign-in and the person for a page of one step; done is true when an answer was given,
// because another step comes first.
func (p *Pages) atStep(c echo.Context, steps ...idp.Step) (w way, user idp.User, done bool, err error) {
	w, err = p.wayOf(c)
	if err != nil {
		return w, user, false, err
	}
	if !w.ForApp() {
		return w, user, false, idp.ErrAuthRequestNotFound
	}
	if slices.Contains(steps, w.SignIn.Step) {
		user, err = p.Users.User(c.Request().Context(), signedIn(c).UserID)
		return w, user, false, err
	}
	return w, user, true, c.Redirect(http.StatusSeeOther, w.SignIn.Next)
}

func (p *Pages) handleConsent(c echo.Context) error {
	w, user, done, err := p.atStep(c, idp.StepConsent)
	if err != nil || done {
		return err
	}
	view := &ConsentPage{Way: w, User: user, Asks: asksOf(c, w.SignIn.Scopes, user), Host: hostOf(w.SignIn.Request.RedirectURI)}
	view.Org, view.Others = chosen(w.SignIn.Orgs, w.SignIn.OrgID), len(w.SignIn.Orgs) > 1
	view.Title, view.Brand = web.T(c, "login.consent_title", "App", w.AppName()), brandOf(w.SignIn.App)
	return p.Edge.Render(c, http.StatusOK, "login/consent", view)
}

func (p *Pages) handleConsentDecide(c echo.Context) error {
	w, _, done, err := p.atStep(c, idp.StepConsent)
	if err != nil || done {
		return err
	}
	switch c.FormValue("decision") {
	case "allow":
		next, err := p.SignIns.Consent(c, w.RequestID)
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, next)
	case "deny":
		back, err := p.SignIns.Deny(c, w.RequestID)
		if err != nil {
			return err
		}
		// Not a local path: the registered redirect URI of the app, as the provider checked it.
		return c.Redirect(http.StatusSeeOther, back)
	default:
		return web.Fail(http.StatusBadRequest, "bad_request")
	}
}

// chosen answers the org of that id, or the zero one.
func chosen(orgs []idp.OrgChoice, id string) idp.OrgChoice {
	for _, o := range orgs {
		if o.ID == id {
			return o
		}
	}
	return idp.OrgChoice{}
}

func choices(orgs []idp.OrgMembership) []idp.OrgChoice {
	out := make([]idp.OrgChoice, 0, len(orgs))
	for _, o := range orgs {
		out = append(out, idp.OrgChoice{ID: o.Org.ID, Slug: o.Org.Slug, Name: o.Org.Name, Role: o.Role, Personal: o.Org.Personal()})
	}
	return out
}
