package login

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// OrgPage is the view of login/org: which org to act for.
type OrgPage struct {
	web.Page
	Way     way
	Action  string // where the form goes
	Orgs    []orgRow
	Summary string
}

// orgRow is one org on a page.
type orgRow struct {
	ID, Name, Slug, Role string
	Personal, Current    bool
	Manages              bool // whether the console has more than the list of members for them
}

func orgRows(c echo.Context, orgs []idp.OrgMembership, current string) []orgRow {
	rows := make([]orgRow, 0, len(orgs))
	for _, o := range orgs {
		row := orgRow{ID: o.Org.ID, Name: o.Org.Name, Slug: o.Org.Slug, Role: roleName(c, o.Role), Personal: o.Org.Personal(), Current: o.Org.ID == current}
		row.Manages = !row.Personal && o.Role != string(permission.RoleMember)
		if row.Personal {
			row.Name = web.T(c, "account.personal_org")
		}
		rows = append(rows, row)
	}
	return rows
}

func roleName(c echo.Context, role string) string {
	switch role {
	case "owner":
		return web.T(c, "account.role_owner")
	case "admin":
		return web.T(c, "account.role_admin")
	case "billing":
		return web.T(c, "account.role_billing")
	default:
		return web.T(c, "account.role_member")
	}
}

// handleOrg lets the person choose for one sign-in, also before consent is given.
func (p *Pages) handleOrg(c echo.Context) error {
	w, user, done, err := p.atStep(c, idp.StepOrg, idp.StepConsent)
	if err != nil || done {
		return err
	}
	return p.renderOrg(c, http.StatusOK, &OrgPage{Way: w, Action: "/login/org"}, user.ID)
}

func (p *Pages) renderOrg(c echo.Context, status int, view *OrgPage, userID string) error {
	orgs, err := p.Users.OrgsOf(c.Request().Context(), userID)
	if err != nil {
		return err
	}
	current, err := p.currentOrg(c, orgs)
	if err != nil {
		return err
	}
	view.Orgs = orgRows(c, orgs, current)
	view.Title, view.Brand = web.T(c, "login.org_title"), brandOf(view.Way.SignIn.App)
	return p.Edge.Render(c, status, "login/org", view)
}

func (p *Pages) handleOrgSave(c echo.Context) error {
	w, user, done, err := p.atStep(c, idp.StepOrg, idp.StepConsent)
	if err != nil || done {
		return err
	}
	orgID := c.FormValue("org")
	if orgID == "" {
		return p.renderOrg(c, http.StatusUnprocessableEntity, &OrgPage{Way: w, Action: "/login/org", Summary: web.T(c, "login.org_required")}, user.ID)
	}
	if err := p.switchTo(c, user.ID, orgID); err != nil {
		return err
	}
	next, err := p.SignIns.ChooseOrg(c, w.RequestID, orgID)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

func (p *Pages) handleOrgSwitch(c echo.Context) error {
	next := web.SafeNext(c.QueryParam("next"))
	user, ok, err := p.requireUser(c, way{Next: next}.to("/orgs/switch"))
	if err != nil || !ok {
		return err
	}
	return p.renderOrg(c, http.StatusOK, &OrgPage{Way: way{Next: next}, Action: "/orgs/switch"}, user.ID)
}

func (p *Pages) handleOrgSwitchSave(c echo.Context) error {
	w := way{Next: web.SafeNext(c.FormValue("next"))}
	user, ok, err := p.requireUser(c, w.to("/orgs/switch"))
	if err != nil || !ok {
		return err
	}
	if err := p.switchTo(c, user.ID, c.FormValue("org")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, w.onward())
}

// switchTo makes the session act for an org that the person is an active member of: idp.ErrNotMember.
func (p *Pages) switchTo(c echo.Context, userID, orgID string) error {
	if _, err := p.Users.Membership(c.Request().Context(), orgID, userID); err != nil {
		return err
	}
	web.SessionOf(c).OrgID = orgID
	return p.Edge.SaveSession(c)
}

// currentOrg is the session's org while the person is still a member of it, else their personal one: a
// membership that has ended takes the choice with it.
func (p *Pages) currentOrg(c echo.Context, orgs []idp.OrgMembership) (string, error) {
	s := web.SessionOf(c)
	current := idp.ChooseOrg(choices(orgs), "", s.OrgID)
	if current == s.OrgID {
		return current, nil
	}
	s.OrgID = current
	return current, p.Edge.SaveSession(c)
}
