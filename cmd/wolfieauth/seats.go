package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
)

type seatsCmd struct {
	Check seatsCheckCmd `cmd:"" help:"Compare every subscription that is paid per seat with its members and with Stripe."`
}

type seatsCheckCmd struct {
	operator `embed:""`
	DryRun   bool `help:"Show the differences and repair nothing."`
}

// Run prints a line for each subscription that differs and has the running server repair it.
func (cmd *seatsCheckCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		return checkSeats(ctx, a.Billing(), cmd.DryRun, os.Stdout)
	})
}

func checkSeats(ctx context.Context, b *billing.Service, dryRun bool, out io.Writer) error {
	differ := 0
	compared, err := b.CheckSeats(ctx, dryRun, func(d billing.SeatDrift) {
		differ++
		_, _ = fmt.Fprintln(out, driftLine(d))
	})
	_, _ = fmt.Fprintf(out, "%d compared, %d differ\n", compared, differ)
	if err == nil && differ > 0 && !dryRun {
		_, _ = fmt.Fprintln(out, "the running server brings them to Stripe; failures show in the console")
	}
	return err
}

func driftLine(d billing.SeatDrift) string {
	stripe := fmt.Sprint(d.AtStripe)
	if d.AtStripe == 0 {
		stripe = "unknown"
	}
	line := fmt.Sprintf("org %s subscription %s (%s) plan %q: members %d, committed %d, wanted %d, stored %d, at stripe %s",
		d.OrgID, d.SubscriptionID, d.StripeID, d.PlanName, d.Members, d.Committed, d.Wanted, d.Stored, stripe)
	if d.Reason != "" {
		line += ", " + d.Reason
	}
	if d.Repaired {
		line += ", repair asked for"
	}
	return line
}
