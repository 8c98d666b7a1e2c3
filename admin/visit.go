package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// enter is what opens the console of an org at all: a role that sees more than a plain member.
const enter = permission.PlansRead

// visit is one request of a signed-in person: who asks, and what about.
type visit struct {
	user    idp.User
	orgs    []idp.OrgMembership
	subject permission.Subject
	policy  permission.Policy

	org      idp.Org    // zero on platform pages, and for a person who has none to open
	app      idp.App    // on the pages of one app
	bundle   idp.Bundle // on the pages of one bundle
	platform bool       // a page of the platform, not of an org
}

// seenByPlatform says by which platform permission a platform admin sees what is an org's own. What changes
// something is not here: a platform admin has no powers inside other orgs but those of [doneByPlatform].
var seenByPlatform = map[permission.Permission]permission.Permission{
	permission.OrgRead:     permission.PlatformOrgs,
	permission.AppsRead:    permission.PlatformOrgs,
	permission.PlansRead:   permission.PlatformOrgs,
	permission.SalesRead:   permission.PlatformOrgs,
	permission.MembersRead: permission.PlatformUsers,
	permission.BillingRead: permission.PlatformOrgs,
	permission.CompsRead:   permission.PlatformComps,
	permission.AuditRead:   permission.PlatformAudit,
}

// doneByPlatform says by which platform permission a platform admin changes what is an org's own: free passes
// alone, which the platform may give to anybody on any app.
var doneByPlatform = map[permission.Permission]permission.Permission{
	permission.CompsWrite: permission.PlatformComps,
}

// may tells whether the visitor holds perm in the org that the request is about.
func (v *visit) may(perm permission.Permission) bool { return v.mayIn(perm, v.org.ID) }

func (v *visit) mayIn(perm permission.Permission, orgID string) bool {
	if v.policy.Decide(v.subject, perm, orgID) == nil {
		return true
	}
	wide, ok := seenByPlatform[perm]
	if !ok {
		wide, ok = doneByPlatform[perm]
	}
	return ok && orgID != "" && v.policy.Decide(v.subject, wide, "") == nil
}

// visitor answers who asks, nil for somebody who must sign in first. Memberships are read anew for each request,
// so that a role taken away is gone at once.
func (k *Console) visitor(c echo.Context) (*visit, error) {
	s, ctx := web.SessionOf(c), c.Request().Context()
	if !s.Authenticated() {
		return nil, nil //nolint:nilnil // nobody is no error
	}
	user, err := k.deps.People.User(ctx, s.UserID)
	if errors.Is(err, idp.ErrUserNotFound) || err == nil && user.Disabled() {
		return nil, k.edge.Logout(c) // the person is gone, or may not sign in any more
	}
	if err != nil {
		return nil, err
	}
	v := &visit{user: user, subject: permission.Subject{UserID: user.ID}}
	if v.orgs, err = k.deps.People.OrgsOf(ctx, user.ID); err != nil {
		return nil, err
	}
	for _, o := range v.orgs {
		v.subject.Memberships = append(v.subject.Memberships, permission.Membership{OrgID: o.Org.ID, Role: permission.Role(o.Role)})
		if o.Org.PlatformOwner {
			v.policy.PlatformOrgID = o.Org.ID
		}
	}
	return v, nil
}

// toLogin sends an anonymous visitor to sign in and come back. What was posted is not kept.
func toLogin(c echo.Context, back string) error {
	next := web.SafeNext(c.Request().URL.RequestURI())
	if back != "" {
		next = web.SafeNext(back)
	}
	if next == "" {
		next = "/admin"
	}
	return c.Redirect(http.StatusSeeOther, "/login?next="+url.QueryEscape(next))
}

// acting carries who asks, and from where, to the audit log.
func acting(c echo.Context, v *visit) context.Context {
	ctx := c.Request().Context()
	info := web.InfoOf(ctx)
	return audit.WithRequest(ctx, audit.Request{
		IP: info.IP, RequestID: info.RequestID, ActorKind: audit.ActorUser, ActorID: v.user.ID,
	})
}
