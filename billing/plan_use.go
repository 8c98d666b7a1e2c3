package billing

import "context"

// Use is what hangs on a plan, or on one price of it. The zero value is "nothing".
type Use struct {
	PlanID  string
	PriceID string // "" for a count that is the plan's alone (its products)
	// Live counts the subscriptions and purchases that hold now, per mode.
	LiveMode, TestMode int64
	Subscriptions      int64 // all, the ended ones included
	Checkouts          int64 // open or completed
	Attempts           int64 // all checkouts, the expired ones included
	Remote             int64 // rows that name it at Stripe, or that are about to
}

// Live counts those that hold now, in both modes.
func (u Use) Live() int64 { return u.LiveMode + u.TestMode }

// Sold tells whether anybody bought it or is about to: its slug and its scope are then fixed.
func (u Use) Sold() bool { return u.Subscriptions > 0 || u.Checkouts > 0 }

// Synced tells whether Stripe knows it, or may know it: its terms are then fixed.
func (u Use) Synced() bool { return u.Remote > 0 }

// Touched tells whether any row refers to it.
func (u Use) Touched() bool { return u.Subscriptions > 0 || u.Attempts > 0 || u.Remote > 0 }

func (u Use) plus(o Use) Use {
	u.LiveMode += o.LiveMode
	u.TestMode += o.TestMode
	u.Subscriptions += o.Subscriptions
	u.Checkouts += o.Checkouts
	u.Attempts += o.Attempts
	u.Remote += o.Remote
	return u
}

// planUse sums everything that hangs on a plan and its prices.
func (s *Service) planUse(ctx context.Context, planID string) (Use, error) {
	return s.useOf(ctx, planID, "")
}

// useOf answers what hangs on one price of a plan, or with "" on the whole plan.
func (s *Service) useOf(ctx context.Context, planID, priceID string) (Use, error) {
	sum := Use{PlanID: planID, PriceID: priceID}
	list, err := s.store.Uses(ctx, []string{planID}, s.now())
	for _, u := range list {
		if priceID == "" || u.PriceID == priceID {
			sum = sum.plus(u)
		}
	}
	return sum, err
}
