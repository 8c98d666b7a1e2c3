package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

const (
	// KindReconcileDaily begins the daily comparison of everything.
	KindReconcileDaily = "reconcile_daily"
	// KindReconcilePage compares a page; its key is where the page begins.
	KindReconcilePage = "reconcile_page"

	reconcilePage = 25
)

// ErrSinceTooOld means that Stripe does not keep events for that long.
var ErrSinceTooOld = errors.New("stripe keeps events for 30 days")

// ReconcileOptions chooses what is compared.
type ReconcileOptions struct {
	OrgID string // what this org bought, and what was bought from it; "" = everything
	// Since compares only what Stripe's events since then are about, at most 30 days back; zero compares every live
	// object.
	Since  time.Time
	DryRun bool // write nothing
}

// FieldDifference is one thing that is not here what it is at Stripe.
type FieldDifference struct{ Field, Ours, Stripe string }

// Difference is one object that differs, or that could not be compared.
type Difference struct {
	OrgID    string // the buyer
	Account  Account
	StripeID string // of a checkout that Stripe never made, our own id
	Differs  []FieldDifference
	Repaired bool
	Err      error // why it could not be compared or repaired

	checkout string
}

// ReconcileSummary counts the objects of a run.
type ReconcileSummary struct{ Compared, Differ, Repaired, Failed int64 }

// ReconcileReport hears of a run while it goes on. Both functions may be nil.
type ReconcileReport struct {
	Difference func(Difference)
	// Progress hears how many customers, purchases and checkouts are done, of how many.
	Progress func(done, total int64)
}

// LiveFilter chooses rows of an org: what it bought, and what was bought on its accounts. Empty chooses all.
type LiveFilter struct {
	OrgID    string
	Accounts []string
}

// ReconcileStore reads what is compared with Stripe, by pages in the order of ids.
type ReconcileStore interface {
	// CountLive counts what the three pages hold together.
	CountLive(ctx context.Context, f LiveFilter) (int64, error)
	// CustomerPage answers customers that Stripe knows.
	CustomerPage(ctx context.Context, f LiveFilter, after string, limit int) ([]Customer, error)
	// LoosePage answers what has not ended and belongs to no customer of the customers' pages: one-time purchases and
	// subscriptions of customers that were replaced.
	LoosePage(ctx context.Context, f LiveFilter, after string, limit int) ([]Subscription, error)
	OpenCheckoutPage(ctx context.Context, f LiveFilter, after string, limit int) ([]Checkout, error)
	// LiveOfCustomer answers the subscriptions of a customer that have not ended.
	LiveOfCustomer(ctx context.Context, at Account, customerID string) ([]Subscription, error)
	// Accounts answers every account and mode of ours, the platform's own among them.
	Accounts(ctx context.Context) ([]Account, error)
	// AccountsOf answers the ids of the accounts that an org sells through.
	AccountsOf(ctx context.Context, orgID string) ([]string, error)
}

// reconciliation is one run.
type reconciliation struct {
	s      *Service
	filter LiveFilter
	dryRun bool
	report ReconcileReport
	sum    ReconcileSummary
	done   int64
	total  int64
}

// ReconcileAll compares every live object with Stripe: subscriptions, purchases, open checkouts, and what customers of
// ours have there that we do not have. What differs is reported and, unless DryRun, read again, which repairs it. An
// object that Stripe does not answer for is reported and does not end the run. [ErrSinceTooOld].
func (s *Service) ReconcileAll(ctx context.Context, o ReconcileOptions, report ReconcileReport) (ReconcileSummary, error) {
	r := &reconciliation{s: s, dryRun: o.DryRun, report: report, filter: LiveFilter{OrgID: o.OrgID}}
	var err error
	if o.OrgID != "" {
		if r.filter.Accounts, err = s.store.AccountsOf(ctx, o.OrgID); err != nil {
			return r.sum, fmt.Errorf("reconcile: %w", err)
		}
	}
	if o.Since.IsZero() {
		err = r.everything(ctx)
	} else {
		err = r.since(ctx, o.Since)
	}
	if err != nil {
		return r.sum, fmt.Errorf("reconcile: %w", err)
	}
	if o.DryRun {
		return r.sum, nil
	}
	return r.sum, s.audit.Record(ctx, audit.Entry{
		OrgID: o.OrgID, Action: "billing.reconciled", Target: audit.Target{Kind: "billing", ID: "stripe"}, After: r.sum,
	})
}

