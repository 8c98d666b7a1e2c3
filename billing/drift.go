package billing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// DriftState says how Stripe's side differs from ours.
type DriftState string

// The states of drift.
const (
	DriftInSync        DriftState = "in_sync"
	DriftMissing       DriftState = "missing" // never made there, or deleted there
	DriftChanged       DriftState = "changed"
	DriftArchivedThere DriftState = "archived_there"
)

// Drift compares one product or price with what Stripe has on one account.
type Drift struct {
	Kind     SyncKind // SyncProduct or SyncPrice
	PlanID   string
	PriceID  string // "" for a product
	Account  Account
	StripeID string // "" = never made there
	State    DriftState
	// Ours is true when only our side has changed since the last sync: the next one brings it there by itself.
	Ours bool
	// Fields are what differs: Before is Stripe's, After is ours.
	Fields []FieldChange

	// There is a price's terms as Stripe has them; nil for a product, and for a price that is not there.
	There *Price

	there ProductState // of a product that is there
}

// text is the state as [StripeProduct] keeps it.
func (p ProductState) text() string {
	raw, _ := json.Marshal(p) // two texts and a bool: there is nothing to go wrong
	return string(raw)
}

// replaceable tells whether a price there can only be replaced: it is gone, or asks something else.
func (d Drift) replaceable() bool {
	terms := slices.ContainsFunc(d.Fields, func(f FieldChange) bool { return f.Field != "active" })
	return d.State == DriftMissing || d.Kind == SyncPrice && terms
}

// Direction is the side that gives way in a repair.
type Direction string

// The directions of a repair.
const (
	// DriftPush makes Stripe as we are. A price that asks something else is never edited: a new one is made.
	DriftPush Direction = "push"
	// DriftPull makes us as Stripe is: words are taken over; what is archived, gone or different there is archived
	// or retired here.
	DriftPull Direction = "pull"
)

// ErrNothingToRepair means that the two sides agree, or that there is nothing to take over in that direction.
var ErrNothingToRepair = errors.New("nothing to repair")

