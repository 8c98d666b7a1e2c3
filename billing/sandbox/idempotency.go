package sandbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
)

// replyLife is how long a saved reply answers for its key, in sandbox time.
const replyLife = 24 * 60 * 60

// once executes a keyed request at most once. The reply is saved in the very
// transaction that changes the state: after a crash there are both or neither.
// Requests that fail the parameter check execute nothing and save nothing.
func (c *call) once(ctx context.Context) (*reply, error) {
	slot := c.account + "\x00" + c.key
	if _, busy := c.s.inFlight.LoadOrStore(slot, true); busy {
		return nil, &apiError{
			status: http.StatusConflict, kind: "idempotency_error", code: "idempotency_key_in_use",
			message: "There is currently another in-progress request using this Stripe-Idempotency-Key (that probably means you submitted twice, and the other request is still going through): " + c.key + ". Please try again later.",
		}
	}
	defer c.s.inFlight.Delete(slot)

	var out *reply
	var outcome error
	err := c.s.write(ctx, c.account, func(t *tx) error {
		saved, err := c.saved(t)
		if saved != nil || err != nil {
			out = saved
			return err
		}
		if _, err := c.prepare(t); err != nil {
			return err
		}
		if out, outcome = c.attempt(t); outcome != nil {
			var known *apiError
			if !errors.As(outcome, &known) {
				return outcome
			}
			out = &reply{status: known.status, body: known.body().json()}
		}
		return c.keep(t, out)
	})
	return out, err
}

func (c *call) fingerprint() string {
	sum := sha256.Sum256([]byte(c.r.Method + " " + c.r.URL.Path + " " + c.form.canonical()))
	return hex.EncodeToString(sum[:])
}

// saved finds the reply of an earlier request with this key.
func (c *call) saved(t *tx) (*reply, error) {
	out := &reply{replayed: true}
	var fingerprint, first string
	var created int64
	err := t.q.QueryRowContext(t.ctx, `SELECT fingerprint, status, body, request_id, created FROM replies WHERE account=? AND key=?`,
		c.account, c.key).Scan(&fingerprint, &out.status, &out.body, &first, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // no reply yet is the ordinary case
	}
	if err != nil {
		return nil, fmt.Errorf("load saved reply: %w", err)
	}
	if t.now-created > replyLife {
		return nil, nil //nolint:nilnil // forgotten, as Stripe forgets
	}
	if fingerprint != c.fingerprint() {
		return nil, &apiError{
			status: http.StatusBadRequest, kind: "idempotency_error",
			message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + c.key + "' if you meant to execute a different request.",
		}
	}
	c.w.Header().Set("Original-Request", first)
	return out, nil
}

func (c *call) keep(t *tx, r *reply) error {
	_, err := t.q.ExecContext(t.ctx, `INSERT OR REPLACE INTO replies(account, key, fingerprint, status, body, request_id, created) VALUES(?,?,?,?,?,?,?)`,
		c.account, c.key, c.fingerprint(), r.status, r.body, c.id, c.s.cfg.Now().Unix())
	if err != nil {
		return fmt.Errorf("save reply: %w", err)
	}
	return nil
}
