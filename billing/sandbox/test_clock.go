package sandbox

import (
	"context"
	"fmt"
)

var createClock = operation{
	params: fields{"frozen_time": count().need(), "name": text()},
	run: func(t *tx) (obj, error) {
		o := t.base("test_helpers.test_clock", "clock_")
		delete(o, "metadata")
		o["deletes_after"], o["frozen_time"], o["name"], o["status"] = t.now+30*day, t.params["frozen_time"], t.params["name"], "ready"
		return o, t.create("test_helpers.test_clock.created", o)
	},
}

// advanceClock notes the aim and answers "advancing", as Stripe does; the
// stepping follows outside the request's transaction and survives a crash.
var advanceClock = operation{
	params: fields{"frozen_time": count().need()},
	run: func(t *tx) (obj, error) {
		o, err := t.need("test_helpers.test_clock", t.id)
		if err != nil {
			return nil, err
		}
		if o.str("status") != "ready" {
			return nil, badRequest("", "", "Test clock advancement underway - cannot perform modifications.")
		}
		if t.params.num("frozen_time") <= o.num("frozen_time") {
			return nil, badRequest("", "frozen_time", "Provided `frozen_time` must be later than the test clock's current time.")
		}
		o["status"], o["_aim"] = "advancing", t.params["frozen_time"]
		if err := t.save(o); err != nil {
			return nil, err
		}
		return o, t.emit("test_helpers.test_clock.advancing", o)
	},
}

// resumeClocks steps every advancing test clock to its aim.
func (s *Sandbox) resumeClocks(ctx context.Context) error {
	todo, err := s.advancingClocks(ctx)
	if err != nil {
		return err
	}
	for _, c := range todo {
		if err := s.runClock(ctx, c.account, c.id); err != nil {
			return err
		}
	}
	return nil
}

type clockRef struct{ account, id string }

func (s *Sandbox) advancingClocks(ctx context.Context) ([]clockRef, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT account, id FROM objects WHERE kind='test_helpers.test_clock' AND status='advancing' AND deleted=0`)
	if err != nil {
		return nil, fmt.Errorf("find advancing clocks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []clockRef
	for rows.Next() {
		var c clockRef
		if err := rows.Scan(&c.account, &c.id); err != nil {
			return nil, fmt.Errorf("find advancing clocks: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func (s *Sandbox) runClock(ctx context.Context, account, id string) error {
	s.stepping.Lock()
	defer s.stepping.Unlock()
	clock, err := s.reader(ctx, account).find("test_helpers.test_clock", id)
	if err != nil || clock.str("status") != "advancing" {
		return err
	}
	for {
		more, err := s.stepOne(ctx, account, id, clock.num("_aim"))
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	return s.write(ctx, account, func(t *tx) error {
		o, err := t.find("test_helpers.test_clock", id)
		if err != nil {
			return err
		}
		o["frozen_time"], o["status"], o["_aim"] = o["_aim"], "ready", nil
		t.now = o.num("frozen_time")
		if err := t.save(o); err != nil {
			return err
		}
		return t.emit("test_helpers.test_clock.ready", o)
	})
}

// moveClock sets the time of an advancing clock to the step being made.
func (t *tx) moveClock(id string, at int64) error {
	o, err := t.find("test_helpers.test_clock", id)
	if err != nil {
		return err
	}
	o["frozen_time"] = max(at, o.num("frozen_time"))
	t.now = o.num("frozen_time")
	return t.save(o)
}

// deleteClock takes the customers on the clock, and what is theirs, with it.
var deleteClock = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.need("test_helpers.test_clock", t.id)
	if err != nil {
		return nil, err
	}
	if _, err := t.q.ExecContext(t.ctx, `UPDATE objects SET deleted=1, due=NULL WHERE account=? AND clock=?`, t.account, t.id); err != nil {
		return nil, fmt.Errorf("delete clock: %w", err)
	}
	if err := t.emit("test_helpers.test_clock.deleted", o); err != nil {
		return nil, err
	}
	return obj{"id": t.id, "object": "test_helpers.test_clock", "deleted": true}, t.remove(o)
}}
