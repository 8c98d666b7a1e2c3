package gateway_test

import (
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
)

const lookedFor = "0199ffff-0000-7000-8000-000000000001"

// FindMade answers the first that was made, and never one that was deleted.
func TestFindMadeAnswersTheOldest(t *testing.T) {
	t.Parallel()
	b := answers(t, map[string]reply{"GET /v1/customers/search": ok(`{"object":"search_result","has_more":false,"data":[
		{"id":"cus_3","created":30},{"id":"cus_0","created":5,"deleted":true},{"id":"cus_1","created":10},{"id":"cus_2","created":20}]}`)})
	if id, err := b.FindMade(b.ctx, platform, billing.MadeCustomer, lookedFor); id != "cus_1" || err != nil {
		t.Errorf("found %q, %v", id, err)
	}
	b = answers(t, map[string]reply{"GET /v1/prices/search": ok(`{"object":"search_result","has_more":false,"data":[]}`)})
	if id, err := b.FindMade(b.ctx, platform, billing.MadePrice, lookedFor); id != "" || err != nil {
		t.Errorf("found %q, %v", id, err)
	}
}
