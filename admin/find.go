package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// unknown is the one answer for what does not exist and for what is none of the visitor's business.
func unknown(why error) error {
	return web.Fail(http.StatusNotFound, "not_found").Because(why)
}

// plain tells whether a text from an address can be a name of ours; a database would stumble over the rest.
func plain(s string) bool {
	return s != "" && len(s) <= 200 && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// onPlatform is for pages that belong to no org.
func (k *Console) onPlatform(_ echo.Context, v *visit) error {
	v.platform = true
	return nil
}

// inOrg finds the org: the one that the address names, else the one that the session acts for, else the first
// shared one where the visitor may enter. A personal org is opened only by its name.
func (k *Console) inOrg(c echo.Context, v *visit) (err error) {
	if slug := c.QueryParam("org"); slug != "" {
		v.org, err = k.named(c.Request().Context(), v, slug)
		return err
	}
	v.org = v.usual(web.SessionOf(c).OrgID)
	return nil
}

func (k *Console) named(ctx context.Context, v *visit, slug string) (idp.Org, error) {
	for _, o := range v.orgs {
		if o.Org.Slug == slug {
			return o.Org, nil
		}
	}
	if !v.policy.PlatformAdmin(v.subject) || !plain(slug) {
		return idp.Org{}, unknown(fmt.Errorf("org %q is not the visitor's: %w", slug, idp.ErrOrgNotFound))
	}
	org, err := k.deps.People.OrgBySlug(ctx, slug)
	if errors.Is(err, idp.ErrOrgNotFound) {
		return idp.Org{}, unknown(err)
	}
	return org, err
}

func (v *visit) usual(sessionOrgID string) idp.Org {
	shared := slices.DeleteFunc(slices.Clone(v.orgs), func(o idp.OrgMembership) bool { return o.Org.Personal() })
	for _, o := range shared {
		if o.Org.ID == sessionOrgID {
			return o.Org
		}
	}
	for _, o := range shared {
		if v.mayIn(enter, o.Org.ID) {
			return o.Org
		}
	}
	if len(shared) > 0 {
		return shared[0].Org
	}
	return idp.Org{}
}

// ofApp finds the app and, by it, the org.
func (k *Console) ofApp(c echo.Context, v *visit) error {
	ctx, id := c.Request().Context(), c.Param("clientId")
	if !plain(id) {
		return unknown(idp.ErrAppNotFound)
	}
	app, err := k.deps.Settings.AnyApp(ctx, id)
	if err != nil {
		return unlessMissing(err, idp.ErrAppNotFound)
	}
	v.app = app
	for _, o := range v.orgs {
		if o.Org.ID == app.OrgID {
			v.org = o.Org
			return nil
		}
	}
	if !v.policy.PlatformAdmin(v.subject) {
		return unknown(fmt.Errorf("app %s is another org's: %w", id, idp.ErrAppNotFound))
	}
	v.org, err = k.deps.People.Org(ctx, app.OrgID)
	return err
}
