package billing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// invoicedSeats has the ledger look for the invoice of lines that waited, when a period has begun anew.
func (s *Service) invoicedSeats(ctx context.Context, sub Subscription, started *time.Time) error {
	if started == nil || sub.CurrentPeriodStart == nil || started.Equal(*sub.CurrentPeriodStart) {
		return nil
	}
	rows, err := s.store.UnnotedSeatChanges(ctx, sub.ID, *sub.CurrentPeriodStart)
	if err != nil || len(rows) == 0 {
		return err
	}
	return s.jobs.Want(ctx, KindSeats, sub.ID)
}

// noteSeats writes into the ledger which lines the changes met, and once there is one, on which invoice.
func (s *Service) noteSeats(ctx context.Context, subscriptionID string) error {
	sub, err := s.store.Subscription(ctx, subscriptionID)
	if err != nil {
		return err
	}
	var period time.Time
	if sub.CurrentPeriodStart != nil {
		period = *sub.CurrentPeriodStart
	}
	rows, err := s.store.UnnotedSeatChanges(ctx, sub.ID, period)
	if err != nil || len(rows) == 0 {
		return err
	}
	lines, err := s.gateway.ListProrations(ctx, sub.at(), sub.CustomerID, sub.StripeID)
	if errors.Is(err, ErrStripeRefused) || errors.Is(err, ErrStripeGone) {
		s.log.WarnContext(ctx, "invoice lines of seats not read", "subscription", sub.ID, "error", err)
		lines, err = nil, nil // a customer that is gone, or a key that may not look: nothing more will be known
	}
	if err != nil {
		return err
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.store.SeatLines(ctx, sub.ID)
		if err != nil {
			return err
		}
		taken := strings.Fields(strings.Join(held, " "))
		for _, row := range rows {
			row, took := row.noted(lines, taken)
			taken = append(taken, took...)
			now := s.now()
			row.NotedAt, row.UpdatedAt = &now, now
			if err := s.store.SaveSeatChange(ctx, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// clockSkew is by how much Stripe's clock may be behind ours.
const clockSkew = 5 * time.Minute

// noted answers the row with its lines, or with the invoice of lines that it has, and the lines that it took: of
// those that no other row has, the first credit for the quantity before and the first charge for the one after.
func (c SeatChange) noted(lines []RemoteProration, taken []string) (out SeatChange, took []string) {
	if c.InvoiceLine != "" {
		mine := strings.Fields(c.InvoiceLine)
		for _, l := range lines {
			if slices.Contains(mine, l.ID) && l.InvoiceID != "" {
				c.InvoiceID = l.InvoiceID
			}
		}
		return c, nil
	}
	credit, charge := false, false
	for _, l := range lines {
		if slices.Contains(taken, l.ID) || c.SentAt != nil && l.At.Before(c.SentAt.Add(-clockSkew)) {
			continue
		}
		switch {
		case !credit && l.Amount <= 0 && l.Quantity == c.From:
			credit = true
		case !charge && l.Amount >= 0 && l.Quantity == c.To:
			charge = true
		default:
			continue
		}
		took = append(took, l.ID)
		c.Amount += l.Amount
		c.Currency, c.InvoiceID = l.Currency, l.InvoiceID
	}
	c.InvoiceLine = strings.Join(took, " ")
	return c, took
}
