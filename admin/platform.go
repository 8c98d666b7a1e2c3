package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// Directory lists everything that the platform has; [idp.Service] is one. Each list answers a page and the After
// of the next, "" at the end.
type Directory interface {
	ListOrgs(ctx context.Context, f idp.DirectoryFilter) (page []idp.ListedOrg, next string, err error)
	ListApps(ctx context.Context, f idp.DirectoryFilter) (page []idp.ListedApp, next string, err error)
	ListUsers(ctx context.Context, f idp.DirectoryFilter) (page []idp.User, next string, err error)
	OrgsOfUsers(ctx context.Context, userIDs []string) ([]idp.UserOrg, error)
	// UserByEmail answers idp.ErrUserNotFound.
	UserByEmail(ctx context.Context, email string) (idp.User, error)
	Warden
}

// Warden stops orgs and people, and lets them go on; each change is recorded. Unknown ones are idp.ErrOrgNotFound
// and idp.ErrUserNotFound.
type Warden interface {
	// SuspendOrg answers idp.ErrPlatformOrg for the org that owns the platform.
	SuspendOrg(ctx context.Context, orgID string) error
	ResumeOrg(ctx context.Context, orgID string) error
	// DisableUser answers idp.ErrOneself.
	DisableUser(ctx context.Context, byID, userID string) error
	EnableUser(ctx context.Context, userID string) error
	EndUserSessions(ctx context.Context, userID string) error
}

// Deliveries is what Stripe has told us; [billing.Service] is one.
type Deliveries interface {
	// Events answers a page without payloads and the Before of the next.
	Events(ctx context.Context, f billing.EventFilter) (page []billing.WebhookEvent, next string, err error)
	// Event answers billing.ErrEventNotFound.
	Event(ctx context.Context, id string) (billing.WebhookEvent, error)
	// ReadEventAgain answers billing.ErrEventNotFound and billing.ErrEventWithoutObject.
	ReadEventAgain(ctx context.Context, id, orgID string) error
	// HeldByOrg counts subscriptions by the org that holds them.
	HeldByOrg(ctx context.Context, orgIDs []string) (map[string]int64, error)
}

// Addresses of the platform's pages.
const (
	pathOrgs     = "/admin/platform/orgs"
	pathAllApps  = "/admin/platform/apps"
	pathUsers    = "/admin/platform/users"
	pathWebhooks = "/admin/platform/webhooks"
	pathAuditAll = "/admin/platform/audit"
)

// perPage is how many entries a list of the platform shows.
const perPage = 50

// directoryArea is what platform admins see of all orgs, apps and people.
func directoryArea() area {
	of := func(method, path string, perm permission.Permission, back string, page func(*Console, echo.Context, *visit) error) route {
		return route{method: method, path: path, find: (*Console).onPlatform, perm: perm, page: page, back: back}
	}
	const get, post = http.MethodGet, http.MethodPost
	orgs, users := permission.PlatformOrgs, permission.PlatformUsers
	return area{
		templates: []string{"admin/platform_orgs", "admin/platform_apps", "admin/platform_users", "admin/platform_user", "admin/platform_webhooks", "admin/platform_webhook"},
		routes: []route{
			of(get, pathOrgs, orgs, "", (*Console).showOrgs),
			of(get, pathOrgs+"/:org/suspend", orgs, "", (*Console).suspendOrg),
			of(post, pathOrgs+"/:org/suspend", orgs, pathOrgs, (*Console).suspendOrg),
			of(post, pathOrgs+"/:org/resume", orgs, pathOrgs, (*Console).resumeOrg),
			of(get, pathAllApps, orgs, "", (*Console).showAllApps),
			of(get, pathUsers, users, "", (*Console).showUsers),
			of(get, pathUsers+"/:user", users, "", (*Console).showUser),
			of(get, pathUsers+"/:user/disable", users, "", (*Console).disableUser),
			of(post, pathUsers+"/:user/disable", users, pathUsers, (*Console).disableUser),
			of(post, pathUsers+"/:user/enable", users, pathUsers, (*Console).enableUser),
			of(get, pathUsers+"/:user/sessions", users, "", (*Console).endSessions),
			of(post, pathUsers+"/:user/sessions", users, pathUsers, (*Console).endSessions),
			of(get, pathWebhooks, permission.PlatformJobs, "", (*Console).showWebhooks),
			of(get, pathWebhooks+"/:event", permission.PlatformJobs, "", (*Console).showWebhook),
			of(post, pathWebhooks+"/:event/read", permission.PlatformJobs, pathWebhooks, (*Console).readWebhook),
		},
	}
}

// unlessMissing answers the 404 for an error of that kind, and any other error as it is.
func unlessMissing(err, missing error) error {
	if errors.Is(err, missing) {
		return unknown(err)
	}
	return err
}
