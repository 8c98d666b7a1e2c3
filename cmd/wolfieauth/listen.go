package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// drainTime is how long requests under way may take when the process is asked to end.
const drainTime = 10 * time.Second

type listening struct {
	server *http.Server
	l      net.Listener
}

// listen opens addr and answers where a browser on this machine finds it.
func listen(ctx context.Context, addr string) (net.Listener, string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// serveUntil serves and does the background work until ctx ends or one of them fails. Then it takes no new
// requests, lets those under way finish, and ends the background work last, because requests may need it.
func serveUntil(ctx context.Context, log *slog.Logger, background func(context.Context) error, all ...listening) error {
	failed := make(chan error, len(all)+1)
	for _, s := range all {
		go func() {
			if err := s.server.Serve(s.l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := background(work); err != nil && work.Err() == nil {
			failed <- err
		}
	}()
	var err error
	select {
	case <-ctx.Done():
		log.InfoContext(work, "ending: no new requests, those under way may finish")
	case err = <-failed:
	}
	drain, done := context.WithTimeout(work, drainTime)
	defer done()
	for _, s := range all {
		err = errors.Join(err, s.server.Shutdown(drain))
	}
	cancel()
	<-ended
	return err
}
