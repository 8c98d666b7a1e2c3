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
}

type feesCheckCmd struct {
	operator `embed:""`
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
