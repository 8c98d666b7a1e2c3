package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// explainArea tells what a person's tokens say of their plans, and why.
func explainArea() area {
	return area{
		templates: []string{"admin/explain"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/explain", find: (*Console).ofApp, perm: permission.CompsRead, page: (*Console).explain},
		},
	}
}

// ExplainPage is the view of admin/explain: the claim of one person now, or at a moment, with all its sources.
type ExplainPage struct {
	Frame
	App    idp.App
	Person AppUserRow
	Form   *web.Form
	Orgs   []web.Option
	Asked  bool // false where the question itself is wrong
	Past   bool
	At     time.Time
	// Known is false for a moment before the history, which began at Began.
	Known   bool
	Began   *time.Time
	Present bool
	Claim   string // JSON
	Version string
	Entries int
	Rows    []SourceRow
}

// SourceRow is one source and what became of it.
type SourceRow struct {
	Kind, Plan, Org, ID, Reason string
	Included                    bool
	EndsAt                      *time.Time
	Row                         string // what the database says, as JSON
}

// localTime is what a field of the type datetime-local holds.
const localTime = "2006-01-02T15:04"

func (k *Console) explain(c echo.Context, v *visit) error {
	ctx, id := c.Request().Context(), c.QueryParam("user")
	if uuid.Validate(id) != nil {
		return unknown(comps.ErrUser)
	}
	user, err := k.deps.Passes.AppUser(ctx, v.app.ClientID, id)
	if errors.Is(err, comps.ErrUser) {
		return unknown(err)
	}
	if err != nil {
		return err
	}
	orgs, err := k.deps.Passes.ActingOrgs(ctx, id, v.app.ClientID)
	if err != nil {
		return err
	}
	view := &ExplainPage{Frame: frame(c, v, "overview", web.T(c, "explain.title")), App: v.app, Person: appUserRow(c, v, user), Form: &web.Form{}}
	view.Orgs = []web.Option{{Label: web.T(c, "explain.personal")}}
	for _, o := range orgs {
		view.Orgs = append(view.Orgs, web.Option{Value: o.ID, Label: o.Name})
	}
	org, at := c.QueryParam("org_id"), k.askedMoment(c, view)
	if !c.QueryParams().Has("org_id") && len(orgs) > 0 {
		org = orgs[0].ID
	}
	if org != "" && !slices.ContainsFunc(orgs, func(o claims.Org) bool { return o.ID == org }) {
		return unknown(idp.ErrOrgNotFound)
	}
	view.Form.Set("org_id", org)
	if !view.Form.OK() {
		return k.edge.Render(c, http.StatusUnprocessableEntity, "admin/explain", view)
	}
	foreign := v.subject.RoleIn(v.app.OrgID) == ""
	e, err := k.deps.Passes.Explain(acting(c, v), id, org, v.app.ClientID, at, v.user.ID, foreign)
	if err != nil {
		return err
	}
	if err := view.fill(c, &e); err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/explain", view)
}

// askedMoment reads the moment that is asked about; the zero time is now.
func (k *Console) askedMoment(c echo.Context, view *ExplainPage) time.Time {
	typed := c.QueryParam("at")
	if typed == "" {
		return time.Time{}
	}
	view.Past = true
	for _, layout := range []string{localTime, localTime + ":05", time.RFC3339Nano} {
		at, err := time.Parse(layout, typed)
		if err != nil {
			continue
		}
		view.Form.Set("at", at.UTC().Format(localTime+":05"))
		if at.After(k.deps.Now()) {
			view.Form.Fail("at", web.T(c, "explain.future"))
		}
		return at.UTC()
	}
	view.Form.Fail("at", web.T(c, "explain.moment"))
	return time.Time{}
}

func (p *ExplainPage) fill(c echo.Context, e *claims.Explanation) error {
	p.Asked, p.At, p.Known, p.Began, p.Present, p.Version, p.Entries = true, e.Input.Now, e.Known, e.BeganAt, e.Present, e.Version, len(e.Plans)
	raw, err := json.MarshalIndent(e.Plans, "", "  ")
	if err != nil {
		return err
	}
	p.Claim = string(raw)
	for _, d := range e.Explained {
		src, _ := e.Source(d)
		row := SourceRow{
			Kind: sourceName(c, d.Kind), Plan: d.PlanSlug, Org: e.OrgNames[d.OrgID], ID: d.SourceID, Reason: reasonWords(c, d.Reason), Included: d.Included, EndsAt: d.EndsAt,
		}
		raw, err := json.MarshalIndent(sourceFacts(src), "", "  ")
		if err != nil {
			return err
		}
		row.Row = string(raw)
		p.Rows = append(p.Rows, row)
	}
	return nil
}

// sourceFacts is a source row without what says nothing.
func sourceFacts(s claims.Source) map[string]any {
	facts := map[string]any{"id": s.ID, "kind": s.Kind}
	for name, text := range map[string]string{"status": s.StripeStatus, "planSlug": s.PlanSlug, "planName": s.PlanName, "bundle": s.Bundle, "orgId": s.OrgID} {
		if text != "" {
			facts[name] = text
		}
	}
	for name, at := range map[string]*time.Time{
		"currentPeriodEnd": s.CurrentPeriodEnd, "trialEnd": s.TrialEnd, "cancelAt": s.CancelAt, "endedAt": s.EndedAt, "expiresAt": s.ExpiresAt, "oldestUnpaidAt": s.OldestUnpaidAt,
	} {
		if at != nil {
			facts[name] = at.UTC().Format(time.RFC3339)
		}
	}
	if s.Kind != claims.SourceGrant {
		features := slices.Sorted(slices.Values(s.Features))
		if features == nil {
			features = []string{}
		}
		facts["features"] = features
	}
	if s.Kind == claims.SourceSubscription {
		facts["recurring"], facts["graceDays"], facts["cancelAtPeriodEnd"] = s.Recurring, s.GraceDays, s.CancelAtPeriodEnd
		if s.PerSeat {
			facts["quantity"] = s.Quantity
		}
	}
	return facts
}

func sourceName(c echo.Context, kind claims.SourceKind) string {
	switch kind {
	case claims.SourceSubscription:
		return web.T(c, "explain.kind.subscription")
	case claims.SourceComp:
		return web.T(c, "explain.kind.comp")
	default:
		return web.T(c, "explain.kind.grant")
	}
}

func reasonWords(c echo.Context, reason claims.Reason) string {
	switch reason {
	case claims.ReasonIncluded:
		return web.T(c, "explain.reason.included")
	case claims.ReasonSuperseded:
		return web.T(c, "explain.reason.superseded")
	case claims.ReasonStatusNotHeld:
		return web.T(c, "explain.reason.status_not_held")
	case claims.ReasonEnded:
		return web.T(c, "explain.reason.ended")
	case claims.ReasonExpired:
		return web.T(c, "explain.reason.expired")
	case claims.ReasonCancellationReached:
		return web.T(c, "explain.reason.cancellation_reached")
	case claims.ReasonGraceOver:
		return web.T(c, "explain.reason.grace_over")
	case claims.ReasonBillingDisabled:
		return web.T(c, "explain.reason.billing_disabled")
	case claims.ReasonNotHolding:
		return web.T(c, "explain.reason.not_holding")
	case claims.ReasonOtherMode:
		return web.T(c, "explain.reason.other_mode")
	default:
		return string(reason)
	}
}
