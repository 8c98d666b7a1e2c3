package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// claim is a lease on one item.
type claim struct {
	item
	token    string
	wanted   int64 // the generation that this run satisfies
	attempts int64 // failures before it
}

const (
	// maxRounds bounds how often one worker runs one item for changes made meanwhile, before it lets others in.
	maxRounds = 10
	// finishWithin bounds the write that ends a run whose own context may have ended.
	finishWithin = 5 * time.Second
)

// carryOut runs the item as long as it is wanted and free; ran tells whether it ran at all. The error is the
// last run's.
func (r *Runner) carryOut(ctx context.Context, it item) (ran bool, err error) {
	for range maxRounds {
		c, ok, err := r.claim(ctx, it, false)
		if err != nil || !ok {
			return ran, err
		}
		ran = true
		if err := r.execute(ctx, c); err != nil {
			return ran, err
		}
	}
	return ran, nil
}

// claim takes the lease if the item is wanted or due, nobody holds it and no retry is being waited for; force
// does not wait for a retry. A due date is consumed here and becomes a generation, so that a new due date set
// while the handler runs is not lost.
func (r *Runner) claim(ctx context.Context, it item, force bool) (c claim, ok bool, err error) {
	if r.kinds[it.Kind] == nil {
		return c, false, nil
	}
	now, due := realNow(), micro(r.cfg.Now())
	c = claim{item: it, token: uuid.NewString()}
	var row struct{ Wanted, Attempts int64 }
	res := r.db.Conn(ctx).Raw(`UPDATE work_items
		SET lease_token = ?, lease_until = ?, updated_at = ?,
		    wanted = CASE WHEN due_at <= ? AND wanted = done THEN wanted + 1 ELSE wanted END,
		    due_at = CASE WHEN due_at <= ? THEN NULL ELSE due_at END
		WHERE kind = ? AND item_key = ? AND (wanted > done OR due_at <= ?)
		  AND (lease_until IS NULL OR lease_until <= ?) AND (? OR retry_at IS NULL OR retry_at <= ?)
		RETURNING wanted, attempts`,
		c.token, now.Add(r.cfg.Lease), now, due, due, it.Kind, it.Key, due, now, force, now).Scan(&row)
	if res.Error != nil {
		return c, false, db.Err("claim "+it.Kind, res.Error)
	}
	c.wanted, c.attempts = row.Wanted, row.Attempts
	return c, res.RowsAffected > 0, nil
}

// execute calls the handler under the lease and stores how it ended.
func (r *Runner) execute(ctx context.Context, c claim) error {
	k := r.kinds[c.Kind]
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		r.heartbeat(run, c, cancel)
	}()
	err := call(run, k, c.Key)
	if cause := context.Cause(run); err != nil && errors.Is(cause, errLeaseLost) {
		err = errors.Join(cause, err)
	}
	stopping := errors.Is(context.Cause(run), errStopping)
	cancel(nil)
	<-beat
	end, done := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer done()
	switch {
	case err == nil:
		return r.finish(end, c)
	case stopping:
		return r.release(end, c)
	default:
		return errors.Join(err, r.fail(end, c, err))
	}
}

// call runs the handler within its timeout and turns a panic into an error that tells where it happened.
func call(ctx context.Context, k *kind, key string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handler panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return k.handle(ctx, key)
}

// heartbeat renews the lease until ctx ends; when another worker has it, the handler is cancelled.
func (r *Runner) heartbeat(ctx context.Context, c claim, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(r.cfg.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		res := r.db.Conn(ctx).Exec(`UPDATE work_items SET lease_until = ? WHERE kind = ? AND item_key = ? AND lease_token = ?`,
			realNow().Add(r.cfg.Lease), c.Kind, c.Key, c.token)
		if res.Error == nil && res.RowsAffected == 0 {
			cancel(errLeaseLost)
			return
		}
	}
}

func (r *Runner) finish(ctx context.Context, c claim) error {
	err := r.db.Conn(ctx).Exec(`UPDATE work_items
		SET done = CASE WHEN done < ? THEN ? ELSE done END,
		    lease_token = '', lease_until = NULL, retry_at = NULL, attempts = 0, last_error = '', updated_at = ?
		WHERE kind = ? AND item_key = ? AND lease_token = ?`,
		c.wanted, c.wanted, realNow(), c.Kind, c.Key, c.token).Error
	return db.Err("finish "+c.Kind, err)
}

// release gives the item back untried, when this process stops.
func (r *Runner) release(ctx context.Context, c claim) error {
	err := r.db.Conn(ctx).Exec(`UPDATE work_items SET lease_token = '', lease_until = NULL
		WHERE kind = ? AND item_key = ? AND lease_token = ?`, c.Kind, c.Key, c.token).Error
	return db.Err("release "+c.Kind, err)
}

func (r *Runner) fail(ctx context.Context, c claim, cause error) error {
	now := realNow()
	err := r.db.Conn(ctx).Exec(`UPDATE work_items
		SET lease_token = '', lease_until = NULL, attempts = attempts + 1, last_error = ?, retry_at = ?, updated_at = ?
		WHERE kind = ? AND item_key = ? AND lease_token = ?`,
		clean(cause), now.Add(r.backoff(c.attempts+1)), now, c.Kind, c.Key, c.token).Error
	return db.Err("store failure of "+c.Kind, err)
}

// backoff doubles with every failure up to MaxRetry; a quarter of it is jitter, so that what failed together
// does not come back together.
func (r *Runner) backoff(attempts int64) time.Duration {
	wait := r.cfg.FirstRetry
	for range attempts - 1 {
		if wait *= 2; wait >= r.cfg.MaxRetry {
			wait = r.cfg.MaxRetry
			break
		}
	}
	return wait - wait/8 + rand.N(wait/4+1) // #nosec G404 -- jitter, not a secret
}
