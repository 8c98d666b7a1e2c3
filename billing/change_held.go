package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Holding is a subscription as its buyer's own page shows it.
type Holding struct {
	Bought
	AppName  string // or the bundle's
	Members  int64  // active members of the org
	Price    Price
	Next     *RemoteUpcoming // nil where there will be none
	Card     RemoteCard
	Invoices []ShownInvoice      // of this subscription, the newest first
	Unknown  bool                // Stripe could not be asked: Next, Card and Invoices are missing
	Wish     *SubscriptionChange // what was wished for and has not come about yet
	WishPlan string              // of a switch: the plan's name
}

// OpenInvoice answers the oldest invoice that waits to be paid.
func (h Holding) OpenInvoice() (ShownInvoice, bool) {
	for _, i := range slices.Backward(h.Invoices) {
		if i.Status == "open" && i.Due > 0 && i.URL != "" {
			return i, true
		}
	}
	return ShownInvoice{}, false
}

// heldShown is how long what has ended is still shown with its invoices.
const heldShown = 400 * day

// askedAtOnce bounds the calls to Stripe that one page makes at the same moment.
const askedAtOnce = 8

// Holdings answers everything that orgs have bought in any app, what has ended lately included, with what Stripe says
// about its payment. A Stripe that does not answer is no error: see [Holding].
func (s *Service) Holdings(ctx context.Context, orgIDs []string) ([]Holding, error) {
	if len(orgIDs) == 0 {
		return nil, nil
	}
	bought, err := s.store.Owned(ctx, orgIDs, s.now().Add(-heldShown))
	if err != nil {
		return nil, err
	}
	out := make([]Holding, len(bought))
	for i, b := range bought {
		if out[i], err = s.held(ctx, b); err != nil {
			return nil, fmt.Errorf("look at subscription %s: %w", b.ID, err)
		}
	}
	s.askAbout(ctx, out)
	return out, nil
}

// HeldBy answers a subscription of one of the orgs, without asking Stripe, or [ErrSubscriptionNotFound].
func (s *Service) HeldBy(ctx context.Context, orgIDs []string, subscriptionID string) (Holding, error) {
	if len(orgIDs) > 0 {
		bought, err := s.store.Owned(ctx, orgIDs, time.Time{})
		if err != nil {
			return Holding{}, err
		}
		for _, b := range bought {
			if b.ID == subscriptionID {
				return s.held(ctx, b)
			}
		}
	}
	return Holding{}, fmt.Errorf("look at subscription %s: %w", subscriptionID, ErrSubscriptionNotFound)
}

// held adds what our own rows know.
func (s *Service) held(ctx context.Context, b Bought) (h Holding, err error) {
	h = Holding{Bought: b}
	if h.AppName, err = s.scopeName(ctx, b.Scope); err != nil {
		return h, err
	}
	if h.Members, err = s.members.ActiveMembers(ctx, b.OrgID); err != nil {
		return h, fmt.Errorf("count members: %w", err)
	}
	if h.Price, err = s.store.Price(ctx, b.PriceID); err != nil {
		return h, err
	}
	open, err := s.store.OpenChanges(ctx, b.ID)
	if err != nil || len(open) == 0 {
		return h, err
	}
	h.Wish = &open[len(open)-1]
	if h.Wish.Kind != ChangeSwitch {
		return h, nil
	}
	price, err := s.store.Price(ctx, h.Wish.ToPriceID)
	if err != nil {
		return h, err
	}
	plan, err := s.store.Plan(ctx, price.PlanID)
	h.WishPlan = plan.Name
	return h, err
}

// askAbout adds what Stripe knows, of several subscriptions at the same time.
func (s *Service) askAbout(ctx context.Context, all []Holding) {
	var group sync.WaitGroup
	seats := make(chan struct{}, askedAtOnce)
	for i := range all {
		group.Go(func() {
			seats <- struct{}{}
			defer func() { <-seats }()
			if err := s.askAboutOne(ctx, &all[i]); err != nil {
				all[i].Unknown = true
				s.log.InfoContext(ctx, "payment of a subscription not known", "subscription", all[i].ID, "error", err)
			}
		})
	}
	group.Wait()
}

func (s *Service) askAboutOne(ctx context.Context, h *Holding) error {
	if h.CustomerID != "" {
		invoices, err := s.gateway.ListInvoices(ctx, h.at(), h.CustomerID)
		if err != nil && !errors.Is(err, ErrStripeGone) {
			return err
		}
		for _, i := range invoices {
			if i.SubscriptionID == h.StripeID {
				h.Invoices = append(h.Invoices, i)
			}
		}
	}
	if !h.Recurring || h.EndedAt != nil {
		return nil
	}
	next, err := s.gateway.NextInvoice(ctx, h.at(), h.StripeID)
	if err != nil {
		return err
	}
	if !next.At.IsZero() {
		if h.ends() && h.CurrentPeriodEnd != nil {
			next.At = h.CurrentPeriodEnd.UTC() // what waits is asked for at its end
		}
		h.Next = &next
	}
	h.Card, err = s.gateway.PaymentCard(ctx, h.at(), h.StripeID)
	return err
}

// PortalOf opens the page at Stripe of the customer who pays a subscription of the buyer's org, and answers its URL.
// Stripe's page leads back to returnTo, a path of ours. It answers [ErrSubscriptionNotFound] also for another org's.
func (s *Service) PortalOf(ctx context.Context, buyer Buyer, subscriptionID, returnTo string) (string, error) {
	sub, err := s.store.Subscription(ctx, subscriptionID)
	if err == nil && (sub.OrgID != buyer.OrgID || sub.CustomerID == "") {
		err = ErrSubscriptionNotFound
	}
	if err != nil {
		return "", fmt.Errorf("open portal of subscription %s: %w", subscriptionID, err)
	}
	page, err := s.gateway.CreatePortal(ctx, sub.at(), sub.CustomerID, s.baseURL+returnTo, buyer.Lang)
	if errors.Is(err, ErrStripeCustomerGone) {
		err = fmt.Errorf("%w: %w", ErrSubscriptionNotFound, err)
	}
	return page, err
}
