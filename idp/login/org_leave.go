package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// OrgLeavePage is the view of login/org_leave: what leaving means, or why the only owner cannot.
type OrgLeavePage struct {
	web.Page
	Org       idp.Org
	OnlyOwner bool
}

func (p *Pages) handleOrgLeave(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	org, err := p.orgToLeave(c, user, c.QueryParam("org"))
	if err != nil {
		return err
	}
	only, err := p.Users.OnlyOwner(c.Request().Context(), org.ID, user.ID)
	if err != nil {
		return err
	}
	return p.renderOrgLeave(c, http.StatusOK, &OrgLeavePage{Org: org, OnlyOwner: only})
}

// orgToLeave finds one of the person's shared orgs; idp.ErrOrgNotFound for every other.
func (p *Pages) orgToLeave(c echo.Context, user idp.User, id string) (idp.Org, error) {
	orgs, err := p.Users.OrgsOf(c.Request().Context(), user.ID)
	if err != nil {
		return idp.Org{}, err
	}
	for _, o := range orgs {
		if o.Org.ID == id && !o.Org.Personal() {
			return o.Org, nil
		}
	}
	return idp.Org{}, idp.ErrOrgNotFound
}

func (p *Pages) renderOrgLeave(c echo.Context, status int, view *OrgLeavePage) error {
	view.Title = web.T(c, "orgs.leave_title", "Org", view.Org.Name)
	return p.Edge.Render(c, status, "login/org_leave", view)
}

func (p *Pages) handleOrgLeaveDo(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	org, err := p.orgToLeave(c, user, c.FormValue("org"))
	if err != nil {
		return err
	}
	err = p.Users.LeaveOrg(p.ctx(c), org.ID, user.ID)
	if errors.Is(err, idp.ErrLastOwner) {
		return p.renderOrgLeave(c, http.StatusConflict, &OrgLeavePage{Org: org, OnlyOwner: true})
	}
	if err != nil {
		return err
	}
	orgs, err := p.Users.OrgsOf(c.Request().Context(), user.ID)
	if err != nil {
		return err
	}
	// The session in hand still names the org; saving it must not bring that back.
	web.SessionOf(c).OrgID = idp.ChooseOrg(choices(orgs), "", web.SessionOf(c).OrgID)
	if err := p.Edge.SetFlash(c, "ok", web.T(c, "orgs.left", "Org", org.Name)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/account")
}
