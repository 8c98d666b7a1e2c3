package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Repairer is the part of [Editor] about differences from Stripe. Both comparisons read at Stripe and answer the
// errors of the gateway.
type Repairer interface {
	// DriftsOfPlan answers a portion of the comparisons of one plan, and how many there are.
	DriftsOfPlan(ctx context.Context, scope billing.Scope, planID string, from, limit int) ([]billing.Drift, int, error)
	CompareAgain(ctx context.Context, d billing.Drift) (billing.Drift, error)
	// RepairDrift answers billing.ErrNothingToRepair, and for a pull billing.FieldErrors.
	RepairDrift(ctx context.Context, d billing.Drift, direction billing.Direction) (billing.Drift, error)
}

// driftArea compares the catalogue with Stripe, plan by plan, and repairs what differs.
func driftArea() area {
	return area{
		templates: []string{"admin/drift", "admin/drift_plan", "admin/drift_ask"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/drift", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).listDrift},
			{method: http.MethodGet, path: pathPlan + "/drift", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(showDrift)},
			{method: http.MethodPost, path: pathPlan + "/drift", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(repairDrift)},
		},
	}
}

// The bounds of a page: plans of the list, which reads nothing at Stripe, and comparisons, each of which does.
const (
	driftPlans = 50
	driftReads = 20
)

// DriftPage is the view of admin/drift: the plans that may be compared, those first that the last sync stumbled over.
type DriftPage struct {
	Frame
	App         idp.App
	Plans       []DriftPlanRow
	From, To    int // of the plans shown, from 1
	Total       int
	Prev, Next  string
	Unconnected bool // nothing is sold on any account yet
}

// DriftPlanRow is a plan before it is compared.
type DriftPlanRow struct {
	Name, Place string
	Prices      int
	Known       bool     // Stripe was told of it
	Reasons     []string // why the last sync left things for a decision
	URL         string

	id string
}

// driftRows lists the plans of the shelf that Stripe knows or that are on sale.
func (k *Console) driftRows(c echo.Context, v *visit, s *shelf) ([]DriftPlanRow, error) {
	var out []DriftPlanRow
	for _, part := range s.parts {
		reasons, err := k.driftReasons(c, part.Scope)
		if err != nil {
			return nil, err
		}
		for _, p := range part.Plans {
			known := len(p.Sync) > 0
			if p.ArchivedAt != nil && !known {
				continue
			}
			row := DriftPlanRow{
				Name: p.Name, Place: s.names[p.Scope], Prices: len(p.EditorPrices), Known: known, Reasons: reasons[p.ID], URL: planURL(v, p.ID) + "/drift", id: p.ID,
			}
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b DriftPlanRow) int { return min(len(b.Reasons), 1) - min(len(a.Reasons), 1) })
	return out, nil
}

// driftReasons answers by plan what the newest sync run left for a decision.
func (k *Console) driftReasons(c echo.Context, scope billing.Scope) (map[string][]string, error) {
	run, err := k.deps.Editor.LastSync(c.Request().Context(), scope)
	if err != nil && !errors.Is(err, billing.ErrSyncNotFound) {
		return nil, err
	}
	out := map[string][]string{}
	for _, item := range run.Items {
		if words := syncReason(c, item.Reason); drifted(item) && !slices.Contains(out[item.PlanID], words) {
			out[item.PlanID] = append(out[item.PlanID], words)
		}
	}
	return out, nil
}

// drifted tells whether an item waits for somebody to pick a side.
func drifted(item billing.SyncItem) bool {
	return item.State == billing.SyncItemFailed &&
		slices.Contains([]string{billing.ReasonChanged, billing.ReasonArchived, billing.ReasonMissing, billing.ReasonNeedsProduct}, item.Reason)
}

func (k *Console) listDrift(c echo.Context, v *visit) error {
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	rows, err := k.driftRows(c, v, &s)
	if err != nil {
		return err
	}
	view := &DriftPage{Frame: frame(c, v, "overview", web.T(c, "drift.title")), App: v.app, Total: len(rows)}
	view.Unconnected = !slices.ContainsFunc(s.parts, func(p billing.EditorCatalog) bool { return len(p.Accounts) > 0 })
	from := fromPlace(c, len(rows))
	to := min(from+driftPlans, len(rows))
	view.Plans, view.From, view.To = rows[from:to], from+1, to
	view.Prev, view.Next = places("/admin/clients/"+v.app.ClientID+"/drift", from, to, len(rows), driftPlans)
	return k.edge.Render(c, http.StatusOK, "admin/drift", view)
}

// fromPlace reads where a page begins; nonsense is the beginning.
func fromPlace(c echo.Context, total int) int {
	n, err := strconv.Atoi(c.QueryParam("from"))
	if err != nil || n < 0 || n >= total {
		return 0
	}
	return n
}

func places(base string, from, to, total, size int) (prev, next string) {
	if from > 0 {
		prev = base + "?" + url.Values{"from": {strconv.Itoa(max(from-size, 0))}}.Encode()
	}
	if to < total {
		next = base + "?" + url.Values{"from": {strconv.Itoa(to)}}.Encode()
	}
	return prev, next
}
