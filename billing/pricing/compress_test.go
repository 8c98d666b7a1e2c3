package pricing_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// packed asks as a browser does, and answers what came over the wire beside the text in it.
func (br *browser) packed(path string, headers ...string) (wire answer, text string) {
	br.t.Helper()
	wire = br.get(path, append([]string{"Accept-Encoding", "gzip"}, headers...)...)
	if wire.header.Get("Content-Encoding") != "gzip" {
		return wire, wire.body
	}
	zr, err := gzip.NewReader(strings.NewReader(wire.body))
	if err != nil {
		br.t.Fatal(err)
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		br.t.Fatal(err)
	}
	return wire, string(plain)
}

func TestLargePublicAnswersArePacked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/billing/acme-crm?seats=14", "/api/billing/acme-crm/plans?seats=14", "/v1/billing/plans?client_id=acme-crm"} {
		plain := b.browser().get(path, "Accept-Encoding", "identity")
		wire, text := b.browser().packed(path)
		if wire.header.Get("Content-Encoding") != "gzip" || text != plain.body || len(wire.body) >= len(plain.body)/2 {
			t.Errorf("%s: %q, %d bytes of %d, the same text: %t", path, wire.header.Get("Content-Encoding"), len(wire.body), len(plain.body), text == plain.body)
		}
		for name, a := range map[string]answer{"plain": plain, "packed": wire} {
			if !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("%s, %s: a cache is not told: %q", path, name, a.header.Values("Vary"))
			}
		}
		if plain.header.Get("Content-Encoding") != "" || plain.header.Get("ETag") != wire.header.Get("ETag") {
			t.Errorf("%s: %q with %q", path, plain.header.Get("Content-Encoding"), plain.header.Get("ETag"))
		}
		if tag := wire.header.Get("ETag"); tag != "" {
			if !strings.HasPrefix(tag, `W/"`) {
				t.Errorf("%s: a strong tag %s for two representations", path, tag)
			}
			again, body := b.browser().packed(path, "If-None-Match", tag)
			if again.status != http.StatusNotModified || body != "" || again.header.Get("ETag") != tag || again.header.Get("Content-Encoding") != "" {
				t.Errorf("%s: asked again: %d %q %v", path, again.status, body, again.header)
			}
		}
	}
}

// TestAPersonsPageIsNotPacked keeps the length of a page from telling what is in it: see BREACH.
func TestAPersonsPageIsNotPacked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wire, _ := b.signedIn(ownOrg).packed("/billing/acme-crm?country=PL")
	wire.wants(t, http.StatusOK, "Zofia Nowak")
	if wire.header.Get("Content-Encoding") != "" {
		t.Error("a page with a person's name is packed")
	}
	if wire, _ := b.browser().packed("/billing/nobody"); wire.status != http.StatusNotFound {
		t.Errorf("an unknown app: %d", wire.status)
	}
}
