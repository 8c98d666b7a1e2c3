package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
)

type sandboxCmd struct {
	Addr    string `default:"127.0.0.1:8082" help:"Address to listen on."`
	BaseURL string `help:"Where browsers reach it. Default: http://localhost and the port."`
	Path    string `default:"sandbox.db" help:"File that holds its state."`
	Key     string `default:"sk_test_wolfieauth_sandbox" env:"STRIPE_SECRET_KEY_TEST" help:"The secret key that it accepts."`
}

// Run serves the sandbox until a signal.
func (cmd *sandboxCmd) Run(ctx context.Context) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	l, base, err := listen(ctx, cmd.Addr)
	if err != nil {
		return err
	}
	if cmd.BaseURL == "" {
		cmd.BaseURL = base
	}
	s, err := sandbox.New(ctx, sandbox.Config{Path: cmd.Path, SecretKey: cmd.Key, BaseURL: cmd.BaseURL, Logger: log})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	fmt.Printf("Stripe sandbox at %s, key %s\n", cmd.BaseURL, cmd.Key)
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	return serveUntil(ctx, log, s.Run, listening{server, l})
}
