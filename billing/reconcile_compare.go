package billing

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// compareCustomer compares all that a customer of ours has at Stripe with our rows, and our rows with that.
func (r *reconciliation) compareCustomer(ctx context.Context, c Customer) error {
	at := Account{ID: c.Account, Livemode: c.Livemode}
	list, err := r.s.gateway.ListSubscriptions(ctx, at, c.CustomerID)
	if errors.Is(err, ErrStripeGone) {
		err = nil // deleted at Stripe with all that it had; our rows are compared one by one
	}
	if err != nil {
		return r.failed(ctx, Difference{OrgID: c.OrgID, Account: at, StripeID: c.CustomerID}, err)
	}
	listed := map[string]bool{}
	for _, remote := range list {
		listed[remote.ID] = true
		if err := r.compareRemote(ctx, at, c.OrgID, remote); err != nil {
			return err
		}
	}
	rows, err := r.s.store.LiveOfCustomer(ctx, at, c.CustomerID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if listed[row.StripeID] {
			continue
		}
		if err := r.compareLive(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// compareRemote compares a subscription of a customer of ours with our row of it.
func (r *reconciliation) compareRemote(ctx context.Context, at Account, orgID string, remote RemoteSubscription) error {
	row, err := r.s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, remote.ID)
	known := err == nil
	if err != nil && !errors.Is(err, ErrSubscriptionNotFound) {
		return err
	}
	d := Difference{OrgID: orgID, Account: at, StripeID: remote.ID}
	priceID, err := r.s.store.PriceNamed(ctx, at.ID, at.Livemode, remote.StripePriceID)
	switch {
	case errors.Is(err, ErrPriceNotFound):
		if known && row.EndedAt == nil {
			d.Differs = []FieldDifference{{"price", row.PriceID, "one that is not sold here"}}
			return r.differs(ctx, d)
		}
		r.same()
		return nil
	case err != nil:
		return err
	case !known:
		if remote.Status == StatusIncomplete || remote.Status == StatusIncompleteExpired {
			r.same() // never paid for, so there was nothing to tell us
			return nil
		}
		d.Differs = []FieldDifference{{"subscription", "missing", string(remote.Status)}}
		return r.differs(ctx, d)
	}
	d.OrgID = row.OrgID
	if d.Differs = differences(row, remote, priceID); len(d.Differs) > 0 {
		return r.differs(ctx, d)
	}
	r.same()
	return nil
}

// compareLive reads what a row that has not ended is called at Stripe.
func (r *reconciliation) compareLive(ctx context.Context, row Subscription) error {
	d := Difference{OrgID: row.OrgID, Account: row.at(), StripeID: row.StripeID}
	if !row.Recurring {
		return r.comparePurchase(ctx, row, d)
	}
	remote, err := r.s.gateway.ReadSubscription(ctx, row.at(), row.StripeID)
	if errors.Is(err, ErrStripeGone) {
		d.Differs = []FieldDifference{{"subscription", string(row.Status), "gone"}}
		return r.differs(ctx, d)
	}
	if err != nil {
		return r.failed(ctx, d, err)
	}
	return r.compareRemote(ctx, row.at(), row.OrgID, remote)
}

func (r *reconciliation) comparePurchase(ctx context.Context, row Subscription, d Difference) error {
	if !strings.HasPrefix(row.StripeID, "pi_") {
		r.same() // a session that cost nothing can neither be refunded nor disputed
		return nil
	}
	paid, err := r.s.gateway.ReadPayment(ctx, row.at(), row.StripeID)
	switch {
	case errors.Is(err, ErrStripeGone):
		d.Differs = []FieldDifference{{"payment", string(row.Status), "gone"}}
	case err != nil:
		return r.failed(ctx, d, err)
	case paid.Refunded && row.EndedAt == nil:
		d.Differs = []FieldDifference{{"payment", string(row.Status), "refunded"}}
	default:
		r.same()
		return nil
	}
	return r.differs(ctx, d)
}

// compareCheckout compares a checkout that is open here.
func (r *reconciliation) compareCheckout(ctx context.Context, row Checkout) error {
	d := Difference{OrgID: row.OrgID, Account: row.at(), StripeID: row.SessionID, checkout: row.ID}
	if row.SessionID == "" {
		if row.ExpiresAt == nil || row.ExpiresAt.After(r.s.now()) {
			r.same()
			return nil
		}
		d.StripeID = row.ID
		d.Differs = []FieldDifference{{"checkout", string(row.Status), "never made"}}
		return r.differs(ctx, d)
	}
	remote, err := r.s.gateway.ReadCheckout(ctx, row.at(), row.SessionID)
	switch {
	case errors.Is(err, ErrStripeGone):
		d.Differs = []FieldDifference{{"checkout", string(row.Status), "gone"}}
	case err != nil:
		return r.failed(ctx, d, err)
	case remote.Status == remoteExpired, remote.Status == remoteComplete && remote.PaymentStatus != remoteUnpaid:
		d.Differs = []FieldDifference{{"checkout", string(row.Status), remote.Status}}
	default:
		r.same()
		return nil
	}
	return r.differs(ctx, d)
}

// differences compares what a read of the subscription would store.
func differences(row Subscription, remote RemoteSubscription, priceID string) (out []FieldDifference) {
	fresh := row
	follow(&fresh, remote)
	for _, f := range []FieldDifference{
		{"status", string(row.Status), string(fresh.Status)},
		{"price", row.PriceID, priceID},
		{"customer", row.CustomerID, remote.CustomerID},
		{"quantity", strconv.FormatInt(row.Quantity, 10), strconv.FormatInt(fresh.Quantity, 10)},
		{"period start", momentText(row.CurrentPeriodStart), momentText(fresh.CurrentPeriodStart)},
		{"period end", momentText(row.CurrentPeriodEnd), momentText(fresh.CurrentPeriodEnd)},
		{"trial end", momentText(row.TrialEnd), momentText(fresh.TrialEnd)},
		{"cancel at", momentText(row.CancelAt), momentText(fresh.CancelAt)},
		{"cancel at period end", strconv.FormatBool(row.CancelAtPeriodEnd), strconv.FormatBool(fresh.CancelAtPeriodEnd)},
		{"oldest unpaid", momentText(row.OldestUnpaidAt), momentText(fresh.OldestUnpaidAt)},
	} {
		if f.Ours != f.Stripe {
			out = append(out, f)
		}
	}
	return out
}

func momentText(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}

// compareObject compares whatever an id of Stripe names; what is not ours is nothing to compare.
func (r *reconciliation) compareObject(ctx context.Context, at Account, id string) error {
	row, err := r.s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, id)
	if err == nil {
		return r.ifChosen(row.OrgID, at, func() error { return r.compareLive(ctx, row) })
	}
	if !errors.Is(err, ErrSubscriptionNotFound) {
		return err
	}
	checkout, err := r.s.store.CheckoutOfSession(ctx, at.ID, at.Livemode, id)
	if err == nil && checkout.Status == CheckoutOpen {
		return r.ifChosen(checkout.OrgID, at, func() error { return r.compareCheckout(ctx, checkout) })
	}
	if err != nil && !errors.Is(err, ErrCheckoutNotFound) || !strings.HasPrefix(id, "sub_") {
		return ignoring(err, ErrCheckoutNotFound)
	}
	remote, err := r.s.gateway.ReadSubscription(ctx, at, id)
	if errors.Is(err, ErrStripeGone) {
		return nil
	}
	if err != nil {
		return r.failed(ctx, Difference{Account: at, StripeID: id}, err)
	}
	customer, err := r.s.store.CustomerNamed(ctx, at.ID, at.Livemode, remote.CustomerID)
	if err != nil {
		return ignoring(err, ErrCustomerNotFound)
	}
	return r.ifChosen(customer.OrgID, at, func() error { return r.compareRemote(ctx, at, customer.OrgID, remote) })
}

func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// repair reads an object again in the one way in which anything is stored.
func (r *reconciliation) repair(ctx context.Context, d Difference) error {
	if d.checkout != "" && d.StripeID == d.checkout {
		_, err := r.s.store.CloseCheckout(ctx, d.checkout, CheckoutExpired, r.s.now())
		return err
	}
	if err := r.s.jobs.DoNow(ctx, KindObject, ObjectKey(d.Account, d.StripeID)); err != nil {
		return fmt.Errorf("repair %s: %w", d.StripeID, err)
	}
	return nil
}
