package comps

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/claims"
)

// Run answers a list of an app with the number of its lines by state, or [claims.ErrCompNotFound].
func (s *Service) Run(ctx context.Context, clientID, id string) (claims.CompRun, claims.CompTally, error) {
	run, err := s.deps.Store.Run(ctx, id)
	if err == nil && run.ClientID != clientID {
		err = claims.ErrCompNotFound
	}
	if err != nil {
		return claims.CompRun{}, claims.CompTally{}, err
	}
	tally, err := s.deps.Store.Tally(ctx, id)
	return run, tally, err
}

// Runs lists an app's newest lists.
func (s *Service) Runs(ctx context.Context, clientID string, limit int) ([]claims.CompRun, error) {
	return s.deps.Store.Runs(ctx, clientID, limit)
}

// RunItems answers the lines of a list behind one, in order.
func (s *Service) RunItems(ctx context.Context, runID string, afterLine int64, limit int) ([]claims.CompRunItem, error) {
	return s.deps.Store.RunItems(ctx, runID, "", afterLine, limit)
}

// Start has the good lines of a checked list given in the background. Errors: [claims.ErrCompNotFound];
// also where by is not the one who sent it, since the giver of
// each pass must be who confirms it; [ErrRunMoved] where that was asked for before.
func (s *Service) Start(ctx context.Context, clientID, id, by string) error {
	run, _, err := s.Run(ctx, clientID, id)
	if err != nil {
		return err
	}
	if run.GivenBy != by {
		return claims.ErrCompNotFound
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		moved, err := s.deps.Store.MoveRun(ctx, id, claims.CompRunChecked, claims.CompRunRunning, s.now())
		if err != nil {
			return err
		}
		if !moved {
			return ErrRunMoved
		}
		return s.deps.Jobs.Want(ctx, kindRun, id)
	})
}

// sender is what must be known of who sent a list: the app's org, and the address that gets nothing.
type sender struct{ orgID, own string }

// carryRun gives what is still to be given. A line is given and marked in one transaction, so a run that was
// interrupted goes on behind the last one.
func (s *Service) carryRun(ctx context.Context, id string) error {
	run, err := s.deps.Store.Run(ctx, id)
	if errors.Is(err, claims.ErrCompNotFound) || err == nil && run.State != claims.CompRunRunning {
		return nil
	}
	if err != nil {
		return err
	}
	var who sender
	if who.orgID, err = s.deps.Apps.OrgOf(ctx, run.ClientID); err != nil {
		return err
	}
	if who.own, err = s.deps.People.NormalOf(ctx, run.GivenBy); err != nil {
		return err
	}
	for {
		items, err := s.deps.Store.RunItems(ctx, id, claims.CompItemReady, 0, passesPerTx)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			_, err := s.deps.Store.MoveRun(ctx, id, claims.CompRunRunning, claims.CompRunDone, s.now())
			return err
		}
		err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
			for _, item := range items {
				if err := s.giveItem(ctx, run, who, item); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// giveItem gives one line, or marks why not; it fails only where the database does. Plan and reason were settled
// when the list was read.
func (s *Service) giveItem(ctx context.Context, run claims.CompRun, who sender, item claims.CompRunItem) error {
	ready := checked{
		Gift: Gift{
			ClientID: run.ClientID, Email: item.Email, PlanSlug: item.PlanSlug, ExpiresAt: item.ExpiresAt, Reason: item.Reason, GivenBy: run.GivenBy,
		},
		orgID: who.orgID, planName: item.PlanName,
	}
	_, normal, ok := s.deps.People.Address(item.Email)
	ready.normal = normal
	var err error
	switch {
	case !ok:
		err = ErrAddress
	case normal == who.own:
		err = ErrSelf
	case item.ExpiresAt != nil && !item.ExpiresAt.After(s.now()):
		err = ErrEndPast
	default:
		err = s.give(ctx, ready)
	}
	item.State = claims.CompItemGiven
	if err != nil {
		item.State = claims.CompItemRefused
		if item.Code = codeOf(err); item.Code == "" {
			return err
		}
	}
	return s.deps.Store.SettleItem(ctx, item, s.now())
}

// codeOf is the word for what is wrong with a line, "" where the line is not to blame.
func codeOf(err error) string {
	for _, c := range []struct {
		err  error
		code string
	}{
		{claims.ErrCompExists, CodeExists},
		{ErrSelf, CodeSelf},
		{ErrEndPast, CodePast},
		{ErrPlan, CodePlan},
		{ErrReason, CodeReason},
		{ErrAddress, CodeAddress},
		{claims.ErrInvalidComp, CodeUntil},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return ""
}
