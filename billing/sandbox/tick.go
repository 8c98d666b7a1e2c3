package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Tick does everything that time alone brings, up to the clock's now, in the
// order of time: a jump over three months renews three times. Each step is a
// transaction of its own and is dated at the moment when it was due.
func (s *Sandbox) Tick(ctx context.Context) error {
	if err := s.resumeClocks(ctx); err != nil {
		return err
	}
	for {
		more, err := s.stepOne(ctx, "", "", s.cfg.Now().Unix())
		if err != nil || !more {
			return err
		}
	}
}

// stepOne carries out the earliest thing due on a clock ("" is the real one).
func (s *Sandbox) stepOne(ctx context.Context, account, clock string, until int64) (more bool, err error) {
	query, args := `SELECT account, kind, id, due FROM objects WHERE clock=? AND due IS NOT NULL AND due<=? AND deleted=0`, []any{clock, until}
	if clock != "" {
		query, args = query+` AND account=?`, append(args, account)
	}
	query += ` ORDER BY due, seq LIMIT 1`
	var probe int64
	err = s.db.QueryRowContext(ctx, `SELECT due FROM (`+query+`)`, args...).Scan(&probe)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find due work: %w", err)
	}
	err = s.write(ctx, "", func(t *tx) error {
		var kind, id string
		err := t.q.QueryRowContext(ctx, query, args...).Scan(&t.account, &kind, &id, &t.now)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // a request got there first
		}
		if err != nil {
			return fmt.Errorf("find due work: %w", err)
		}
		o, err := t.find(kind, id)
		if err != nil {
			return err
		}
		if clock != "" {
			if err := t.moveClock(clock, t.now); err != nil {
				return err
			}
		}
		return t.happen(o)
	})
	if err != nil {
		return false, fmt.Errorf("step %s: %w", clock, err)
	}
	return true, nil
}

// happen is what the passing of time does to one object.
func (t *tx) happen(o obj) error {
	switch o.str("object") {
	case "checkout.session":
		return t.closeSession(o)
	case "subscription":
		return t.ageSubscription(o)
	case "invoice":
		return t.ageInvoice(o)
	default:
		return fmt.Errorf("nothing is due on %s", o.str("id"))
	}
}

// ageInvoice finalizes and collects a draft, or retries an open invoice.
func (t *tx) ageInvoice(inv obj) error {
	customer, err := t.find("customer", inv.str("customer"))
	if err != nil {
		return err
	}
	if customer.flag("deleted") {
		inv["_due"], inv["next_payment_attempt"] = nil, nil
		return t.save(inv)
	}
	sub, err := t.subOf(inv)
	if err != nil {
		return err
	}
	card, err := t.cardFor(customer, sub)
	if err != nil {
		return err
	}
	switch inv.str("status") {
	case "draft":
		_, err = t.collect(inv, paying{card: card})
	case "open":
		_, err = t.pay(inv, paying{card: card})
	default:
		inv["_due"] = nil
		err = t.save(inv)
	}
	return err
}
