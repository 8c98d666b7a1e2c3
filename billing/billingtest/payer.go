package billingtest

import (
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Pay completes an open session as a buyer with a good card does, and answers the id of what was bought: a
// subscription, a payment, or the session itself where nothing had to be paid. ok is false for a session that
// is not open.
func (g *Gateway) Pay(sessionID string) (id string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[sessionID]
	if s == nil || s.Status != "open" || !g.now().Before(s.ExpiresAt) {
		return "", false
	}
	s.Status, s.PaymentStatus = "complete", "paid"
	price := g.prices[s.spec.StripePriceID].spec
	if !s.spec.Recurring {
		if price.Amount == 0 {
			s.PaymentStatus = "no_payment_required"
			return s.ID, true
		}
		s.PaymentID = g.charge(s.at, s.spec.CustomerID)
		return s.PaymentID, true
	}
	now := g.now()
	sub := &subscription{at: s.at, RemoteSubscription: billing.RemoteSubscription{
		ID: g.id("sub"), ItemID: g.id("si"), CustomerID: s.spec.CustomerID, CheckoutID: s.spec.CheckoutID, Status: billing.StatusActive,
		StripePriceID: s.spec.StripePriceID, Quantity: s.spec.Quantity, CurrentPeriodStart: now, CurrentPeriodEnd: after(now, price.Interval),
		Created: now, Livemode: s.at.Livemode,
	}}
	if s.spec.TrialDays > 0 {
		end := now.AddDate(0, 0, int(s.spec.TrialDays))
		sub.Status, sub.TrialEnd, sub.CurrentPeriodEnd = billing.StatusTrialing, &end, end
	} else {
		sub.LatestPaymentID = g.charge(s.at, s.spec.CustomerID)
	}
	g.subs[sub.ID] = sub
	s.SubscriptionID = sub.ID
	return sub.ID, true
}

func (g *Gateway) charge(at billing.Account, customerID string) string {
	id := g.id("pi")
	g.payments[id] = &payment{at: at, RemotePayment: billing.RemotePayment{ID: id, CustomerID: customerID, Succeeded: true, Created: g.now()}}
	return id
}

func after(t time.Time, i billing.Interval) time.Time {
	if i == billing.IntervalYear {
		return t.AddDate(1, 0, 0)
	}
	return t.AddDate(0, 1, 0)
}

// Change edits a subscription as Stripe, the dashboard or the portal would.
func (g *Gateway) Change(id string, edit func(s *billing.RemoteSubscription)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	edit(&g.subs[id].RemoteSubscription)
}

// Put places a subscription that no checkout of ours made.
func (g *Gateway) Put(at billing.Account, s billing.RemoteSubscription) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.subs[s.ID] = &subscription{at: at, RemoteSubscription: s}
}

// RefundPayment gives a payment back as an owner does in the dashboard.
func (g *Gateway) RefundPayment(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.payments[id].Refunded = true
}

// Forget drops an object as if it had never been.
func (g *Gateway) Forget(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.subs, id)
	delete(g.sessions, id)
	delete(g.payments, id)
}

// Session answers what a checkout session was asked for.
func (g *Gateway) Session(id string) billing.CheckoutSpec {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sessions[id].spec
}