// Drifts compares what a scope has at Stripe with what it should have, thing by thing; planIDs, if any, narrow it
// to some plans. It reads each one at Stripe, so it takes its time with many. What is off sale and was never there
// is left out. Errors are those of [Service.StartSync] and of the gateway.
func (s *Service) Drifts(ctx context.Context, scope Scope, planIDs ...string) ([]Drift, error) {
	what := "compare " + scope.ID + " with stripe"
	c, err := s.soldSomewhere(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var out []Drift
	for _, at := range c.Accounts {
		for _, p := range c.Plans {
			if len(planIDs) > 0 && !slices.Contains(planIDs, p.ID) {
				continue
			}
			for _, item := range p.syncItems(at) {
				d, err := s.driftOf(ctx, item, p)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", what, err)
				}
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// DriftsOfPlan is [Service.Drifts] of one plan in portions: it compares at most limit of the plan's things from the
// given place on, each with one reading at Stripe, and answers how many there are. It answers [ErrPlanNotFound] too.
func (s *Service) DriftsOfPlan(ctx context.Context, scope Scope, planID string, from, limit int) (page []Drift, total int, err error) {
	what := "compare plan " + planID + " with stripe"
	c, err := s.soldSomewhere(ctx, scope)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", what, err)
	}
	i := slices.IndexFunc(c.Plans, func(p EditorPlan) bool { return p.ID == planID })
	if i < 0 {
		return nil, 0, fmt.Errorf("%s: %w", what, ErrPlanNotFound)
	}
	var items []SyncItem
	for _, at := range c.Accounts {
		items = append(items, c.Plans[i].syncItems(at)...)
	}
	from = min(max(from, 0), len(items))
	for _, item := range items[from:min(from+max(limit, 0), len(items))] {
		d, err := s.driftOf(ctx, item, c.Plans[i])
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", what, err)
		}
		page = append(page, d)
	}
	return page, len(items), nil
}

// CompareAgain compares the one thing that a [Drift] names anew. It answers [ErrPlanNotFound], [ErrPriceNotFound]
// and the errors of the gateway.
func (s *Service) CompareAgain(ctx context.Context, d Drift) (Drift, error) {
	_, now, err := s.driftNow(ctx, Drift{PlanID: d.PlanID, PriceID: d.PriceID, Account: d.Account})
	if err != nil {
		return Drift{}, fmt.Errorf("compare plan %s again: %w", d.PlanID, err)
	}
	return now, nil
}

func (s *Service) driftOf(ctx context.Context, item SyncItem, p EditorPlan) (Drift, error) {
	if item.Kind == SyncProduct {
		return s.productDrift(ctx, item.at(), p.Plan)
	}
	i := slices.IndexFunc(p.EditorPrices, func(e EditorPrice) bool { return e.ID == item.PriceID })
	return s.priceDrift(ctx, item.at(), p.Plan, p.EditorPrices[i].Price)
}

func (s *Service) productDrift(ctx context.Context, at Account, plan Plan) (Drift, error) {
	d := Drift{Kind: SyncProduct, PlanID: plan.ID, Account: at, State: DriftMissing}
	row, err := s.store.ProductAt(ctx, plan.ID, at)
	if errors.Is(err, ErrPlanNotFound) || err == nil && row.ProductID == "" {
		d.Ours = true
		return d, nil
	}
	if err != nil {
		return d, err
	}
	d.StripeID = row.ProductID
	there, err := s.gateway.ReadProduct(ctx, at, row.ProductID)
	if errors.Is(err, ErrStripeGone) {
		return d.unlessOffSale(plan.ArchivedAt != nil), nil
	}
	if err != nil {
		return d, err
	}
	told := ProductState{Name: row.Name, Description: row.Description, Active: row.Active}
	if row.Telling != "" && row.Telling == there.text() {
		told = there.ProductState // our last call arrived, its answer did not
	}
	d.there = there.ProductState
	return d.product(plan.atStripe(), told, there.ProductState), nil
}

// unlessOffSale: what nobody can buy any more need not be there.
func (d Drift) unlessOffSale(off bool) Drift {
	if off {
		d.State = DriftInSync
	}
	return d
}

// product compares three states: ours, what Stripe was last told, and what Stripe has.
func (d Drift) product(ours, told, there ProductState) Drift {
	d.Fields = changed([]word{
		{"name", there.Name}, {"description", there.Description}, {"active", strconv.FormatBool(there.Active)},
	}, []word{
		{"name", ours.Name}, {"description", ours.Description}, {"active", strconv.FormatBool(ours.Active)},
	})
	d.State = stateOf(d.Fields, !there.Active && ours.Active && told.Active)
	d.Ours = d.State == DriftChanged && there == told
	return d
}

func stateOf(fields []FieldChange, archived bool) DriftState {
	switch {
	case archived:
		return DriftArchivedThere
	case len(fields) > 0:
		return DriftChanged
	default:
		return DriftInSync
	}
}

func changed(before, after []word) (out []FieldChange) {
	for i, w := range before {
		if w.text != after[i].text {
			out = append(out, FieldChange{w.field, w.text, after[i].text})
		}
	}
	return out
}

func (s *Service) priceDrift(ctx context.Context, at Account, plan Plan, price Price) (Drift, error) {
	d := Drift{Kind: SyncPrice, PlanID: plan.ID, PriceID: price.ID, Account: at, State: DriftMissing}
	row, err := s.store.PriceAt(ctx, price.ID, at)
	if errors.Is(err, ErrPriceNotFound) || err == nil && row.StripePriceID == "" {
		d.Ours = true
		return d, nil
	}
	if err != nil {
		return d, err
	}
	d.StripeID = row.StripePriceID
	there, err := s.gateway.ReadPrice(ctx, at, row.StripePriceID)
	if errors.Is(err, ErrStripeGone) {
		return d.unlessOffSale(price.RetiredAt != nil || plan.ArchivedAt != nil), nil
	}
	if err != nil {
		return d, err
	}
	product, err := s.store.ProductAt(ctx, plan.ID, at)
	if err != nil {
		return d, err
	}
	return d.price(price, product.ProductID, row.Active, there), nil
}

// price compares the terms, which nobody can change at Stripe, and whether it is on sale, which anybody can.
func (d Drift) price(ours Price, productID string, told bool, there RemotePrice) Drift {
	shown := Price{
		Amount: there.Amount, Currency: there.Currency, Interval: there.Interval, Scheme: there.Scheme, Tiers: there.Tiers,
		PerSeat: ours.PerSeat, SeatLabel: ours.SeatLabel, CountryCodes: ours.CountryCodes, // which Stripe does not know
	}
	d.There = &shown
	active := ours.RetiredAt == nil
	d.Fields = append(priceChanges(shown, ours), changed(
		[]word{{"product", there.ProductID}, {"active", strconv.FormatBool(there.Active)}},
		[]word{{"product", productID}, {"active", strconv.FormatBool(active)}},
	)...)
	if !active { // its terms are history: people pay them
		d.Fields = slices.DeleteFunc(d.Fields, func(f FieldChange) bool { return f.Field != "active" })
	}
	d.State = stateOf(d.Fields, false)
	if !there.Active && active && told && !d.replaceable() {
		d.State = DriftArchivedThere
	}
	d.Ours = d.State == DriftChanged && !d.replaceable() && there.Active == told
	return d
}

// RepairDrift settles one difference in the direction that the admin picked, and answers how things stand then.
// It answers [ErrNothingToRepair], the errors of the gateway, and for a pull those of the change that it makes
// here ([FieldErrors] for words that a plan cannot have).
func (s *Service) RepairDrift(ctx context.Context, d Drift, direction Direction) (Drift, error) {
	what := fmt.Sprintf("repair %s of plan %s", d.Kind, d.PlanID)
	plan, now, err := s.driftNow(ctx, d)
	if err == nil && now.State == DriftInSync {
		err = ErrNothingToRepair
	}
	if err != nil {
		return now, fmt.Errorf("%s: %w", what, err)
	}
	switch direction {
	case DriftPush:
		err = s.push(ctx, plan, now)
	case DriftPull:
		err = s.pull(ctx, plan, now)
	default:
		err = fmt.Errorf("%w: direction %q", ErrNothingToRepair, direction)
	}
	if err != nil {
		return now, fmt.Errorf("%s: %w", what, err)
	}
	_, now, err = s.driftNow(ctx, d)
	return now, err
}

func (s *Service) driftNow(ctx context.Context, d Drift) (Plan, Drift, error) {
	plan, err := s.store.Plan(ctx, d.PlanID)
	if err != nil {
		return plan, d, err
	}
	if d.PriceID == "" {
		now, err := s.productDrift(ctx, d.Account, plan)
		return plan, now, err
	}
	i := slices.IndexFunc(plan.Prices, func(p Price) bool { return p.ID == d.PriceID })
	if i < 0 {
		return plan, d, fmt.Errorf("%w: %q", ErrPriceNotFound, d.PriceID)
	}
	now, err := s.priceDrift(ctx, d.Account, plan, plan.Prices[i])
	return plan, now, err
}

// push is a sync run of one item, so that a crash in between is made good.
func (s *Service) push(ctx context.Context, plan Plan, d Drift) error {
	item := SyncItem{Kind: SyncProductPush, PlanID: d.PlanID, PriceID: d.PriceID, Account: d.Account.ID, Livemode: d.Account.Livemode, StripeID: d.StripeID}
	if d.Kind == SyncPrice {
		item.Kind = SyncPricePush
	}
	run, err := s.startRun(ctx, "catalog.drift_pushed", plan.OrgID, plan.Scope, []SyncItem{item})
	if err != nil {
		return err
	}
	if err := s.jobs.DoNow(ctx, KindCatalogSync, run.ID); err != nil {
		return err
	}
	if run, err = s.store.SyncRun(ctx, run.ID); err == nil && run.Items[0].State == SyncItemFailed {
		err = fmt.Errorf("%w: %s", ErrStripeRefused, run.Items[0].Reason)
	}
	return err
}

// pull takes Stripe's side over. What Stripe was told is set to what it has, so that the next sync finds peace.
func (s *Service) pull(ctx context.Context, plan Plan, d Drift) error {
	switch {
	case d.Ours || d.StripeID == "":
		return fmt.Errorf("%w: stripe knows nothing newer", ErrNothingToRepair)
	case d.Kind == SyncPrice:
		return s.pullPrice(ctx, plan, d)
	case d.State == DriftMissing:
		return s.ArchivePlan(ctx, plan.ID)
	}
	there, err := s.gateway.ReadProduct(ctx, d.Account, d.StripeID)
	if err != nil {
		return err
	}
	if !there.Active {
		if err := s.ArchivePlan(ctx, plan.ID); err != nil {
			return err
		}
	}
	return s.takeWords(ctx, plan.ID, d.Account, there.ProductState)
}

func (s *Service) takeWords(ctx context.Context, planID string, at Account, there ProductState) error {
	return s.changeCatalog(ctx, "take words of plan "+planID, func(ctx context.Context) error {
		before, err := s.store.Plan(ctx, planID)
		if err != nil {
			return err
		}
		in := before.Edit()
		in.Name, in.Description = there.Name, there.Description
		after, err := s.plannedEdit(ctx, before, in)
		if err != nil {
			return err
		}
		if err := s.store.ToldProduct(ctx, planID, at, there, s.now()); err != nil {
			return err
		}
		if samePlan(before, after) {
			return nil
		}
		return s.savePlan(ctx, "plan.updated", before, &after)
	})
}

func (s *Service) pullPrice(ctx context.Context, plan Plan, d Drift) error {
	i := slices.IndexFunc(plan.Prices, func(p Price) bool { return p.ID == d.PriceID })
	if plan.Prices[i].RetiredAt != nil {
		return fmt.Errorf("%w: a retired price stays retired", ErrNothingToRepair)
	}
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		active := d.State == DriftChanged && !slices.ContainsFunc(d.Fields, func(f FieldChange) bool { return f.Field == "active" })
		if err := s.store.ToldPrice(ctx, d.PriceID, d.Account, active, s.now()); err != nil {
			return err
		}
		return s.audit.Record(ctx, audit.Entry{
			OrgID: plan.OrgID, Action: "catalog.drift_pulled", Target: audit.Target{Kind: "price", ID: d.PriceID},
			After: map[string]any{"stripeId": d.StripeID, "state": d.State},
		})
	})
	if err != nil {
		return err
	}
	return s.RetirePrice(ctx, d.PriceID)
}
