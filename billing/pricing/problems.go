package pricing

import (
	"errors"
	"net/http"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Problems maps what billing refuses to statuses and stable codes; the sentences are "problem.<code>" of the
// catalogue.
func Problems() []web.Problem {
	return []web.Problem{
		{Err: ErrTokenInvalid, Status: http.StatusUnauthorized, Code: "token_invalid"},
		{Err: billing.ErrAppNotFound, Status: http.StatusNotFound, Code: "app_not_found"},
		{Err: billing.ErrBillingOff, Status: http.StatusNotFound, Code: "billing_off"},
		{Err: billing.ErrPlanNotFound, Status: http.StatusNotFound, Code: "plan_not_found"},
		{Err: billing.ErrPriceNotFound, Status: http.StatusNotFound, Code: "price_not_found"},
		{Err: billing.ErrPlanArchived, Status: http.StatusGone, Code: "plan_archived"},
		{Err: billing.ErrPriceRetired, Status: http.StatusGone, Code: "price_retired"},
		{Err: billing.ErrPriceCountry, Status: http.StatusUnprocessableEntity, Code: "price_not_in_country"},
		{Err: billing.ErrQuantity, Status: http.StatusUnprocessableEntity, Code: "quantity_invalid"},
		{Err: billing.ErrSeatsBelowMembers, Status: http.StatusUnprocessableEntity, Code: "seats_below_members"},
		{Err: billing.ErrSeatCap, Status: http.StatusUnprocessableEntity, Code: "seats_above_maximum"},
		{Err: billing.ErrAlreadySubscribed, Status: http.StatusConflict, Code: "already_subscribed"},
		{Err: billing.ErrSwitchBlocked, Status: http.StatusConflict, Code: "switch_blocked"},
		{Err: billing.ErrQuoteStale, Status: http.StatusConflict, Code: "quote_stale"},
		{Err: billing.ErrSubscriptionOver, Status: http.StatusConflict, Code: "subscription_over"},
		{Err: billing.ErrReturnTo, Status: http.StatusUnprocessableEntity, Code: "return_to_not_registered"},
		{Err: billing.ErrCheckoutNotFound, Status: http.StatusNotFound, Code: "checkout_not_found"},
		{Err: billing.ErrSubscriptionNotFound, Status: http.StatusNotFound, Code: "subscription_not_found"},
		{Err: billing.ErrStripeNotConfigured, Status: http.StatusServiceUnavailable, Code: "stripe_not_configured"},
		{Err: billing.ErrStripeUnavailable, Status: http.StatusServiceUnavailable, Code: "stripe_unavailable"},
		{Err: billing.ErrStripeRefused, Status: http.StatusBadGateway, Code: "stripe_refused"},
		{Err: billing.ErrStripeGone, Status: http.StatusBadGateway, Code: "stripe_refused"},
		{Err: billing.ErrRace, Status: http.StatusConflict, Code: "conflict"},
	}
}

// correctable finds the refusals that the buyer can do something about on the page itself: they are shown
// beside the plan, with what was typed. Everything else is a page of its own.
func correctable(err error) (web.Problem, bool) {
	for _, p := range Problems() {
		if !errors.Is(err, p.Err) {
			continue
		}
		switch p.Code {
		case "quantity_invalid", "seats_below_members", "seats_above_maximum", "already_subscribed", "return_to_not_registered",
			"price_not_found", "price_retired", "plan_archived", "price_not_in_country":
			return p, true
		default:
			return web.Problem{}, false
		}
	}
	return web.Problem{}, false
}
