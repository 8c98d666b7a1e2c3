package db

import (
	"context"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

type countKey struct{}

// CountStatements answers a context whose statements are counted in n (BEGIN and COMMIT are not). The
// budgets of the house are tested with it.
func CountStatements(ctx context.Context, n *atomic.Int64) context.Context {
	return context.WithValue(ctx, countKey{}, n)
}

// counter is gorm's logger: it counts and never prints, because gorm prints parameters on error and
// parameters hold secrets. Errors travel up as errors and are logged once at the edge.
type counter struct{}

func (c counter) LogMode(logger.LogLevel) logger.Interface { return c }
func (counter) Info(context.Context, string, ...any)       {}
func (counter) Warn(context.Context, string, ...any)       {}
func (counter) Error(context.Context, string, ...any)      {}

func (counter) Trace(ctx context.Context, _ time.Time, _ func() (string, int64), _ error) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}

// ParamsFilter keeps parameters out of any text that gorm renders.
func (counter) ParamsFilter(_ context.Context, query string, _ ...any) (string, []any) {
	return query, nil
}

var _ gorm.ParamsFilter = counter{}
