package web

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/migrations"
)

// readyTimeout keeps a probe shorter than any prober's patience.
const readyTimeout = 2 * time.Second

// readiness remembers that the schema is new enough; it never grows older while a process runs.
type readiness struct{ migrated atomic.Bool }

func (e *Edge) mountHealth() {
	e.echo.GET("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
	})
	e.echo.GET("/readyz", e.handleReady)
}

// handleReady answers 200 when the database answers and holds our schema, else 503 with the reason in a word.
func (e *Edge) handleReady(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	reason, err := e.notReady(ctx)
	if err != nil {
		e.cfg.Logger.WarnContext(ctx, "not ready", "reason", reason, "error", err)
		return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "reason": reason})
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready"})
}

func (e *Edge) notReady(ctx context.Context) (reason string, err error) {
	if err := e.db.Ping(ctx); err != nil {
		return "database", err
	}
	if e.ready.migrated.Load() {
		return "", nil
	}
	want, err := newestMigration(e.db.Dialect())
	if err != nil {
		return "migrations", err
	}
	have, err := e.db.Version(ctx)
	if err != nil {
		return "migrations", err
	}
	if have < want {
		return "migrations", fmt.Errorf("schema is at %d, this binary needs %d", have, want)
	}
	e.ready.migrated.Store(true)
	return "", nil
}

func newestMigration(dialect db.Dialect) (int64, error) {
	names, err := fs.Glob(migrations.Files, string(dialect)+"/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations for %s: %w", dialect, err)
	}
	number, _, _ := strings.Cut(path.Base(names[len(names)-1]), "_")
	return strconv.ParseInt(number, 10, 64)
}
