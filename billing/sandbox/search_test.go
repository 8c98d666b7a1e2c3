package sandbox_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stripe/stripe-go/v76"
)

func TestSearchByMetadata(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acct := b.account(t)
	for _, row := range []string{"one", "two", ""} {
		must(b.api.Customers.New(&stripe.CustomerParams{Params: on(acct), Metadata: map[string]string{"row": row}}))(t)
	}
	gone := must(b.api.Customers.New(&stripe.CustomerParams{Params: on(acct), Metadata: map[string]string{"row": "one"}}))(t)
	must(b.api.Customers.Del(gone.ID, &stripe.CustomerParams{Params: on(acct)}))(t)
	search := func(account, query string) (int, map[string]any) {
		return b.raw(t, http.MethodGet, "/v1/customers/search?query="+url.QueryEscape(query), account, nil)
	}
	for query, want := range map[string]int{`metadata["row"]:"one"`: 1, `metadata['row']:'two'`: 1, `metadata['row']:'three'`: 0, `metadata['other']:'one'`: 0} {
		status, page := search(acct, query)
		if status != http.StatusOK || len(page["data"].([]any)) != want || page["object"] != "search_result" || page["has_more"] != false {
			t.Errorf("%s: %d %v, want %d hits", query, status, page, want)
		}
	}
	if status, page := search("", `metadata['row']:'one'`); status != http.StatusOK || len(page["data"].([]any)) != 0 {
		t.Errorf("another account finds %d %v", status, page)
	}
	for _, query := range []string{"", "name:'x'", `metadata['row']:'one' OR metadata['row']:'two'`, `metadata['r"]']:'x'`} {
		if status, page := search(acct, query); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", query, status, page)
		}
	}
}
