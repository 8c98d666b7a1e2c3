package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// orgLimit bounds how many orgs one person makes in a day.
var orgLimit = limit{"org", 20, 24 * time.Hour}

// OrgNewPage is the view of login/org_new.
type OrgNewPage struct {
	web.Page
	Form *web.Form
}

func (p *Pages) handleOrgNew(c echo.Context) error {
	_, ok, err := p.requireUser(c, "/orgs/new")
	if err != nil || !ok {
		return err
	}
	return p.renderOrgNew(c, http.StatusOK, &web.Form{})
}

func (p *Pages) renderOrgNew(c echo.Context, status int, form *web.Form) error {
	view := &OrgNewPage{Form: form}
	view.Title = web.T(c, "orgs.new_title")
	return p.Edge.Render(c, status, "login/org_new", view)
}

func (p *Pages) handleOrgNewSave(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	user, ok, err := p.requireUser(c, "/orgs/new")
	if err != nil || !ok {
		return err
	}
	if !form.Require(web.T(c, "orgs.name_required"), "name") {
		return p.renderOrgNew(c, http.StatusUnprocessableEntity, form)
	}
	allowed, after, err := p.allow(p.ctx(c), orgLimit, user.ID)
	if err != nil {
		return err
	}
	if !allowed {
		form.Summary = later(c, after)
		return p.renderOrgNew(c, http.StatusTooManyRequests, form)
	}
	org, err := p.Users.CreateOrg(p.ctx(c), idp.CreateOrg{Name: form.Value("name"), Slug: form.Value("slug"), OwnerUserID: user.ID})
	if p.slugMistake(c, form, err) {
		return p.renderOrgNew(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return p.joined(c, org.ID, web.T(c, "orgs.created", "Org", org.Name))
}

// slugMistake says what is wrong with the short name, and shows the one that was made from the name.
func (p *Pages) slugMistake(c echo.Context, form *web.Form, err error) bool {
	short := form.Value("slug")
	if short == "" {
		short, _ = idp.Slug(form.Value("name"))
	}
	switch {
	case errors.Is(err, idp.ErrSlugTaken):
		form.Set("slug", short)
		form.Fail("slug", web.T(c, "orgs.slug_taken", "Slug", short))
	case errors.Is(err, idp.ErrSlugInvalid) && form.Value("slug") == "":
		form.Fail("slug", web.T(c, "orgs.slug_none"))
	case errors.Is(err, idp.ErrSlugInvalid):
		form.Fail("slug", web.T(c, "orgs.slug_invalid"))
	default:
		return false
	}
	return true
}
