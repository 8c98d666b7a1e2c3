// Command wolfieauth is the server and everything that its operators do from a shell.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line; each command is one file beside this one.
type cli struct {
	Serve     serveCmd     `cmd:"" help:"Run the server."`
	Demo      demoCmd      `cmd:"" help:"Start everything for a look around: provider, Stripe sandbox, sample app, people and plans."`
	Sandbox   sandboxCmd   `cmd:"" help:"Run the Stripe sandbox by itself."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database's schema up to date."`
	User      userCmd      `cmd:"" help:"People."`
	Org       orgCmd       `cmd:"" help:"Organisations."`
	App       appCmd       `cmd:"" help:"Apps (OIDC clients)."`
	Keys      keysCmd      `cmd:"" help:"Signing keys."`
	Catalog   catalogCmd   `cmd:"" help:"Plans and prices as a file."`
	Comp      compCmd      `cmd:"" help:"Free passes."`
	Seats     seatsCmd     `cmd:"" help:"Seats of organisations."`
	Reconcile reconcileCmd `cmd:"" help:"Compare subscriptions, purchases and checkouts with Stripe and repair what differs."`
	Fees      feesCmd      `cmd:"" help:"The platform's fees: ledger and statements."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c,
		kong.Name("wolfieauth"),
		kong.Description("An OpenID Connect provider that knows what each user has paid for."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "wolfieauth:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only gives back a signal handler
	}
}
