package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// poll is how often a waiting caller looks whether another worker has finished.
const poll = 20 * time.Millisecond

// DoNow wants the item and carries it out in the caller's goroutine, under the same lease as every worker;
// where another worker is at it, DoNow waits until that one has done at least what is wanted now. It answers
// the handler's error (the item will be tried again by itself), [ErrBusy], [ErrUnknownKind], or
// [ErrInTransaction].
func (r *Runner) DoNow(ctx context.Context, kind, key string) error {
	if _, in := r.db.SQLTx(ctx); in {
		return ErrInTransaction
	}
	if r.kinds[kind] == nil {
		return fmt.Errorf("%w: %s", ErrUnknownKind, kind)
	}
	it := item{kind, key}
	wanted, err := r.want(ctx, kind, key)
	if err != nil {
		return err
	}
	for deadline := realNow().Add(r.cfg.DoNowWait); ; {
		c, ok, err := r.claim(ctx, it, true)
		switch {
		case err != nil:
			return err
		case ok:
			return r.execute(ctx, c)
		}
		done, err := r.doneOf(ctx, it)
		switch {
		case err != nil || done >= wanted:
			return err
		case realNow().After(deadline):
			return fmt.Errorf("%s: %w", kind, ErrBusy)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func (r *Runner) doneOf(ctx context.Context, it item) (done int64, err error) {
	err = r.db.Conn(ctx).Raw("SELECT done FROM work_items WHERE kind = ? AND item_key = ?", it.Kind, it.Key).Scan(&done).Error
	return done, db.Err("look at "+it.Kind, err)
}

// Drain carries out everything that is due now, in the caller's goroutine, and what that makes due in turn,
// until nothing is; it waits for what other workers are at. It is for tests and for the demo's clock. What
// fails is tried once and left to its retry; the errors are joined. [ErrInTransaction].
func (r *Runner) Drain(ctx context.Context) error {
	if _, in := r.db.SQLTx(ctx); in {
		return ErrInTransaction
	}
	failed := map[item]bool{}
	var failures []error
	for {
		items, err := r.due(ctx, true)
		if err != nil {
			return errors.Join(append(failures, err)...)
		}
		open, progress := 0, false
		for _, it := range items {
			if failed[it] {
				continue
			}
			open++
			ran, err := r.carryOut(ctx, it)
			progress = progress || ran
			if err != nil {
				failed[it] = true
				failures = append(failures, fmt.Errorf("%s %s: %w", it.Kind, it.Key, err))
			}
		}
		if open == 0 {
			return errors.Join(failures...)
		}
		if !progress {
			if err := pause(ctx); err != nil {
				return errors.Join(append(failures, err)...)
			}
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for another worker: %w", ctx.Err())
	case <-time.After(poll):
		return nil
	}
}
