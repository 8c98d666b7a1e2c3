package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const pathSeats = "/admin/seats"

// seatsArea is what an org pays per seat, and how that followed its members.
func seatsArea() area {
	return area{
		templates: []string{"admin/seats", "admin/seats_spare"},
		routes: []route{
			{method: http.MethodGet, path: pathSeats, find: (*Console).inOrg, perm: permission.BillingRead, page: (*Console).showSeats},
			{method: http.MethodPost, path: pathSeats + "/:subscription/sync", find: (*Console).inOrg, perm: permission.BillingWrite, page: onSeats(syncSeats), back: pathSeats},
			{method: http.MethodGet, path: pathSeats + "/:subscription/spare", find: (*Console).inOrg, perm: permission.BillingWrite, page: onSeats(askSpare)},
			{method: http.MethodPost, path: pathSeats + "/:subscription/spare", find: (*Console).inOrg, perm: permission.BillingWrite, page: onSeats(saveSpare), back: pathSeats},
		},
	}
}

// SeatsPage is the view of admin/seats.
type SeatsPage struct {
	Frame
	States []SeatRow
	MayTry bool
	Rows   []SeatChangeRow
	Limits billing.SeatLimits
	Next   string
	Later  bool
}

// SeatRow is a subscription that is paid per seat.
type SeatRow struct {
	billing.SeatState
	Way PendingSeats // what it waits for, while Pending
}

// Spare are the seats that are paid for and nobody has.
func (r SeatRow) Spare() int64 { return max(0, r.Wanted-r.Members) }

// SeatChangeRow is one row of the ledger in words.
type SeatChangeRow struct {
	billing.SeatChange
	What                        string // the subscription's app and plan, "" for one that has ended
	Actor, CauseWords           string
	StatusWord, StatusWay, Note string
	Lines                       []string // Stripe's ids of what was charged
}

const seatsPerPage = 30

func (k *Console) showSeats(c echo.Context, v *visit) error {
	ctx, after := c.Request().Context(), c.QueryParam("after")
	if uuid.Validate(after) != nil {
		after = ""
	}
	view := &SeatsPage{Frame: frame(c, v, "seats", web.T(c, "team.seats.title")), Later: after != "", MayTry: v.may(permission.BillingWrite)}
	states, err := k.deps.Seats.SeatStates(ctx, v.org.ID)
	if err != nil {
		return err
	}
	what := map[string]string{}
	for _, s := range states {
		what[s.Subscription.ID] = s.AppName + " · " + s.PlanName
		view.States = append(view.States, SeatRow{SeatState: s, Way: pendingSeats(c, s)})
	}
	if view.Limits, err = k.deps.Seats.SeatLimits(ctx, v.org.ID); err != nil {
		return err
	}
	rows, next, err := k.deps.Seats.SeatLedger(ctx, v.org.ID, after, seatsPerPage)
	if err != nil {
		return err
	}
	view.Next = next
	who := k.names()
	for _, r := range rows {
		row := SeatChangeRow{SeatChange: r, What: what[r.SubscriptionID], CauseWords: causeWords(c, r.Cause), Lines: strings.Fields(r.InvoiceLine)}
		row.StatusWord, row.StatusWay = seatStatus(c, r.Status)
		if r.Status != billing.SeatDone {
			row.Note = seatReason(c, r.Reason)
		}
		if row.Actor, err = seatActor(ctx, c, who, r); err != nil {
			return err
		}
		view.Rows = append(view.Rows, row)
	}
	return k.edge.Render(c, http.StatusOK, "admin/seats", view)
}

// syncSeats has a change that waits tried at once.
func syncSeats(k *Console, c echo.Context, v *visit, s billing.SeatState) error {
	ctx, id := acting(c, v), s.Subscription.ID
	err := k.deps.Audit.Record(ctx, audit.Entry{OrgID: v.org.ID, Action: "job.retried", Target: audit.Target{Kind: "subscription", ID: id}})
	if err != nil {
		return err
	}
	err = k.deps.Seats.SyncSeats(ctx, v.org.ID, id)
	for _, still := range []error{billing.ErrStripeUnavailable, billing.ErrStripeNotConfigured, billing.ErrStripeRefused, billing.ErrStripeGone} {
		if errors.Is(err, still) {
			return k.leadOn(c, "danger", web.T(c, "team.seats.still"), teamURL(v, pathSeats))
		}
	}
	if err != nil {
		return err
	}
	return k.leadOn(c, "ok", web.T(c, "team.seats.tried"), teamURL(v, pathSeats))
}

func seatActor(ctx context.Context, c echo.Context, who names, r billing.SeatChange) (string, error) {
	switch r.ActorKind {
	case audit.ActorUser:
		user, err := who.user(ctx, r.ActorID)
		return userLine(user), err
	case audit.ActorCLI:
		return web.T(c, "admin.audit.actor_cli"), nil
	case audit.ActorApp:
		return web.T(c, "admin.audit.actor_app", "App", r.ActorID), nil
	case "stripe":
		return "Stripe", nil
	default:
		return web.T(c, "admin.audit.actor_system"), nil
	}
}

func causeWords(c echo.Context, cause string) string {
	switch cause {
	case billing.CausePurchase:
		return web.T(c, "team.cause.purchase")
	case billing.CauseMembers:
		return web.T(c, "team.cause.members")
	case billing.CauseCommitted:
		return web.T(c, "team.cause.committed")
	case billing.CauseStripe:
		return web.T(c, "team.cause.stripe")
	default:
		return web.T(c, "team.cause.correction")
	}
}

func seatStatus(c echo.Context, status string) (word, way string) {
	switch status {
	case billing.SeatDone:
		return web.T(c, "team.seat.done"), "ok"
	case billing.SeatPending:
		return web.T(c, "team.seat.pending"), "warn"
	case billing.SeatFailed:
		return web.T(c, "team.seat.failed"), "danger"
	default:
		return web.T(c, "team.seat.superseded"), ""
	}
}

// seatReason words why a change waits, or was dropped.
func seatReason(c echo.Context, reason string) string {
	switch reason {
	case "":
		return ""
	case billing.SeatReasonCardDeclined:
		return web.T(c, "team.reason.card_declined")
	case billing.SeatReasonAccountGone:
		return web.T(c, "team.reason.account_gone")
	case billing.SeatReasonUnavailable:
		return web.T(c, "team.reason.stripe_unavailable")
	case billing.SeatReasonNotConfigured:
		return web.T(c, "team.reason.stripe_not_configured")
	case billing.SeatReasonPaused:
		return web.T(c, "team.reason.subscription_paused")
	case billing.SeatReasonUnpaid:
		return web.T(c, "team.reason.subscription_unpaid")
	case billing.SeatReasonEnded:
		return web.T(c, "team.reason.subscription_ended")
	case billing.SeatReasonNotNeeded:
		return web.T(c, "team.reason.not_needed")
	default:
		return web.T(c, "team.reason.stripe_refused")
	}
}
