package admin

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// SparePage is the view of admin/seats_spare: for how many seats an org pays at least.
type SparePage struct {
	Frame
	State billing.SeatState
	Form  *web.Form
	Cost  *SeatCost // nil before it was asked for
	Seats int64     // what Cost is for
}

// onSeats finds the subscription that the address names; another org's is answered as one that does not exist.
func onSeats(do func(k *Console, c echo.Context, v *visit, s billing.SeatState) error) func(*Console, echo.Context, *visit) error {
	return func(k *Console, c echo.Context, v *visit) error {
		states, err := k.deps.Seats.SeatStates(c.Request().Context(), v.org.ID)
		if err != nil {
			return err
		}
		for _, s := range states {
			if s.Subscription.ID == c.Param("subscription") {
				return do(k, c, v, s)
			}
		}
		return unknown(billing.ErrSubscriptionNotFound)
	}
}

func askSpare(k *Console, c echo.Context, v *visit, s billing.SeatState) error {
	form := &web.Form{}
	form.Set("seats", strconv.FormatInt(max(s.Committed, 1), 10))
	return k.renderSpare(c, v, http.StatusOK, &SparePage{State: s, Form: form})
}

func (k *Console) renderSpare(c echo.Context, v *visit, status int, view *SparePage) error {
	view.Frame = frame(c, v, "seats", web.T(c, "team.spare.title", "App", view.State.AppName))
	return k.edge.Render(c, status, "admin/seats_spare", view)
}

// saveSpare shows what more seats cost before it takes them; fewer are given up at once.
func saveSpare(k *Console, c echo.Context, v *visit, s billing.SeatState) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	view := &SparePage{State: s, Form: form}
	seats, err := strconv.ParseInt(form.Value("seats"), 10, 64)
	if err != nil || seats < 1 || seats > billing.MaxQuantity {
		form.Fail("seats", web.T(c, "team.spare.invalid"))
		return k.renderSpare(c, v, http.StatusUnprocessableEntity, view)
	}
	ctx := acting(c, v)
	if seats > s.Wanted {
		cost, err := k.spareCost(c, v, s, seats)
		if err != nil {
			return err
		}
		shown, _ := toldCost(form.Raw("told"))
		if !shown.covers(cost) {
			status := http.StatusOK
			if form.Values.Has("told") {
				status, form.Summary = http.StatusUnprocessableEntity, web.T(c, "team.cost.changed")
			}
			view.Cost, view.Seats = &cost, seats
			return k.renderSpare(c, v, status, view)
		}
		ctx = shown.confirmed(ctx)
	}
	err = k.deps.Seats.CommitSeats(ctx, v.org.ID, s.Subscription.ID, seats)
	if limit, full := errors.AsType[*billing.SeatCapError](err); full {
		form.Fail("seats", web.T(c, "team.seats.max", "Count", limit.Cap))
		return k.renderSpare(c, v, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return k.leadOn(c, "ok", web.T(c, "team.seats.committed", "Count", seats), teamURL(v, pathSeats))
}

// spareCost is what so many seats cost at one subscription, as though there were as many members.
func (k *Console) spareCost(c echo.Context, v *visit, s billing.SeatState, seats int64) (SeatCost, error) {
	cost, err := k.seatCost(c.Request().Context(), v.org.ID, seats-s.Members)
	for _, line := range cost.Lines {
		if line.SubscriptionID == s.Subscription.ID {
			cost.Lines = []billing.SeatQuoteLine{line}
		}
	}
	return cost, err
}
