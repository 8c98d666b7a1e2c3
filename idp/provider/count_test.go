package provider_test

import (
	"net/http"
	"sync/atomic"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// counting counts the statements of requests that carry X-Count.
type counting struct{ n atomic.Int64 }

func (c *counting) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Count") != "" {
			r = r.WithContext(db.CountStatements(r.Context(), &c.n))
		}
		next.ServeHTTP(w, r)
	})
}
