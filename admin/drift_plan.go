package admin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// DriftPlanPage is the view of admin/drift_plan: a plan and its prices beside what Stripe has.
type DriftPlanPage struct {
	Frame
	App        idp.App
	Plan       string
	Trouble    string // why nothing could be compared, or why the repair was refused
	Things     []DriftRow
	Differ     int
	From, To   int
	Total      int
	Prev, Next string
	NextPlan   *DriftPlanRow
	Action     string
}

// DriftRow is one product or price on one account.
type DriftRow struct {
	What, Account, StripeID string
	Live                    bool
	State, StateWay         string
	Fields                  []DriftField
	Differs                 bool
	Push, Pull              string // what the button does; "" for no button
	Ends                    bool   // taking Stripe's side over ends a sale here

	PriceID, AccountID, Seen string // what the form brings back
}

// DriftField is one value on either side.
type DriftField struct{ Name, There, Here string }

// DriftAskPage is the view of admin/drift_ask: what taking Stripe's side over ends here.
type DriftAskPage struct {
	Frame
	App    idp.App
	Plan   string
	Thing  DriftRow
	Kept   []string // who keeps which price
	Live   int64
	Action string
}

func showDrift(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	return k.renderDrift(c, v, http.StatusOK, s, p, "")
}

func (k *Console) renderDrift(c echo.Context, v *visit, status int, s *shelf, p billing.EditorPlan, trouble string) error {
	from := fromPlace(c, 1<<20)
	page, total, err := k.deps.Editor.DriftsOfPlan(c.Request().Context(), p.Scope, p.ID, from, driftReads)
	if sentence := driftTrouble(c, err); sentence != "" {
		if trouble == "" {
			trouble = sentence
		}
	} else if err != nil {
		return err
	}
	action := planURL(v, p.ID) + "/drift"
	view := &DriftPlanPage{
		Frame: frame(c, v, "overview", web.T(c, "drift.plan_title", "Plan", p.Name)), App: v.app, Plan: p.Name, Trouble: trouble, Action: action,
		From: from + 1, To: from + len(page), Total: total,
	}
	for _, d := range page {
		row := driftRow(c, p, d)
		if row.Differs {
			view.Differ++
		}
		view.Things = append(view.Things, row)
	}
	view.Prev, view.Next = places(action, from, from+len(page), total, driftReads)
	rows, err := k.driftRows(c, v, s)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].id == p.ID && i+1 < len(rows) {
			view.NextPlan = &rows[i+1]
		}
	}
	return k.edge.Render(c, status, "admin/drift_plan", view)
}

// driftTrouble words what kept a comparison or a repair from happening; "" for what has no words of its own.
func driftTrouble(c echo.Context, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, billing.ErrNothingToRepair):
		return web.T(c, "drift.err_nothing")
	case errors.Is(err, billing.ErrStripeUnavailable):
		return web.T(c, "drift.err_unavailable")
	case errors.Is(err, billing.ErrStripeNotConfigured):
		return web.T(c, "drift.err_not_configured")
	case errors.Is(err, billing.ErrStripeGone):
		return web.T(c, "drift.err_gone")
	case errors.Is(err, billing.ErrStripeRefused) && strings.Contains(err.Error(), billing.ReasonNeedsProduct):
		return web.T(c, "drift.err_needs_product")
	case errors.Is(err, billing.ErrStripeRefused):
		return web.T(c, "drift.err_refused")
	case errors.Is(err, billing.ErrPriceNotFound), errors.Is(err, billing.ErrPlanNotFound), errors.Is(err, billing.ErrConflict):
		return web.T(c, "drift.err_moved")
	}
	mistakes, ok := errors.AsType[billing.FieldErrors](err)
	if !ok {
		return ""
	}
	lines := make([]string, len(mistakes))
	for i, m := range mistakes {
		lines[i] = driftFieldName(c, m.Field) + ": " + mistakeSentence(c, m)
	}
	return web.T(c, "drift.err_words", "Mistakes", strings.Join(lines, "; "))
}

func driftRow(c echo.Context, p billing.EditorPlan, d billing.Drift) DriftRow {
	row := DriftRow{
		What: web.T(c, "drift.product"), Account: d.Account.ID, StripeID: d.StripeID, Live: d.Account.Livemode, Differs: d.State != billing.DriftInSync,
		PriceID: d.PriceID, AccountID: d.Account.ID, Seen: driftSeen(d),
	}
	var ours billing.Price
	if d.PriceID != "" {
		row.What = priceWords(c, p, d.PriceID)
		for _, price := range p.EditorPrices {
			if price.ID == d.PriceID {
				ours = price.Price
			}
		}
	}
	row.State, row.StateWay = driftState(c, d)
	for _, f := range d.Fields {
		row.Fields = append(row.Fields, driftField(c, f, ours, d.There))
	}
	if !row.Differs {
		return row
	}
	row.Push = driftPush(c, d)
	row.Pull, row.Ends = driftPull(c, d, ours)
	return row
}

// driftSeen is the difference as the page shows it: a repair of another one is refused.
func driftSeen(d billing.Drift) string {
	parts := []string{string(d.State), d.StripeID}
	for _, f := range d.Fields {
		parts = append(parts, f.Field, f.Before, f.After)
	}
	return strings.Join(parts, "\n")
}

func driftState(c echo.Context, d billing.Drift) (words, way string) {
	switch {
	case d.State == billing.DriftInSync:
		return web.T(c, "drift.in_sync"), "ok"
	case d.State == billing.DriftMissing && d.Ours:
		return web.T(c, "drift.never"), ""
	case d.State == billing.DriftMissing:
		return web.T(c, "drift.missing"), "danger"
	case d.State == billing.DriftArchivedThere:
		return web.T(c, "drift.archived"), "warn"
	case d.Ours:
		return web.T(c, "drift.ours"), "accent"
	default:
		return web.T(c, "drift.changed"), "warn"
	}
}

// terms tells whether a price asks something else there, so that it can only be replaced.
func terms(d billing.Drift) bool {
	for _, f := range d.Fields {
		if f.Field != "active" {
			return true
		}
	}
	return false
}

func driftPush(c echo.Context, d billing.Drift) string {
	switch {
	case d.State == billing.DriftMissing && d.PriceID == "":
		return web.T(c, "drift.push_product")
	case d.State == billing.DriftMissing:
		return web.T(c, "drift.push_price")
	case d.PriceID != "" && terms(d):
		return web.T(c, "drift.push_replace")
	case d.PriceID != "":
		return web.T(c, "drift.push_active")
	default:
		return web.T(c, "drift.push_words")
	}
}

// driftPull says what taking Stripe's side over does here, and whether it ends a sale; "" where Stripe knows
// nothing newer.
func driftPull(c echo.Context, d billing.Drift, ours billing.Price) (sentence string, ends bool) {
	switch {
	case d.Ours || d.StripeID == "" || ours.RetiredAt != nil:
		return "", false
	case d.PriceID != "":
		return web.T(c, "drift.pull_retire"), true
	case d.State == billing.DriftMissing || inactive(d):
		return web.T(c, "drift.pull_archive"), true
	default:
		return web.T(c, "drift.pull_words"), false
	}
}

// inactive tells whether a product is archived there and not here.
func inactive(d billing.Drift) bool {
	for _, f := range d.Fields {
		if f.Field == "active" && f.Before == "false" {
			return true
		}
	}
	return d.State == billing.DriftArchivedThere
}
