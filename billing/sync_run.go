package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// KindCatalogSync carries a sync run out; its key is the run's id.
const KindCatalogSync = "catalog_sync"

// ErrSyncNotFound means that no such sync run exists.
var ErrSyncNotFound = errors.New("sync run not found")

// SyncRun is one press of "Sync to Stripe": a list of things to bring to Stripe, worked through one by one.
type SyncRun struct {
	ID         string `gorm:"primaryKey"`
	OrgID      string
	Scope      Scope `gorm:"embedded"`
	FinishedAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time

	Items []SyncItem `gorm:"-"` // in the order in which they are worked through
}

// TableName names the table of sync runs.
func (SyncRun) TableName() string { return "catalog_sync_runs" }

// Count counts the items of a state.
func (r SyncRun) Count(state SyncItemState) (n int) {
	for _, it := range r.Items {
		if it.State == state {
			n++
		}
	}
	return n
}

// SyncKind says what an item brings to Stripe.
type SyncKind string

// The kinds of items. The push kinds overrule what somebody changed at Stripe; the others leave it for a decision.
const (
	SyncProduct     SyncKind = "product"
	SyncPrice       SyncKind = "price"
	SyncProductPush SyncKind = "product_push"
	SyncPricePush   SyncKind = "price_push"
)

// SyncItemState is where an item stands.
type SyncItemState string

// The states of an item.
const (
	SyncItemWaiting SyncItemState = "waiting"
	SyncItemDone    SyncItemState = "done"
	SyncItemFailed  SyncItemState = "failed"
)

// Reasons of items. A waiting one with a reason is tried again by itself; the drift reasons are repaired by
// [Service.RepairDrift].
const (
	ReasonUnavailable   = "stripe_unavailable"
	ReasonRefused       = "stripe_refused"
	ReasonNotConfigured = "stripe_not_configured"
	ReasonDeleted       = "deleted_here"      // the plan was deleted since
	ReasonMissing       = "missing_there"     // deleted on Stripe's side
	ReasonChanged       = "changed_there"     // changed on Stripe's side
	ReasonArchived      = "archived_there"    // archived on Stripe's side
	ReasonNeedsProduct  = "product_not_ready" // the price's product is missing there
)

// SyncItem is one product or price on one account. ID begins the idempotency keys of its changes; StripeID is what
// the thing is called there: the old name until the item is done.
type SyncItem struct {
	ID        string `gorm:"primaryKey"`
	RunID     string
	Position  int64
	Kind      SyncKind
	PlanID    string
	PriceID   string // "" for a product
	Account   string
	Livemode  bool
	State     SyncItemState
	Reason    string
	StripeID  string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TableName names the table of sync items.
func (SyncItem) TableName() string { return "catalog_sync_items" }

func (i SyncItem) at() Account { return Account{ID: i.Account, Livemode: i.Livemode} }

// StartSync writes down what has to reach Stripe and has it done in the background: every plan and price on sale,
// and what Stripe knows of those that are not any more, on each account where the scope sells. Pressing twice does
// the same twice, and makes nothing twice. It answers [ErrAppNotFound], or [ErrStripeNotConfigured] where the scope
// sells nowhere yet.
func (s *Service) StartSync(ctx context.Context, scope Scope) (SyncRun, error) {
	what := "sync " + scope.ID
	c, err := s.soldSomewhere(ctx, scope)
	if err != nil {
		return SyncRun{}, fmt.Errorf("%s: %w", what, err)
	}
	var items []SyncItem
	for _, at := range c.Accounts {
		for _, p := range c.Plans {
			items = append(items, p.syncItems(at)...)
		}
	}
	run, err := s.startRun(ctx, "catalog.sync_started", c.OrgID, scope, items)
	if err != nil {
		return SyncRun{}, fmt.Errorf("%s: %w", what, err)
	}
	return run, nil
}

// soldSomewhere is EditorCatalog of a scope that sells on some account: [ErrAppNotFound], or
// [ErrStripeNotConfigured] where it sells nowhere yet.
func (s *Service) soldSomewhere(ctx context.Context, scope Scope) (EditorCatalog, error) {
	c, err := s.EditorCatalog(ctx, scope)
	if err == nil && len(c.Accounts) == 0 {
		err = ErrStripeNotConfigured
	}
	return c, err
}

// syncItems leaves out what is off sale and was never there.
func (p EditorPlan) syncItems(at Account) (out []SyncItem) {
	if p.ArchivedAt == nil || StateAt(p.Sync, at) != SyncNever {
		out = append(out, SyncItem{Kind: SyncProduct, PlanID: p.ID, Account: at.ID, Livemode: at.Livemode})
	}
	for _, price := range p.EditorPrices {
		onSale := p.ArchivedAt == nil && price.RetiredAt == nil
		if onSale || StateAt(price.Sync, at) != SyncNever {
			out = append(out, SyncItem{Kind: SyncPrice, PlanID: p.ID, PriceID: price.ID, Account: at.ID, Livemode: at.Livemode})
		}
	}
	return out
}

func (s *Service) startRun(ctx context.Context, action, orgID string, scope Scope, items []SyncItem) (SyncRun, error) {
	var run SyncRun
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		now := s.now()
		run = SyncRun{ID: newID(), OrgID: orgID, Scope: scope, CreatedAt: now, UpdatedAt: now, Items: items}
		for i := range run.Items {
			it := &run.Items[i]
			it.ID, it.RunID, it.Position, it.State, it.CreatedAt, it.UpdatedAt = newID(), run.ID, int64(i), SyncItemWaiting, now, now
		}
		if err := s.store.InsertSyncRun(ctx, run); err != nil {
			return err
		}
		err := s.audit.Record(ctx, audit.Entry{
			OrgID: orgID, Action: action, Target: audit.Target{Kind: string(scope.Kind), ID: scope.ID},
			After: map[string]any{"run": run.ID, "items": len(items)},
		})
		if err != nil {
			return err
		}
		return s.jobs.Want(ctx, KindCatalogSync, run.ID)
	})
	return run, err
}

