package admin

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/comps"
)

// Passes is what the console asks of free passes and of who holds what; [comps.Service] is one. What was typed
// wrongly is an error of package comps; an id that leads nowhere is claims.ErrCompNotFound.
type Passes interface {
	AppPeople
	PassGiver
	PassLists
	PassRuns
}

// AppPeople is the part of [Passes] about an app's people.
type AppPeople interface {
	// Directory answers a page and the cursor of the next one, "" at the end; after is such a cursor.
	Directory(ctx context.Context, clientID, search, after string, limit int) (page []claims.AppUser, next string, err error)
	// AppUser and Explain answer comps.ErrUser for somebody who is not in the directory.
	AppUser(ctx context.Context, clientID, userID string) (claims.AppUser, error)
	Explain(ctx context.Context, userID, orgID, clientID string, at time.Time, reader string, foreign bool) (claims.Explanation, error)
	ActingOrgs(ctx context.Context, userID, clientID string) ([]claims.Org, error)
}

// PassGiver is the part of [Passes] that changes one.
type PassGiver interface {
	Choices(ctx context.Context, clientID string) (plans, features []comps.Choice, err error)
	Give(ctx context.Context, g comps.Gift) error
	Pass(ctx context.Context, clientID, id string) (claims.Pass, error)
	End(ctx context.Context, clientID, id, by string) error
	Renew(ctx context.Context, clientID, id string, until *time.Time, by string) error
}

// PassLists is the part of [Passes] that lists them.
type PassLists interface {
	Ending(ctx context.Context, clientID string, limit int) ([]claims.Pass, error)
	AddressPasses(ctx context.Context, clientID, afterID string, limit int) ([]claims.Pass, error)
	CountPasses(ctx context.Context, clientID string) ([]claims.PassCount, error)
}

// PassRuns is the part of [Passes] about many at once.
type PassRuns interface {
	// Check answers comps.ErrNoLines, comps.ErrTooManyLines, comps.ErrPlan and comps.ErrEndPast.
	Check(ctx context.Context, in comps.List) (claims.CompRun, error)
	// Start answers comps.ErrRunMoved where it was called before.
	Start(ctx context.Context, clientID, id, by string) error
	Run(ctx context.Context, clientID, id string) (claims.CompRun, claims.CompTally, error)
	Runs(ctx context.Context, clientID string, limit int) ([]claims.CompRun, error)
	RunItems(ctx context.Context, runID string, afterLine int64, limit int) ([]claims.CompRunItem, error)
}
