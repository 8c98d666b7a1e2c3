package config

import (
	"io"
	"log/slog"
)

// Logger answers the logger that the settings ask for, writing to w. Call it after Prepare.
func (l *Log) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // checked; an unknown level reads as info
	opts := &slog.HandlerOptions{Level: level}
	if l.Format == "text" {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}
