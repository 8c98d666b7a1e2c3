package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
)

// errNotReconciled makes the command fail where something could not be compared or repaired.
var errNotReconciled = errors.New("not everything could be compared and repaired")

type reconcileCmd struct {
	operator `embed:""`
	Org      string `help:"Slug of an org: only what it bought and what was bought from it."`
	Since    string `help:"Compare only what Stripe's events since then are about: a duration (72h), a date or a time (RFC 3339), at most 30 days back."`
	DryRun   bool   `help:"Show the differences and write nothing."`
}

// Run compares with Stripe, prints a line for each difference and a summary, and tells its progress on standard error.
func (cmd *reconcileCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		o := billing.ReconcileOptions{DryRun: cmd.DryRun}
		var err error
		if o.Since, err = sinceWhen(cmd.Since, time.Now()); err != nil {
			return err
		}
		if cmd.Org != "" {
			org, err := a.Identity().OrgBySlug(ctx, cmd.Org)
			if err != nil {
				return err
			}
			o.OrgID = org.ID
		}
		return reconcile(ctx, a.Billing(), o, os.Stdout, os.Stderr)
	})
}

func reconcile(ctx context.Context, b *billing.Service, o billing.ReconcileOptions, out, progress io.Writer) error {
	sum, err := b.ReconcileAll(ctx, o, billing.ReconcileReport{
		Difference: func(d billing.Difference) { _, _ = fmt.Fprintln(out, differenceLine(d)) },
		Progress: func(done, total int64) {
			if done%100 == 0 || done == total {
				_, _ = fmt.Fprintf(progress, "%d of %d\n", done, total)
			}
		},
	})
	_, _ = fmt.Fprintf(out, "%d compared, %d differ, %d repaired, %d failed\n", sum.Compared, sum.Differ, sum.Repaired, sum.Failed)
	if err == nil && sum.Failed > 0 {
		err = errNotReconciled
	}
	return err
}

func differenceLine(d billing.Difference) string {
	account, mode := d.Account.ID, "test"
	if account == "" {
		account = "platform"
	}
	if d.Account.Livemode {
		mode = "live"
	}
	var fields []string
	for _, f := range d.Differs {
		fields = append(fields, fmt.Sprintf("%s %s, at stripe %s", f.Field, f.Ours, f.Stripe))
	}
	line := fmt.Sprintf("%s (%s, %s)", d.StripeID, account, mode)
	if d.OrgID != "" {
		line += " org " + d.OrgID
	}
	if len(fields) > 0 {
		line += ": " + strings.Join(fields, "; ")
	}
	switch {
	case d.Err != nil:
		line += ": failed: " + d.Err.Error()
	case d.Repaired:
		line += ": repaired"
	}
	return line
}

// sinceWhen reads a duration back from now, a date or a time; "" is the zero time.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(-d).UTC(), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Before(now) {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %q: neither a duration such as 72h nor a past date", text)
}
