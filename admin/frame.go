package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Frame is what every page of the console shows around its own; each view embeds it.
type Frame struct {
	web.Page
	OrgName, OrgSlug string // empty on the platform's pages
	Section          string // which link of the rail is the current one
	Switch           []OrgLink
	// What the rail links to.
	MayEnter, MayMembers, MaySeats, MayAudit, MayJobs bool
	MayApps, MayWriteApps, MayFees, MayPayments       bool
	Shared                                            bool // the org is no personal one: it has invitations
	// SwitchPath is the page of another org that the switcher leads to: the same one where every org has it.
	SwitchPath string
}

// OrgLink is an org that the visitor can go to.
type OrgLink struct {
	Name, Slug string
	Personal   bool
	Current    bool
}

// frame fills what does not depend on the page.
func frame(c echo.Context, v *visit, section, title string) Frame {
	f := Frame{
		OrgName: v.org.Name, OrgSlug: v.org.Slug, Section: section,
		MayEnter: v.may(enter), MayMembers: v.may(enter) && v.may(permission.MembersRead), MayAudit: v.may(permission.AuditRead),
		MayJobs: v.may(permission.PlatformJobs), MayApps: v.may(enter) && v.may(permission.AppsRead), MayWriteApps: v.may(enter) && v.may(permission.AppsWrite),
		MayFees:     v.may(enter) && v.may(permission.SalesRead),
		MayPayments: v.may(permission.StripeConnect), MaySeats: v.may(enter) && v.may(permission.BillingRead),
		Shared: !v.org.Personal(), SwitchPath: "/admin",
	}
	switch section {
	case "members", "invitations", "seats", "org":
		f.SwitchPath = "/admin/" + section
	}
	f.Title, f.Layout = title, "rail"
	f.User = &web.PageUser{Name: v.user.Name, Email: v.user.Email}
	f.AccountURL, f.SignOutURL = "/account", "/logout"
	for _, o := range v.orgs {
		if !v.mayIn(enter, o.Org.ID) {
			continue
		}
		link := OrgLink{Name: o.Org.Name, Slug: o.Org.Slug, Personal: o.Org.Personal(), Current: o.Org.ID == v.org.ID}
		if link.Personal {
			link.Name = web.T(c, "admin.personal")
		}
		f.Switch = append(f.Switch, link)
	}
	return f
}

// ForbiddenPage is the view of admin/forbidden: why not, and what to do.
type ForbiddenPage struct {
	Frame
	Email string
	// Role is the visitor's in the org, in words; "" when they are in none, or on a platform page.
	Role     string
	Platform bool
	// Open are the orgs whose console the visitor may open instead.
	Open []OrgLink
}

// refuse answers 403 to somebody who knows of the thing but may not do it.
func (k *Console) refuse(c echo.Context, v *visit) error {
	view := &ForbiddenPage{Frame: frame(c, v, "", web.T(c, "admin.forbidden.title")), Email: v.user.Email, Platform: v.platform}
	if role := v.subject.RoleIn(v.org.ID); role != "" {
		view.Role = roleName(c, role)
	}
	for _, o := range view.Switch {
		if !o.Personal && (!o.Current || !view.MayEnter) {
			view.Open = append(view.Open, o)
		}
	}
	return k.edge.Render(c, http.StatusForbidden, "admin/forbidden", view)
}

func roleName(c echo.Context, role permission.Role) string {
	switch role {
	case permission.RoleOwner:
		return web.T(c, "admin.role.owner")
	case permission.RoleAdmin:
		return web.T(c, "admin.role.admin")
	case permission.RoleBilling:
		return web.T(c, "admin.role.billing")
	default:
		return web.T(c, "admin.role.member")
	}
}
