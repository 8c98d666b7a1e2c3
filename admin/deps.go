package admin

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
)

// People is what the console asks about persons and orgs; [idp.Service] is one.
type People interface {
	// User answers idp.ErrUserNotFound; a disabled person is answered too.
	User(ctx context.Context, id string) (idp.User, error)
	// OrgsOf lists the orgs that the user is an active member of, the personal one first.
	OrgsOf(ctx context.Context, userID string) ([]idp.OrgMembership, error)
	// Org and OrgBySlug answer idp.ErrOrgNotFound.
	Org(ctx context.Context, id string) (idp.Org, error)
	OrgBySlug(ctx context.Context, slug string) (idp.Org, error)
	// Members lists the active members by address.
	Members(ctx context.Context, orgID string) ([]idp.Member, error)
	ActiveMembers(ctx context.Context, orgID string) (int64, error)
}

// Apps is what the console asks about apps and bundles; [idp.Service] is one.
type Apps interface {
	// App answers idp.ErrAppNotFound for an app that is unknown or disabled.
	App(ctx context.Context, clientID string) (idp.App, error)
	// Apps lists an org's apps, disabled ones too.
	Apps(ctx context.Context, orgID string) ([]idp.App, error)
	Bundles(ctx context.Context, orgID string) ([]idp.Bundle, error)
	BundleApps(ctx context.Context, bundleID string) ([]idp.App, error)
	// RotateSecret replaces and records, and answers the new secret in plain: idp.ErrAppNotFound,
	// idp.ErrAppPublic.
	RotateSecret(ctx context.Context, clientID string) (string, error)
}

// Shop is what the console asks about plans; [billing.Service] is one.
type Shop interface {
	// Catalog answers billing.ErrAppNotFound, or billing.ErrBillingOff together with what is known of the app.
	Catalog(ctx context.Context, clientID string) (billing.Catalog, error)
}

// Editor changes what is sold, in the transaction of ctx, and records each change; [billing.Service] is one. What
// was typed wrongly is billing.FieldErrors, a thing that is not there the NotFound of its kind.
type Editor interface {
	// EditorCatalog answers everything of one scope, the archived too, or billing.ErrAppNotFound.
	EditorCatalog(ctx context.Context, scope billing.Scope) (billing.EditorCatalog, error)
	CreateFeature(ctx context.Context, in billing.NewFeature) (billing.Feature, error)
	// PreviewChange answers what a change would do, with every error that it would answer, and writes nothing.
	PreviewChange(ctx context.Context, change billing.Change) (billing.Impact, error)
	PlanEditor
	PriceEditor
	FeatureEditor
	PlanMover
	Syncer
	ShopEditor
	Repairer
}

// Syncer is the part of [Editor] about Stripe.
type Syncer interface {
	// StartSync answers billing.ErrStripeNotConfigured where the scope sells nowhere yet.
	StartSync(ctx context.Context, scope billing.Scope) (billing.SyncRun, error)
	// LastSync answers billing.ErrSyncNotFound before the first one.
	LastSync(ctx context.Context, scope billing.Scope) (billing.SyncRun, error)
}

// PlanEditor is the part of [Editor] about plans.
type PlanEditor interface {
	CreatePlan(ctx context.Context, in billing.NewPlan) (billing.Plan, error)
	// UpdatePlan answers billing.ErrConflict where another change came first.
	UpdatePlan(ctx context.Context, in billing.PlanEdit) (billing.Plan, error)
	ReorderPlans(ctx context.Context, scope billing.Scope, planIDs []string) error
	DuplicatePlan(ctx context.Context, planID, name string) (billing.Plan, error)
	ArchivePlan(ctx context.Context, planID string) error
	RestorePlan(ctx context.Context, planID string) error
}

// PriceEditor is the part of [Editor] about prices.
type PriceEditor interface {
	// AddPrice and EditPrice answer billing.ErrPlanArchived; EditPrice also billing.ErrPriceRetired and
	// billing.ErrConflict.
	AddPrice(ctx context.Context, in billing.NewPrice) (billing.Price, error)
	EditPrice(ctx context.Context, in billing.PriceEdit) (billing.PriceEdited, error)
	RetirePrice(ctx context.Context, priceID string) error
}

// Sales counts what was sold.
type Sales interface {
	// LiveSubscriptions counts the subscriptions and purchases that hold now in the app's own scope and mode.
	LiveSubscriptions(ctx context.Context, clientID string) (int64, error)
}

// Comps lists free passes.
type Comps interface {
	// CompsOfApp answers the comps of an app that nobody took back, in the order of their ids, those after
	// afterID ("" for the first), at most limit. Some of them may have run out.
	CompsOfApp(ctx context.Context, clientID, afterID string, limit int) ([]claims.Comp, error)
}

// Jobs is the durable work of the server; [jobs.Runner] is one.
type Jobs interface {
	// FailedPage lists what has failed and is still wanted, the latest failure first, and FailedKinds counts it.
	FailedPage(ctx context.Context, f jobs.FailedFilter) (items []jobs.Item, more bool, err error)
	FailedKinds(ctx context.Context) ([]jobs.KindCount, error)
	Stats(ctx context.Context) (jobs.Stats, error)
	// Retry has an item tried now, in the transaction of ctx; db.ErrNotFound where it was never wanted.
	Retry(ctx context.Context, kind, key string) error
}

// Log is the audit log; [audit.Log] is one.
type Log interface {
	Record(ctx context.Context, e audit.Entry) error
	// List answers a page, the newest first, and the Filter.Before of the next one, "" at the end.
	List(ctx context.Context, f audit.Filter) (page []audit.Record, next string, err error)
}

// Tx runs fn in one transaction, carried by the context that fn receives; fn may run more than once.
type Tx interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Deps are what the console stands on. All are required but Sales and Window: without the first the page of an app
// says nothing about subscriptions, without the second the editor shows no preview.
type Deps struct {
	People People
	Apps   Apps
	Shop   Shop
	Editor Editor
	Sales  Sales
	Window Window
	Comps  Comps
	Passes Passes
	Team   Team
	Seats  Seats
	Jobs   Jobs
	Audit  Log
	Tx     Tx
	// Of apps, bundles and the platform's pages.
	Settings    AppEditor
	Bundles     BundleEditor
	BundleReach BundleReach
	Directory   Directory
	Deliveries  Deliveries
	Feeds       Feeds
	Fees        Fees
	// Of money.
	Selling  BillingSwitch
	Payments Payments
	// Now is the business clock, by which comps run out.
	Now func() time.Time
}