// SyncStatus answers a run with its items, or [ErrSyncNotFound]. The caller checks that the run's org is the
// asker's.
func (s *Service) SyncStatus(ctx context.Context, runID string) (SyncRun, error) {
	return s.store.SyncRun(ctx, runID)
}

// LastSync answers the newest run of a scope, or [ErrSyncNotFound].
func (s *Service) LastSync(ctx context.Context, scope Scope) (SyncRun, error) {
	return s.store.LastSyncRun(ctx, scope)
}

// syncChunk bounds the items of one call of the handler, which has a minute.
const syncChunk = 20

// carryOutSync works through a run. Every item is settled before the next begins, and every call to Stripe is made
// under a key that outlives a crash, so that whoever takes over goes on where this one ended.
func (s *Service) carryOutSync(ctx context.Context, runID string) error {
	run, err := s.store.SyncRun(ctx, runID)
	if errors.Is(err, ErrSyncNotFound) || err == nil && run.FinishedAt != nil {
		return nil
	}
	if err != nil {
		return err
	}
	taken := 0
	for _, item := range run.Items {
		if item.State != SyncItemWaiting {
			continue
		}
		if taken++; taken > syncChunk {
			return s.jobs.Want(ctx, KindCatalogSync, runID)
		}
		if err := s.carryOutItem(ctx, item); err != nil {
			return fmt.Errorf("sync %s of plan %s: %w", item.Kind, item.PlanID, err)
		}
	}
	return s.store.FinishSyncRun(ctx, runID, s.now())
}

func (s *Service) carryOutItem(ctx context.Context, item SyncItem) error {
	name, err := s.syncItem(ctx, item)
	if err == nil {
		return s.store.SettleSyncItem(ctx, item.ID, SyncItemDone, "", name, s.now())
	}
	reason, final := syncReason(err)
	if final {
		s.log.WarnContext(ctx, "sync item failed", "item", item.ID, "plan", item.PlanID, "price", item.PriceID, "reason", reason, "error", err)
		return s.store.SettleSyncItem(ctx, item.ID, SyncItemFailed, reason, name, s.now())
	}
	if reason != "" {
		err = errors.Join(err, s.store.SettleSyncItem(ctx, item.ID, SyncItemWaiting, reason, name, s.now()))
	}
	return err
}

// syncReason answers the code of an error, and whether trying again would change nothing.
func syncReason(err error) (reason string, final bool) {
	var drift *driftError
	switch {
	case errors.As(err, &drift):
		return drift.reason, true
	case errors.Is(err, ErrStripeUnavailable):
		return ReasonUnavailable, false
	case errors.Is(err, ErrStripeNotConfigured):
		return ReasonNotConfigured, true
	case errors.Is(err, ErrStripeRefused):
		return ReasonRefused, true
	case errors.Is(err, ErrStripeGone):
		return ReasonNeedsProduct, true
	case errors.Is(err, ErrPlanNotFound), errors.Is(err, ErrPriceNotFound):
		return ReasonDeleted, true
	default:
		return "", false
	}
}
