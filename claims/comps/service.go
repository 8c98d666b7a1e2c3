// Package comps is the service around free passes: who may get one and for what, one by one or by a list, how
// people without an account come by theirs, who is reminded of an end, and what a person holds in an app and why.
//
// Whether somebody may give at all is decided before, by whoever calls. What nobody may is decided here: give
// themselves a pass, give without a reason, give for the past.
package comps

import (
	"context"
	"errors"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// The plan that a pass shows unless another one is chosen.
const (
	DefaultSlug = "comp"
	DefaultName = "Complimentary"
)

// Errors of giving. A pass that exists already is [claims.ErrCompExists], an id that leads nowhere
// [claims.ErrCompNotFound]; an unknown app is the error of [Apps].
var (
	// ErrSelf means that the giver would get the pass.
	ErrSelf = errors.New("nobody gives themselves a pass")
	// ErrReason means that the reason is missing or longer than [MaxReason] characters.
	ErrReason = errors.New("a pass needs a reason")
	// ErrEndPast means that the end is not in the future.
	ErrEndPast = errors.New("the end of a pass must be in the future")
	// ErrPlan means that the app has no plan of that slug.
	ErrPlan = errors.New("unknown plan")
	// ErrFeature means that the app has no feature of that key.
	ErrFeature = errors.New("unknown feature")
	// ErrUser means that the person is not in the app's directory.
	ErrUser = errors.New("not a user of the app")
	// ErrAddress means that the text is no e-mail address.
	ErrAddress = errors.New("not an address")
	// ErrRunMoved means that the list was confirmed before.
	ErrRunMoved = errors.New("the list was confirmed already")
)

// MaxReason bounds a reason in characters.
const MaxReason = 500

// Tx runs fn in one transaction, carried by the context that fn receives; fn may run more than once.
type Tx interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Auditor records what was done, in the transaction of ctx.
type Auditor interface {
	Record(ctx context.Context, e audit.Entry) error
}

// Choice is a plan or feature of an app.
type Choice struct{ Key, Name string }

// Apps is what must be known of an app.
type Apps interface {
	// OrgOf answers the org that owns the app, or the error of an unknown app.
	OrgOf(ctx context.Context, clientID string) (orgID string, err error)
	// Plans and Features list what the app and its bundles have; none where billing is off.
	Plans(ctx context.Context, clientID string) ([]Choice, error)
	Features(ctx context.Context, clientID string) ([]Choice, error)
}

// People is what must be known of persons.
type People interface {
	// Address answers an address without outer space and in the form to compare by; ok is false for no address.
	Address(typed string) (email, normal string, ok bool)
	// NormalOf answers a person's address in the form to compare by, "" for nobody.
	NormalOf(ctx context.Context, userID string) (string, error)
	// Proven answers the person who has proven that an address is theirs, "" for nobody.
	Proven(ctx context.Context, normal string) (userID string, err error)
}

// Mailer tells the giver of a pass, or else the app's admins, that it ends soon, in the transaction of ctx.
type Mailer interface {
	EndingSoon(ctx context.Context, pass claims.Pass) error
}

// Jobs is durable work; internal/jobs.Runner is nearly one.
type Jobs interface {
	Handle(kind string, h func(ctx context.Context, key string) error)
	Want(ctx context.Context, kind, key string) error
	Periodic(kind string, every time.Duration, h func(ctx context.Context) error)
}

// Deps are what the service stands on; all are required.
type Deps struct {
	Store  *store.Store
	Tx     Tx
	Audit  Auditor
	Apps   Apps
	People People
	Mail   Mailer
	Jobs   Jobs
	// Now is the business clock.
	Now func() time.Time
}

// Service gives and ends passes. It is safe for concurrent use.
type Service struct{ deps Deps }

// New makes the service. [Service.RegisterJobs] gives it its background work.
func New(deps Deps) *Service { return &Service{deps: deps} }

// now is the clock in UTC, at the precision that both engines keep.
func (s *Service) now() time.Time { return s.deps.Now().UTC().Truncate(time.Microsecond) }

// kindRun is the job that gives the passes of a list.
const kindRun = "comps.run"

// RegisterJobs names the handlers; before the jobs run.
func (s *Service) RegisterJobs() {
	s.deps.Jobs.Handle(kindRun, s.carryRun)
	s.deps.Jobs.Periodic("comps.remind", time.Hour, s.Remind)
}
