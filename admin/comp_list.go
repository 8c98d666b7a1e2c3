package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	endingShown = 100
	runsShown   = 5
)

// compListArea is the overview of an app's free passes.
func compListArea() area {
	return area{
		templates: []string{"admin/comps"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/comps", find: (*Console).ofApp, perm: permission.CompsRead, page: (*Console).showComps},
		},
	}
}

// CompsPage is the view of admin/comps: how many passes there are and what they are worth, those that end soon, and
// those that are known by an address alone.
type CompsPage struct {
	Frame
	App     idp.App
	MayGive bool
	Live    int64
	// Value is what the passes would cost a month at list price, as far as Priced of them show a plan with a monthly
	// price in Currency; Unpriced do not.
	Value            int64
	Currency         string
	Priced, Unpriced int64
	Ending           []PassRow
	EndingMore       bool
	Addresses        []PassRow
	NextAddress      string
	Later            bool
	Runs             []RunRow
}

// PassRow is a free pass.
type PassRow struct {
	ID, Name, Email, Plan string
	Features              []string // empty means all
	Until                 *time.Time
	Reason, GivenBy       string
	Since                 time.Time
	You                   bool
}

// RunRow is a list that somebody sent.
type RunRow struct {
	ID, By, State, Way string
	Total              int64
	Sent               time.Time
}

func (k *Console) showComps(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	view := &CompsPage{
		Frame: frame(c, v, "overview", web.T(c, "comps.title")), App: v.app, MayGive: v.may(permission.CompsWrite) && v.app.DisabledAt == nil,
	}
	after := c.QueryParam("after")
	if uuid.Validate(after) != nil {
		after = ""
	}
	view.Later = after != ""
	ending, err := k.deps.Passes.Ending(ctx, v.app.ClientID, endingShown+1)
	if err != nil {
		return err
	}
	if view.EndingMore = len(ending) > endingShown; view.EndingMore {
		ending = ending[:endingShown]
	}
	addresses, err := k.deps.Passes.AddressPasses(ctx, v.app.ClientID, after, compsPerPage+1)
	if err != nil {
		return err
	}
	if len(addresses) > compsPerPage {
		addresses = addresses[:compsPerPage]
		view.NextAddress = addresses[compsPerPage-1].ID
	}
	if view.Ending, err = k.passRows(ctx, v, ending); err != nil {
		return err
	}
	if view.Addresses, err = k.passRows(ctx, v, addresses); err != nil {
		return err
	}
	if err := k.worth(ctx, v, view); err != nil {
		return err
	}
	if view.Runs, err = k.runRows(c, v); err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/comps", view)
}

func (k *Console) passRows(ctx context.Context, v *visit, passes []claims.Pass) ([]PassRow, error) {
	who := k.names()
	rows := make([]PassRow, 0, len(passes))
	for _, p := range passes {
		giver, err := who.user(ctx, p.GivenBy)
		if err != nil {
			return nil, err
		}
		if p.UserID != "" && p.Email == "" {
			user, err := who.user(ctx, p.UserID)
			if err != nil {
				return nil, err
			}
			p.Name, p.Email = user.Name, user.Email
		}
		rows = append(rows, PassRow{
			ID: p.ID, Name: p.Name, Email: p.Email, Plan: p.PlanName, Features: p.Features, Until: p.ExpiresAt, Reason: p.Reason,
			GivenBy: display(giver), Since: p.CreatedAt, You: p.UserID == v.user.ID,
		})
	}
	return rows, nil
}

// worth fills in how many passes there are and their monthly list price.
func (k *Console) worth(ctx context.Context, v *visit, view *CompsPage) error {
	counts, err := k.deps.Passes.CountPasses(ctx, v.app.ClientID)
	if err != nil {
		return err
	}
	s, selling, err := k.shelf(ctx, v.app)
	if err != nil {
		return err
	}
	if selling {
		view.Currency = s.Settings.DefaultCurrency
	}
	for _, n := range counts {
		view.Live += n.Count
		amount, ok := s.monthly(n.PlanSlug, view.Currency)
		if !ok {
			view.Unpriced += n.Count
			continue
		}
		view.Priced += n.Count
		view.Value += amount * n.Count
	}
	return nil
}

// monthly is the list price of one seat a month of the app's own plan; ok is false where there is none.
func (s *shelf) monthly(slug, currency string) (amount int64, ok bool) {
	for _, part := range s.parts {
		for _, p := range part.Plans {
			if p.Slug != slug || p.Scope.Kind != billing.ScopeApp || p.Scope.ID != s.App.ClientID {
				continue
			}
			for _, price := range p.EditorPrices {
				if price.RetiredAt != nil || price.Currency != currency || price.Interval != billing.IntervalMonth {
					continue
				}
				if q, err := billing.QuotePrice(price.Price, 1); err == nil {
					return q.Total, true
				}
			}
		}
	}
	return 0, false
}

func (k *Console) runRows(c echo.Context, v *visit) ([]RunRow, error) {
	ctx := c.Request().Context()
	runs, err := k.deps.Passes.Runs(ctx, v.app.ClientID, runsShown)
	if err != nil {
		return nil, err
	}
	who := k.names()
	var rows []RunRow
	for _, r := range runs {
		by, err := who.user(ctx, r.GivenBy)
		if err != nil {
			return nil, err
		}
		row := RunRow{ID: r.ID, By: display(by), Total: r.Total, Sent: r.CreatedAt}
		row.State, row.Way = runState(c, r.State)
		rows = append(rows, row)
	}
	return rows, nil
}

func runState(c echo.Context, state claims.CompRunState) (words, way string) {
	switch state {
	case claims.CompRunChecked:
		return web.T(c, "comps.run.checked"), "warn"
	case claims.CompRunRunning:
		return web.T(c, "comps.run.running"), "accent"
	default:
		return web.T(c, "comps.run.done"), "ok"
	}
}