func (r *reconciliation) everything(ctx context.Context) (err error) {
	if r.total, err = r.s.store.CountLive(ctx, r.filter); err != nil {
		return err
	}
	for at := phaseCustomers + "|"; at != "" && err == nil; {
		at, err = r.page(ctx, at)
	}
	if err == nil && r.done < r.total && r.report.Progress != nil {
		r.report.Progress(r.done, r.done) // some were settled by the repair of others, or by events
	}
	return err
}

const (
	phaseCustomers = "customers"
	phaseLoose     = "loose"
	phaseCheckouts = "checkouts"
)

// page compares the page that begins at a place, and answers the place of the next one, "" after the last.
func (r *reconciliation) page(ctx context.Context, place string) (next string, err error) {
	phase, after, _ := strings.Cut(place, "|")
	switch phase {
	case phaseCustomers:
		rows, err := r.s.store.CustomerPage(ctx, r.filter, after, reconcilePage)
		return visitRows(r, phase, phaseLoose, rows, err, func(c Customer) (string, error) { return c.ID, r.compareCustomer(ctx, c) })
	case phaseLoose:
		rows, err := r.s.store.LoosePage(ctx, r.filter, after, reconcilePage)
		return visitRows(r, phase, phaseCheckouts, rows, err, func(s Subscription) (string, error) { return s.ID, r.compareLive(ctx, s) })
	case phaseCheckouts:
		rows, err := r.s.store.OpenCheckoutPage(ctx, r.filter, after, reconcilePage)
		return visitRows(r, phase, "", rows, err, func(c Checkout) (string, error) { return c.ID, r.compareCheckout(ctx, c) })
	default:
		return "", nil
	}
}

func visitRows[T any](r *reconciliation, phase, then string, rows []T, err error, compare func(T) (id string, err error)) (next string, _ error) {
	if err != nil {
		return "", err
	}
	last := ""
	for _, row := range rows {
		if last, err = compare(row); err != nil {
			return "", err
		}
		r.step()
	}
	switch {
	case len(rows) == reconcilePage:
		return phase + "|" + last, nil
	case then == "":
		return "", nil
	default:
		return then + "|", nil
	}
}

func (r *reconciliation) step() {
	if r.done++; r.report.Progress != nil {
		r.report.Progress(r.done, max(r.total, r.done))
	}
}

// ifChosen compares only what the filter asks for.
func (r *reconciliation) ifChosen(orgID string, at Account, compare func() error) error {
	if r.filter.OrgID != "" && r.filter.OrgID != orgID && !r.filter.owns(at.ID) {
		return nil
	}
	return compare()
}

func (f LiveFilter) owns(account string) bool {
	return slices.Contains(f.Accounts, account)
}

func (r *reconciliation) same() { r.sum.Compared++ }

// differs reports an object, after its repair.
func (r *reconciliation) differs(ctx context.Context, d Difference) error {
	r.sum.Compared++
	r.sum.Differ++
	if !r.dryRun {
		if d.Err = r.repair(ctx, d); d.Err == nil {
			d.Repaired = true
			r.sum.Repaired++
		} else {
			r.sum.Failed++
		}
	}
	r.tell(d)
	return ctx.Err()
}

// failed reports what Stripe does not answer for; an error of our own ends the run.
func (r *reconciliation) failed(ctx context.Context, d Difference, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(err, ErrStripeUnavailable) && !errors.Is(err, ErrStripeRefused) && !errors.Is(err, ErrStripeNotConfigured) {
		return err
	}
	d.Err = err
	r.sum.Failed++
	r.tell(d)
	return nil
}

func (r *reconciliation) tell(d Difference) {
	if r.report.Difference != nil {
		r.report.Difference(d)
	}
}

// startReconcile begins the daily run.
func (s *Service) startReconcile(ctx context.Context) error {
	return s.jobs.Want(ctx, KindReconcilePage, phaseCustomers+"|")
}

// reconcilePageFrom compares one page of the daily run, and has the next one compared.
func (s *Service) reconcilePageFrom(ctx context.Context, place string) error {
	r := &reconciliation{s: s, report: ReconcileReport{Difference: func(d Difference) {
		s.log.WarnContext(ctx, "differs from stripe", "org", d.OrgID, "account", d.Account.ID, "livemode", d.Account.Livemode,
			"object", d.StripeID, "differs", d.Differs, "repaired", d.Repaired, "error", d.Err)
	}}}
	next, err := r.page(ctx, place)
	if err != nil || next == "" {
		return err
	}
	return s.jobs.Want(ctx, KindReconcilePage, next)
}
