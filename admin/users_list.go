package admin

import (
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// usersPerPage bounds a page of the directory.
const usersPerPage = 25

// maxUserSearch bounds what can be searched for.
const maxUserSearch = 100

// usersArea is the directory of an app's people.
func usersArea() area {
	return area{
		templates: []string{"admin/users"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/users", find: (*Console).ofApp, perm: permission.CompsRead, page: (*Console).showAppUsers},
		},
	}
}

// AppUsersPage is the view of admin/users: who uses an app, what each holds and why.
type AppUsersPage struct {
	Frame
	App     idp.App
	Search  string
	Rows    []AppUserRow
	NextURL string // of the next page, "" at the end
	Later   bool   // this is not the first page
	MayGive bool
}

// AppUserRow is one person.
type AppUserRow struct {
	ID, Name, Email string
	Disabled, You   bool
	Holds           []HoldRow
	CompID          string // of the free pass that the person has, "" for none
}

// HoldRow is one thing that a person holds.
type HoldRow struct {
	Plan, Why   string
	Kind        claims.SourceKind
	Status, Way string // a badge's words and colour, "" for a plan in good standing
	Bundle      string
	Features    []string
	All         bool
	Until       *time.Time
	Seats       *int64
}

func (k *Console) showAppUsers(c echo.Context, v *visit) error {
	view := &AppUsersPage{
		Frame: frame(c, v, "overview", web.T(c, "comps.users")), App: v.app, MayGive: v.may(permission.CompsWrite) && v.app.DisabledAt == nil,
	}
	if view.Search = c.QueryParam("search"); !plain(view.Search) || len(view.Search) > maxUserSearch {
		view.Search = ""
	}
	after := c.QueryParam("after")
	if uuid.Validate(after) != nil {
		after = ""
	}
	view.Later = after != ""
	page, next, err := k.deps.Passes.Directory(c.Request().Context(), v.app.ClientID, view.Search, after, usersPerPage)
	if err != nil {
		return err
	}
	for _, u := range page {
		view.Rows = append(view.Rows, appUserRow(c, v, u))
	}
	if next != "" {
		q := url.Values{"after": {next}}
		if view.Search != "" {
			q.Set("search", view.Search)
		}
		view.NextURL = appURL(v, "/users") + "?" + q.Encode() + "#users"
	}
	return k.edge.Render(c, http.StatusOK, "admin/users", view)
}

// appURL is an address below the app's page.
func appURL(v *visit, below string) string { return "/admin/clients/" + v.app.ClientID + below }

func appUserRow(c echo.Context, v *visit, u claims.AppUser) AppUserRow {
	row := AppUserRow{ID: u.UserID, Name: u.Name, Email: u.Email, Disabled: u.Disabled, You: u.UserID == v.user.ID}
	for _, h := range u.Holdings {
		if h.Source.Kind == claims.SourceComp {
			row.CompID = h.Source.ID
		}
		row.Holds = append(row.Holds, holdRow(c, h))
	}
	return row
}

func holdRow(c echo.Context, h claims.Holding) HoldRow {
	p := h.Plan
	row := HoldRow{
		Plan: p.PlanName, Kind: h.Source.Kind, Bundle: p.Bundle, Features: p.Features, All: p.AllFeatures, Until: p.CurrentPeriodEnd, Seats: p.Seats,
	}
	switch h.Source.Kind {
	case claims.SourceComp:
		row.Why = web.T(c, "comps.why.comp")
	case claims.SourceGrant:
		row.Why = web.T(c, "comps.why.grant", "Org", h.OrgName)
	default:
		if row.Why = web.T(c, "comps.why.org", "Org", h.OrgName); h.Personal {
			row.Why = web.T(c, "comps.why.own")
		}
	}
	switch p.Status {
	case claims.StatusTrialing:
		row.Status, row.Way, row.Until = web.T(c, "comps.status.trial"), "accent", p.TrialEnd
	case claims.StatusPastDue:
		row.Status, row.Way, row.Until = web.T(c, "comps.status.grace"), "warn", p.GraceUntil
	default:
		if p.CancelAtPeriodEnd {
			row.Status, row.Way = web.T(c, "comps.status.cancelled"), "warn"
		} else if h.Source.Kind == claims.SourceSubscription && h.Source.Recurring {
			row.Until = nil // it renews
		}
	}
	return row
}
