package billing

import "context"

// askSwitch asks Stripe for a switch. What was to happen at the end of a period is worked out now: the members may be
// more, and where the period is over already, the new one is prorated from its very beginning.
func (s *Service) askSwitch(ctx context.Context, sub Subscription, row *SubscriptionChange) error {
	price, err := s.store.Price(ctx, row.ToPriceID)
	if err != nil {
		return err
	}
	plan, err := s.store.Plan(ctx, price.PlanID)
	if err != nil {
		return err
	}
	if err := s.refreshSwitch(ctx, sub, price, row); err != nil {
		return err
	}
	stripePrice, err := s.EnsureStripePrice(ctx, sub.at(), plan, price)
	if err != nil {
		return err
	}
	return s.gateway.Switch(ctx, sub.at(), row.key(), SwitchSpec{
		SubscriptionID: sub.StripeID, ItemID: sub.ItemID, StripePriceID: stripePrice, Quantity: row.Quantity, Mode: row.Mode, ProrationDate: row.ProrationDate,
	})
}

// refreshSwitch brings a switch at the end of a period up to date. What is asked for differently goes out under
// another key.
func (s *Service) refreshSwitch(ctx context.Context, sub Subscription, price Price, row *SubscriptionChange) error {
	if row.DueAt == nil {
		return nil
	}
	was := *row
	members, err := s.members.ActiveMembers(ctx, sub.OrgID)
	if err != nil {
		return err
	}
	row.Quantity = SwitchQuote{Subscription: sub, New: price}.seats(members)
	row.ProrationDate = nil
	if start := sub.CurrentPeriodStart; start != nil && start.After(*row.DueAt) {
		row.Mode, row.ProrationDate = ModeNextInvoice, utc(start)
	}
	moved := row.ProrationDate != nil && (was.ProrationDate == nil || !row.ProrationDate.Equal(*was.ProrationDate))
	if row.Quantity == was.Quantity && !moved {
		return nil
	}
	row.Attempt++
	return s.reviseChange(ctx, row)
}
