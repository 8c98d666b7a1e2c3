package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// badPage holds one of each thing that the suite must see.
const badPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bad</title><link rel="stylesheet" href="/bad.css"></head>
<body><main><h1>Bad</h1><p class="pale">Pale</p><p class="wide">Wide</p><img src="/missing.png" alt="">
<script>document.title = "inline"</script><script src="/bad.js"></script></main></body></html>`

// TestTheSuiteSees holds the instruments themselves to account: silence must mean that nothing is wrong.
func TestTheSuiteSees(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, badPage)
		case "/bad.css":
			w.Header().Set("Content-Type", "text/css")
			fmt.Fprint(w, ".pale{color:#ccc;background:#fff}.wide{width:600px}/*", strings.Repeat("x", maxWeight), "*/")
		case "/bad.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `console.error("loud"); throw new Error("thrown")`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	b := newTab(t, "en")
	b.open(server.URL)
	heard := strings.Join(b.watch.troubles(), "\n")
	for _, want := range []string{"missing.png answers 404", "Content Security Policy", `console: "loud"`, "exception: "} {
		if !strings.Contains(heard, want) {
			t.Errorf("nobody heard %q in:\n%s", want, heard)
		}
	}
	if n := b.watch.bytes(); n < maxWeight {
		t.Errorf("weighed %.0f bytes", n)
	}
	b.wide(390)
	if len(b.overflow()) == 0 {
		t.Error("the overflow went unseen")
	}
	var ids []string
	for _, v := range b.violations(allRules) {
		ids = append(ids, v.ID)
	}
	if !strings.Contains(strings.Join(ids, " "), "color-contrast") {
		t.Errorf("the pale text went unseen: %v", ids)
	}
}
