package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

var (
	errUnreadable = errors.New("unreadable answer")
	errNoID       = errors.New("object without an id")
)

// refusal is an error answer of Stripe, mapped to one of billing's sentinels.
type refusal struct {
	kind    error // a sentinel of package billing
	what    string
	status  int
	code    string
	param   string
	message string
	request string // Stripe's request id, which its support asks for
}

// Error says what was tried, what Stripe said and under which request id.
func (r *refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v: status %d", r.what, r.kind, r.status)
	for _, part := range []struct{ name, value string }{
		{"code", r.code}, {"param", r.param}, {"request", r.request}, {"message", r.message},
	} {
		if part.value != "" {
			fmt.Fprintf(&b, ", %s %s", part.name, part.value)
		}
	}
	return b.String()
}

func (r *refusal) Unwrap() error { return r.kind }

// failed turns what the library returned into an error of ours. The library's own texts are not kept: they hold
// samples of bodies.
func failed(ctx context.Context, op operation, err error) error {
	if said, ok := errors.AsType[*stripe.Error](err); ok {
		return &refusal{
			kind: kindOf(said), what: op.what, status: said.HTTPStatusCode, code: string(said.Code),
			param: said.Param, message: withoutSecrets(said.Msg), request: said.RequestID,
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s: %w", op.what, ctx.Err())
	}
	if isNetwork(err) {
		return fmt.Errorf("%s: %w: %w", op.what, billing.ErrStripeUnavailable, err)
	}
	return fmt.Errorf("%s: %w: %w", op.what, billing.ErrStripeUnavailable, errUnreadable)
}

func kindOf(said *stripe.Error) error {
	switch status := said.HTTPStatusCode; {
	case status == http.StatusUnauthorized:
		return billing.ErrStripeNotConfigured
	case status == http.StatusTooManyRequests, status == http.StatusConflict, status >= http.StatusInternalServerError,
		said.Code == stripe.ErrorCodeIdempotencyKeyInUse, said.Code == stripe.ErrorCodeLockTimeout:
		return billing.ErrStripeUnavailable
	case status == http.StatusNotFound && said.Code == stripe.ErrorCodeResourceMissing:
		return billing.ErrStripeGone
	case status == http.StatusPaymentRequired:
		return billing.ErrCardDeclined
	case status == http.StatusForbidden && said.Code == stripe.ErrorCodeAccountInvalid:
		return billing.ErrAccountGone
	case strings.HasSuffix(said.Param, "proration_date"):
		return billing.ErrProrationDate
	default:
		return billing.ErrStripeRefused
	}
}

// customerGone turns a refusal into billing.ErrStripeCustomerGone when Stripe misses the customer that the call names:
// an id in a parameter is missed with 400 where one in the path is missed with 404.
func customerGone(err error) error {
	if r, ok := errors.AsType[*refusal](err); ok && r.code == string(stripe.ErrorCodeResourceMissing) && r.param == "customer" {
		r.kind = billing.ErrStripeCustomerGone
	}
	return err
}

// refusedByStripe tells a refusal of Stripe's from one of our own.
func refusedByStripe(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && errors.Is(r.kind, billing.ErrStripeRefused)
}

// hasCode tells whether Stripe refused with this code.
func hasCode(err error, code stripe.ErrorCode) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.code == string(code)
}

func isNetwork(err error) bool {
	_, transport := errors.AsType[*url.Error](err)
	_, network := errors.AsType[net.Error](err)
	return transport || network ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

// secretShapes are keys, whole or masked as Stripe quotes them, and e-mail addresses.
var secretShapes = regexp.MustCompile(`\b(?:sk|rk|pk|whsec|ek)_[A-Za-z0-9_*]+|[^\s'"<>()]+@[^\s'"<>()]+`)

func withoutSecrets(message string) string {
	return secretShapes.ReplaceAllString(message, "[removed]")
}

// decoded reports an answer that could not be read or lacks what it must have.
func decoded(op operation, err error, whole bool) error {
	if err == nil && !whole {
		err = errNoID
	}
	if err != nil {
		return unreadable(op, err)
	}
	return nil
}

// unreadable is an answer that is not what Stripe documents; asking again may help, believing it would not.
func unreadable(op operation, err error) error {
	for _, ours := range []error{billing.ErrStripeUnavailable, billing.ErrStripeGone, billing.ErrStripeRefused, billing.ErrStripeNotConfigured, context.Canceled} {
		if errors.Is(err, ours) {
			return err
		}
	}
	return fmt.Errorf("%s: %w: %w: %w", op.what, billing.ErrStripeUnavailable, errUnreadable, err)
}
