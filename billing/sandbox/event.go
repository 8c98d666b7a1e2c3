package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// emit records that something happened: an event of the account, and one
// delivery for each endpoint that wants it, in the transaction of the change.
func (t *tx) emit(kind string, o obj) error { return t.emitChange(kind, o, nil) }

// change runs a mutation of a stored object, saves it and emits the event with
// what was before. Nothing is emitted if nothing visible changed.
func (t *tx) change(kind string, o obj, mutate func()) error {
	before, err := t.present(o, nil)
	if err != nil {
		return err
	}
	mutate()
	if err := t.save(o); err != nil {
		return err
	}
	after, err := t.present(o, nil)
	if err != nil {
		return err
	}
	if diff := previous(before, after); len(diff) > 0 {
		return t.emitChange(kind, o, diff)
	}
	return nil
}

func (t *tx) emitChange(kind string, o, before obj) error {
	if t.preview {
		return nil
	}
	shown, err := t.present(o, nil)
	if err != nil {
		return err
	}
	account := t.account
	if home := t.home(o.str("object")); home == "" && o.str("object") != "account" {
		account = "" // fees and endpoints are the platform's own
	}
	if o.str("object") == "account" && o.str("id") != platformAccount {
		account = o.str("id")
	}
	data := obj{"object": shown}
	if before != nil {
		data["previous_attributes"] = before
	}
	event := obj{
		"id": newID("evt_"), "object": "event", "api_version": apiVersion, "created": t.now, "livemode": false,
		"type": kind, "data": data, "request": t.request, "pending_webhooks": int64(0),
	}
	if account != "" {
		event["account"] = account
	}
	in := *t
	in.account = account
	if err := in.insert(event); err != nil {
		return err
	}
	return in.enqueue(event)
}

// enqueue plans the deliveries of an event.
func (t *tx) enqueue(event obj) error {
	endpoints, err := t.all("webhook_endpoint", "status='enabled'")
	if err != nil {
		return err
	}
	wanted := endpoints[:0]
	for _, e := range endpoints {
		types := e.strs("enabled_events")
		if e.flag("_connect") == (t.account != "") && (slices.Contains(types, "*") || slices.Contains(types, event.str("type"))) {
			wanted = append(wanted, e)
		}
	}
	event["pending_webhooks"] = int64(len(wanted))
	for _, e := range wanted {
		body := strip(event, t.s.base()).(obj)
		body["api_version"] = e.or("api_version", apiVersion)
		if err := t.plan(event, e.str("id"), body.json()); err != nil {
			return err
		}
	}
	return nil
}

// plan writes one delivery, or what the faults make of it.
func (t *tx) plan(event obj, endpoint, payload string) error {
	state, fault, due := "pending", "", time.Now().UnixMilli() // deliveries live in real time
	copies := 1
	switch {
	case t.s.roll(func(f Faults) float64 { return f.Drop }):
		state, fault = "dropped", "drop"
	case t.s.roll(func(f Faults) float64 { return f.Duplicate }):
		copies, fault = 2, "duplicate"
	case t.s.roll(func(f Faults) float64 { return f.Delay }):
		due, fault = due+t.s.rollBetween(500, 2000), "delay"
	case t.s.roll(func(f Faults) float64 { return f.Reorder }):
		due, fault = due+t.s.rollBetween(20, 300), "reorder"
	}
	for range copies {
		_, err := t.q.ExecContext(t.ctx, `INSERT INTO deliveries(account, event, type, endpoint, due, state, fault, payload) VALUES(?,?,?,?,?,?,?,?)`,
			t.account, event.str("id"), event.str("type"), endpoint, due, state, fault, payload)
		if err != nil {
			return fmt.Errorf("plan delivery of %s: %w", event.str("id"), err)
		}
	}
	return nil
}

// embedPending counts the endpoints that have not yet taken the event.
func (t *tx) embedPending(o obj) error {
	var n int64
	err := t.q.QueryRowContext(t.ctx, `SELECT count(DISTINCT endpoint) FROM deliveries WHERE event=? AND state='pending'`, o.str("id")).Scan(&n)
	if err != nil {
		return fmt.Errorf("count deliveries of %s: %w", o.str("id"), err)
	}
	o["pending_webhooks"] = n
	return nil
}

var listEvents = operation{
	params: listParams(fields{"type": text(), "types": list(text()).atMost(20), "delivery_success": yesNo()}),
	run: func(t *tx) (obj, error) {
		filters := t.where(map[string]string{"type": "parent=?"})
		if types := t.params.strs("types"); len(types) > 0 {
			filters = append(filters, filter{"parent IN (SELECT value FROM json_each(?))", jsonArray(types)})
		}
		return t.page("event", "/v1/events", filters...)
	},
}

func jsonArray(list []string) string {
	wrapped := obj{"a": anys(list)}.json()
	return wrapped[len(`{"a":`) : len(wrapped)-1]
}
