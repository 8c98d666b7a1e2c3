package pricing_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing/pricing"
	"github.com/wolfieauth/wolfieauth/docs/contracts"
)

type description struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Responses map[string]struct {
			Description string
		}
	}
}

func TestOpenAPINamesEveryRouteAndCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/openapi.json")
	a.wants(t, http.StatusOK)
	var doc description
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("version %q (%v)", doc.OpenAPI, err)
	}
	var described, mounted []string
	statuses := contracts.ProblemStatuses()
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described = append(described, strings.ToUpper(method)+" "+strings.ReplaceAll(path, "{clientId}", ":client"))
			for status, r := range op.Responses {
				if status < "400" {
					continue
				}
				for code := range strings.SplitSeq(r.Description, ", ") {
					if got := statuses[code]; http.StatusText(got) == "" || status != strings.TrimSpace(jsonOf(t, got)) {
						t.Errorf("%s %s: %s under %s, but the table says %d", method, path, code, status, got)
					}
				}
			}
		}
	}
	for _, r := range b.edge.Echo().Routes() {
		if r.Method != http.MethodOptions && (strings.HasPrefix(r.Path, "/v1/") || strings.HasPrefix(r.Path, "/api/")) {
			mounted = append(mounted, r.Method+" "+r.Path)
		}
	}
	slices.Sort(described)
	slices.Sort(mounted)
	if diff := cmp.Diff(mounted, described); diff != "" {
		t.Errorf("mounted and described differ (-mounted +described):\n%s", diff)
	}
	for ref := range strings.SplitSeq(a.body, contracts.Base) {
		name, _, _ := strings.Cut(ref, ".schema.json")
		if ref != a.body && !strings.HasPrefix(ref, "{") && !slices.Contains(contracts.Names(), name) {
			t.Errorf("no contract %q", name)
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestProblemsAgreeWithTheTable(t *testing.T) {
	t.Parallel()
	statuses := contracts.ProblemStatuses()
	for _, p := range pricing.Problems() {
		if statuses[p.Code] != p.Status {
			t.Errorf("%s: %d here, %d in the table", p.Code, p.Status, statuses[p.Code])
		}
	}
}
