package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
)

type demoCmd struct {
	Addr        string   `default:"127.0.0.1:8080" help:"Address of the provider; port 0 takes a free one."`
	RPAddr      string   `name:"rp-addr" default:"127.0.0.1:8081" help:"Address of the sample app."`
	SandboxAddr string   `default:"127.0.0.1:8082" help:"Address of the Stripe sandbox."`
	DB          string   `name:"db" help:"Where the data live: a SQLite file or a postgres:// URL. Default: a temporary file."`
	RedirectURI []string `name:"redirect-uri" sep:"none" help:"One more redirect URI for the demo's apps; may be repeated."`
	JSON        bool     `name:"json" help:"When ready, print one line of JSON instead of a table."`
	Verbose     bool     `short:"v" help:"Log every request."`
}

// Run starts the demo and stays until a signal or the end of one of its parts.
func (cmd *demoCmd) Run(ctx context.Context) error {
	level := slog.LevelWarn
	if cmd.Verbose {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)
	d, err := demo.Start(ctx, demo.Options{
		Addr: cmd.Addr, RPAddr: cmd.RPAddr, SandboxAddr: cmd.SandboxAddr, Database: cmd.DB, RedirectURIs: cmd.RedirectURI, Logger: log,
	})
	if err != nil {
		return err
	}
	print := d.Line().WriteTable
	if cmd.JSON {
		print = d.Line().WriteJSON
	}
	if err := print(os.Stdout); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return d.Close()
	case err := <-d.Failed():
		_ = d.Close()
		return err
	}
}
