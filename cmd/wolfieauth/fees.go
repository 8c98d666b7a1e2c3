package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
)

type feesCmd struct {
	Check feesCheckCmd `cmd:"" help:"Tell whether the fee ledger adds up."`
	Close feesCloseCmd `cmd:"" help:"Close the months up to one that is over; what is closed stays as it is."`
}

type feesCheckCmd struct {
	operator `embed:""`
}

type feesCloseCmd struct {
	operator `embed:""`
	Month    string `required:"" placeholder:"YYYY-MM" help:"The last month to close."`
}

// Run closes and prints a line for each statement that was made.
func (cmd *feesCloseCmd) Run(ctx context.Context) error {
	month, err := billing.ParseMonth(cmd.Month)
	if err != nil {
		return err
	}
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error { return closeMonths(ctx, a.Billing(), month, os.Stdout) })
}

func closeMonths(ctx context.Context, b *billing.Service, last billing.Month, out io.Writer) error {
	made, err := b.CloseMonths(ctx, last)
	for _, st := range made {
		mode := "test"
		if st.Livemode {
			mode = "live"
		}
		_, _ = fmt.Fprintf(out, "%s org %s %s %s: %d minor units, of these %d corrections, %d rows, statement %s\n",
			st.Month, st.OrgID, mode, st.Currency, st.Total(), st.Corrections, st.RowCount, st.ID)
	}
	_, _ = fmt.Fprintf(out, "%d statements made\n", len(made))
	return err
}

// errLedger makes the command fail where the ledger does not add up.
var errLedger = errors.New("the fee ledger does not add up")

// Run prints a line for each sum that is wrong, and fails where there is one.
func (cmd *feesCheckCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error { return checkFees(ctx, a.Billing(), os.Stdout) })
}

func checkFees(ctx context.Context, b *billing.Service, out io.Writer) error {
	faults, err := b.CheckFees(ctx)
	if err != nil {
		return err
	}
	for _, f := range faults {
		_, _ = fmt.Fprintln(out, f)
	}
	if len(faults) > 0 {
		return errLedger
	}
	_, err = fmt.Fprintln(out, "the fee ledger adds up")
	return err
}
