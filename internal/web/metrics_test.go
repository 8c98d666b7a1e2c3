package web_test

import (
	"net/http/httptest"
	"testing"
)

func metricsText(t *testing.T, b *bundle) string {
	t.Helper()
	rec := httptest.NewRecorder()
	b.edge.MetricsHandler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return rec.Body.String()
}
