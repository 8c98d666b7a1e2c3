package jobs

import (
	"context"
	"log/slog"
)

// warnings passes on what the job library warns of; its chatter is of no use to an operator.
type warnings struct{ slog.Handler }

// Enabled tells that warnings and errors pass.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the bound on the handler that it makes.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the bound on the handler that it makes.
func (w warnings) WithGroup(name string) slog.Handler {
	return warnings{w.Handler.WithGroup(name)}
}
