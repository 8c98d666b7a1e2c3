package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// syncArea brings a catalogue to Stripe.
func syncArea() area {
	return area{
		templates: []string{"admin/sync"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/sync", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).showSync},
			{method: http.MethodPost, path: pathApp + "/sync", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).startSync},
		},
	}
}

// SyncPage is the view of admin/sync: how far plans and prices are on their way to Stripe. It needs no memory: it
// shows the newest run of the app and of each of its bundles, and loads itself anew while one is under way.
type SyncPage struct {
	Frame
	App     idp.App
	Running bool
	Runs    []SyncRunRow
}

// SyncRunRow is the newest run of one scope.
type SyncRunRow struct {
	ID, Name            string
	Started             time.Time
	Finished            *time.Time
	Done, Failed, Total int
	Items               []SyncItemRow
}

// SyncItemRow is one product or price.
type SyncItemRow struct {
	Plan, What      string
	State, StateWay string // in words, and the colour of its badge
	Reason          string
	StripeID        string
	DriftURL        string // where the difference is settled, "" where there is nothing to settle
}

// startSync has everything of the app and its bundles brought to Stripe, all of it or nothing.
func (k *Console) startSync(c echo.Context, v *visit) error {
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		for _, scope := range s.Scopes() {
			if _, err := k.deps.Editor.StartSync(ctx, scope); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, billing.ErrStripeNotConfigured) {
		if err := k.edge.SetFlash(c, "danger", web.T(c, "admin.sync.not_configured")); err != nil {
			return err
		}
		return toPlans(c, v, nil)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/clients/"+v.app.ClientID+"/sync")
}

func (k *Console) showSync(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	s, ok, err := k.shelf(ctx, v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	view := &SyncPage{Frame: frame(c, v, "overview", web.T(c, "admin.sync.title")), App: v.app}
	for _, scope := range s.Scopes() {
		run, err := k.deps.Editor.LastSync(ctx, scope)
		if errors.Is(err, billing.ErrSyncNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		view.Running = view.Running || run.FinishedAt == nil
		view.Runs = append(view.Runs, syncRunRow(c, v, &s, run))
	}
	return k.edge.Render(c, http.StatusOK, "admin/sync", view)
}

func syncRunRow(c echo.Context, v *visit, s *shelf, run billing.SyncRun) SyncRunRow {
	row := SyncRunRow{
		ID: run.ID, Name: s.names[run.Scope], Started: run.CreatedAt, Finished: run.FinishedAt,
		Done: run.Count(billing.SyncItemDone), Failed: run.Count(billing.SyncItemFailed), Total: len(run.Items),
	}
	for _, item := range run.Items {
		line := SyncItemRow{Plan: item.PlanID, What: web.T(c, "admin.sync.product"), Reason: syncReason(c, item.Reason), StripeID: item.StripeID}
		if p, err := s.plan(item.PlanID); err == nil {
			line.Plan = p.Name
			if drifted(item) {
				line.DriftURL = planURL(v, p.ID) + "/drift"
			}
			if item.PriceID != "" {
				line.What = priceWords(c, p, item.PriceID)
			}
		}
		line.State, line.StateWay = syncState(c, item.State)
		row.Items = append(row.Items, line)
	}
	return row
}

// priceWords names a price of a plan in one line.
func priceWords(c echo.Context, p billing.EditorPlan, id string) string {
	for _, price := range p.EditorPrices {
		if price.ID != id {
			continue
		}
		row := priceRow(c, price.Price)
		if row.Amount == "" {
			return row.Interval + ", " + price.Currency + ", " + row.Scheme
		}
		return row.Interval + ", " + row.Amount
	}
	return id
}

func syncState(c echo.Context, state billing.SyncItemState) (words, way string) {
	switch state {
	case billing.SyncItemDone:
		return web.T(c, "admin.sync.done"), "ok"
	case billing.SyncItemFailed:
		return web.T(c, "admin.sync.failed"), "danger"
	default:
		return web.T(c, "admin.sync.waiting"), ""
	}
}

func syncReason(c echo.Context, reason string) string {
	switch reason {
	case "":
		return ""
	case billing.ReasonUnavailable:
		return web.T(c, "admin.sync.unavailable")
	case billing.ReasonNotConfigured:
		return web.T(c, "admin.sync.not_configured")
	case billing.ReasonDeleted:
		return web.T(c, "admin.sync.deleted")
	case billing.ReasonMissing:
		return web.T(c, "admin.sync.missing")
	case billing.ReasonChanged:
		return web.T(c, "admin.sync.changed")
	case billing.ReasonArchived:
		return web.T(c, "admin.sync.archived")
	case billing.ReasonNeedsProduct:
		return web.T(c, "admin.sync.needs_product")
	default:
		return web.T(c, "admin.sync.refused")
	}
}
