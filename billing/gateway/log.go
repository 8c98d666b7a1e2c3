package gateway

import (
	"fmt"
	"log/slog"
)

// retryLog passes on the library's warnings, which name only method, path and delay of a retry. Everything else
// that the library logs holds bodies, or repeats an error that the caller gets anyway.
type retryLog struct{ to *slog.Logger }

func (retryLog) Debugf(string, ...any) {}
func (retryLog) Infof(string, ...any)  {}
func (retryLog) Errorf(string, ...any) {}

func (l retryLog) Warnf(format string, args ...any) {
	l.to.Warn("stripe call retried", "detail", fmt.Sprintf(format, args...))
}
