package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/internal/config"
)

type serveCmd struct {
	config.Serve `embed:""`
}

// Run serves until a signal, then drains requests and jobs.
func (cmd *serveCmd) Run(ctx context.Context) error {
	if err := cmd.Prepare(os.LookupEnv); err != nil {
		return err
	}
	log := cmd.Logger(os.Stderr)
	slog.SetDefault(log)
	cfg, err := appConfig(&cmd.Serve, log)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	all, err := cmd.listeners(ctx, a)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	log.InfoContext(ctx, "serving", "issuer", cmd.Issuer, "addr", cmd.Addr)
	return errors.Join(serveUntil(ctx, log, a.Run, all...), a.Close())
}

func (cmd *serveCmd) listeners(ctx context.Context, a *app.App) ([]listening, error) {
	public, _, err := listen(ctx, cmd.Addr)
	if err != nil {
		return nil, err
	}
	all := []listening{{newServer(a.Handler()), public}}
	if cmd.MetricsAddr == "" || cmd.MetricsAddr == "off" {
		return all, nil
	}
	private, _, err := listen(ctx, cmd.MetricsAddr)
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.Metrics())
	return append(all, listening{newServer(mux), private}), nil
}

// newServer bounds what a slow or endless client can hold.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
}
