package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
)

// errorOf picks type, code and param out of an error answer.
func errorOf(t *testing.T, body map[string]any) [3]string {
	t.Helper()
	e, ok := body["error"].(map[string]any)
	if !ok {
		t.Fatalf("no error in %v", body)
	}
	text := func(k string) string { s, _ := e[k].(string); return s }
	if text("message") == "" {
		t.Errorf("error without a message: %v", e)
	}
	return [3]string{text("type"), text("code"), text("param")}
}

func TestBadInputIsRefusedInStripesShape(t *testing.T) {
	t.Parallel()
	b := setup(t)
	price := b.price(t, "", 9900, "pln", "month")
	euro := b.price(t, "", 2400, "eur", "month")
	once := b.price(t, "", 5000, "pln", "")
	archived := b.price(t, "", 1000, "pln", "month")
	must(b.api.Prices.Update(archived.ID, &stripe.PriceParams{Active: stripe.Bool(false)}))(t)
	c := b.customer(t, "", "pm_card_visa")
	b.subscribe(t, c.ID, price.ID, 1)
	product := price.Product.ID
	checkout := "mode=subscription&success_url=http://a.test&line_items[0][quantity]=1&line_items[0][price]="
	tiers := "product=" + product + "&currency=pln&recurring[interval]=month&billing_scheme=tiered&tiers_mode=volume&"
	rows := []struct {
		name, path, form string
		status           int
		code, param      string
	}{
		{"a missing parameter", "products", "description=x", 400, "parameter_missing", "name"},
		{"an unknown parameter", "products", "name=x&colour=red", 400, "parameter_unknown", "colour"},
		{"an unknown nested parameter", "prices", "product=" + product + "&currency=pln&unit_amount=1&recurring[every]=month", 400, "parameter_unknown", "recurring[every]"},
		{"an amount that is no integer", "prices", "product=" + product + "&currency=pln&unit_amount=9.9", 400, "parameter_invalid_integer", "unit_amount"},
		{"an amount in scientific notation", "prices", "product=" + product + "&currency=pln&unit_amount=5e3", 400, "parameter_invalid_integer", "unit_amount"},
		{"a negative amount", "prices", "product=" + product + "&currency=pln&unit_amount=-1", 400, "parameter_invalid_integer", "unit_amount"},
		{"an amount above the limit", "prices", "product=" + product + "&currency=pln&unit_amount=100000000", 400, "parameter_invalid_integer", "unit_amount"},
		{"an amount above the limit of the rupiah", "prices", "product=" + product + "&currency=idr&unit_amount=1000000000000", 400, "parameter_invalid_integer", "unit_amount"},
		{"an unknown currency", "prices", "product=" + product + "&currency=zzz&unit_amount=1", 400, "", "currency"},
		{"no amount", "prices", "product=" + product + "&currency=pln", 400, "parameter_missing", "unit_amount"},
		{"an unknown product", "prices", "product=prod_no&currency=pln&unit_amount=1", 400, "resource_missing", "product"},
		{"a wrong interval", "prices", "product=" + product + "&currency=pln&unit_amount=1&recurring[interval]=fortnight", 400, "", "recurring[interval]"},
		{"tiers that do not rise", "prices", tiers + "tiers[0][up_to]=5&tiers[0][unit_amount]=1&tiers[1][up_to]=5&tiers[1][unit_amount]=1&tiers[2][up_to]=inf&tiers[2][unit_amount]=1", 400, "", "tiers[1][up_to]"},
		{"tiers without an open end", "prices", tiers + "tiers[0][up_to]=5&tiers[0][unit_amount]=1", 400, "", "tiers[0][up_to]"},
		{"two open tiers", "prices", tiers + "tiers[0][up_to]=inf&tiers[0][unit_amount]=1&tiers[1][up_to]=inf&tiers[1][unit_amount]=1", 400, "", "tiers[0][up_to]"},
		{"no tiers", "prices", strings.TrimSuffix(tiers, "&"), 400, "parameter_missing", "tiers"},
		{"a changed amount", "prices/" + price.ID, "unit_amount=1", 400, "parameter_unknown", "unit_amount"},
		{"quantity zero at checkout", "checkout/sessions", "mode=subscription&success_url=http://a.test&line_items[0][price]=" + price.ID + "&line_items[0][quantity]=0", 400, "parameter_invalid_integer", "line_items[0][quantity]"},
		{"a negative quantity at checkout", "checkout/sessions", "mode=subscription&success_url=http://a.test&line_items[0][price]=" + price.ID + "&line_items[0][quantity]=-1", 400, "parameter_invalid_integer", "line_items[0][quantity]"},
		{"a huge quantity at checkout", "checkout/sessions", "mode=subscription&success_url=http://a.test&line_items[0][price]=" + price.ID + "&line_items[0][quantity]=1000000000", 400, "parameter_invalid_integer", "line_items[0][quantity]"},
		{"an archived price at checkout", "checkout/sessions", checkout + archived.ID, 400, "", "line_items[0][price]"},
		{"an unknown price at checkout", "checkout/sessions", checkout + "price_no", 400, "resource_missing", "line_items[0][price]"},
		{"a recurring price in payment mode", "checkout/sessions", "mode=payment&success_url=http://a.test&line_items[0][quantity]=1&line_items[0][price]=" + price.ID, 400, "", "mode"},
		{"only one-time prices in subscription mode", "checkout/sessions", checkout + once.ID, 400, "", "line_items"},
		{"two currencies in one session", "checkout/sessions", checkout + price.ID + "&line_items[1][quantity]=1&line_items[1][price]=" + euro.ID, 400, "", "line_items[1]"},
		{"another currency for the customer", "subscriptions", "customer=" + c.ID + "&items[0][price]=" + euro.ID, 400, "", "currency"},
		{"an application fee on the platform's own sale", "subscriptions", "customer=" + c.ID + "&items[0][price]=" + price.ID + "&application_fee_percent=5", 400, "", "application_fee_percent"},
		{"an expiry too soon", "checkout/sessions", checkout + price.ID + "&expires_at=1", 400, "", "expires_at"},
		{"an empty value", "customers/" + c.ID, "invoice_prefix=", 400, "parameter_invalid_empty", "invoice_prefix"},
		{"an unknown customer in the path", "customers/cus_no", "name=x", 404, "resource_missing", "id"},
		{"an expansion of nothing", "customers/" + c.ID, "name=x&expand[]=nonsense", 400, "", "expand"},
		{"a form that contradicts itself", "customers", "name=x&name[first]=y", 400, "", "name[first]"},
		{"an unknown path", "unicorns", "", 404, "", ""},
	}
	for _, row := range rows {
		form, err := url.ParseQuery(row.form)
		if err != nil {
			t.Fatal(err)
		}
		status, body := b.raw(t, http.MethodPost, "/v1/"+row.path, "", form)
		if diff := cmp.Diff([3]string{"invalid_request_error", row.code, row.param}, errorOf(t, body)); status != row.status || diff != "" {
			t.Errorf("%s: %d, want %d (-want +got):\n%s", row.name, status, row.status, diff)
		}
	}
}

func TestKeysAndAccountsAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acct, other := b.account(t), b.account(t)
	price := b.price(t, acct, 9900, "pln", "month")
	ask := func(auth func(*http.Request)) int {
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/v1/prices/"+price.ID, nil))(t)
		auth(req)
		resp := must(http.DefaultClient.Do(req))(t)
		defer func() { _ = resp.Body.Close() }()
		if resp.Header.Get("Request-Id") == "" {
			t.Error("no Request-Id")
		}
		return resp.StatusCode
	}
	bearer := func(key, account string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+key)
			if account != "" {
				r.Header.Set("Stripe-Account", account)
			}
		}
	}
	for name, row := range map[string]struct {
		auth func(*http.Request)
		want int
	}{
		"no key":                {func(*http.Request) {}, 401},
		"a wrong key":           {bearer("sk_test_wrong", acct), 401},
		"basic auth":            {func(r *http.Request) { r.SetBasicAuth(secretKey, ""); r.Header.Set("Stripe-Account", acct) }, 200},
		"the owner":             {bearer(secretKey, acct), 200},
		"another account":       {bearer(secretKey, other), 404},
		"the platform itself":   {bearer(secretKey, ""), 404},
		"an account of nowhere": {bearer(secretKey, "acct_no"), 403},
	} {
		if got := ask(row.auth); got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
	}
}

func TestIdempotencyKeysAnswerAsStripes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := func(path, key, form string) (int, string, bool) {
		req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/v1/"+path, strings.NewReader(form)))(t)
		req.Header.Set("Authorization", "Bearer "+secretKey)
		req.Header.Set("Idempotency-Key", key)
		resp := must(http.DefaultClient.Do(req))(t)
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode, readAll(t, resp), resp.Header.Get("Idempotent-Replayed") == "true"
	}
	status, first, replayed := post("customers", "k1", "name=Jan&email=a%40b.test")
	if status != 200 || replayed {
		t.Fatalf("first: %d replayed=%v", status, replayed)
	}
	if status, again, replayed := post("customers", "k1", "email=a%40b.test&name=Jan"); status != 200 || again != first || !replayed {
		t.Errorf("the same in another order: %d replayed=%v", status, replayed)
	}
	if status, body, _ := post("customers", "k1", "name=Ola"); status != 400 || !strings.Contains(body, "idempotency_error") {
		t.Errorf("other parameters: %d %s", status, body)
	}
	if status, body, _ := post("products", "k1", "name=Jan"); status != 400 || !strings.Contains(body, "idempotency_error") {
		t.Errorf("another endpoint: %d %s", status, body)
	}
	if status, _, _ := post("products", "k2", "colour=red"); status != 400 {
		t.Errorf("a bad form: %d", status)
	}
	if status, _, replayed := post("products", "k2", "name=Pro"); status != 200 || replayed {
		t.Errorf("the key of a bad form was used up: %d", status)
	}
	if status, _, _ := post("customers/cus_no", "k3", "name=x"); status != 404 {
		t.Errorf("missing: %d", status)
	}
	if status, _, replayed := post("customers/cus_no", "k3", "name=x"); status != 404 || !replayed {
		t.Errorf("an error after the start was not kept: %d replayed=%v", status, replayed)
	}
	b.clock.Advance(23 * time.Hour)
	if _, again, _ := post("customers", "k1", "name=Jan&email=a%40b.test"); again != first {
		t.Error("the key was forgotten within a day")
	}
	b.clock.Advance(2 * time.Hour)
	if _, again, _ := post("customers", "k1", "name=Jan&email=a%40b.test"); again == first {
		t.Error("the key was kept for more than a day")
	}
}

func TestOneKeyInParallelCreatesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wait sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]int{}
	for range 16 {
		wait.Go(func() {
			p := &stripe.CustomerParams{Name: stripe.String("Jan")}
			p.SetIdempotencyKey("one")
			for {
				c, err := b.api.Customers.New(p)
				if err == nil {
					mu.Lock()
					ids[c.ID]++
					mu.Unlock()
					return
				}
				if e := stripeError(t, err); e.HTTPStatusCode != http.StatusConflict {
					t.Errorf("got %d %s", e.HTTPStatusCode, e.Msg)
					return
				}
			}
		})
	}
	wait.Wait()
	if len(ids) != 1 {
		t.Errorf("customers made: %v", ids)
	}
}

func TestListsPageByCursor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var want []string
	for i := range 25 {
		want = append([]string{must(b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String(fmt.Sprintf("c%d@example.test", i))}))(t).ID}, want...)
	}
	var got []string
	list := b.api.Customers.List(&stripe.CustomerListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(10)}})
	for list.Next() {
		got = append(got, list.Customer().ID)
	}
	if diff := cmp.Diff(want, got); diff != "" || list.Err() != nil {
		t.Errorf("pages (-want +got): %s %v", diff, list.Err())
	}
	back := b.api.Customers.List(&stripe.CustomerListParams{ListParams: stripe.ListParams{EndingBefore: &want[12], Limit: stripe.Int64(3), Single: true}})
	got = nil
	for back.Next() {
		got = append(got, back.Customer().ID)
	}
	slices.Reverse(got) // stripe-go walks this way backwards
	if diff := cmp.Diff(want[9:12], got); diff != "" {
		t.Errorf("page before a cursor (-want +got): %s", diff)
	}
}

func TestApplicationFeesRefundsAndTheirLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acct := b.account(t)
	price := b.price(t, acct, 9990, "pln", "month")
	c := b.customer(t, acct, "pm_card_visa")
	p := &stripe.SubscriptionParams{Params: on(acct), Customer: &c.ID, ApplicationFeePercent: stripe.Float64(5), Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}}}
	p.AddExpand("latest_invoice.charge")
	ch := must(b.api.Subscriptions.New(p))(t).LatestInvoice.Charge
	if ch.ApplicationFeeAmount != 500 { // 99.90 x 5 % = 4.995, rounded up
		t.Errorf("fee %d, want 500", ch.ApplicationFeeAmount)
	}
	must(b.api.Refunds.New(&stripe.RefundParams{Params: on(acct), Charge: &ch.ID, Amount: stripe.Int64(4995)}))(t)
	fee := must(b.api.ApplicationFees.Get(ch.ApplicationFee.ID, nil))(t)
	if fee.AmountRefunded != 0 || fee.Account.ID != acct {
		t.Errorf("a refund without asking gave %d of the fee back", fee.AmountRefunded)
	}
	must(b.api.FeeRefunds.New(&stripe.FeeRefundParams{ID: &fee.ID, Amount: stripe.Int64(250)}))(t)
	_, err := b.api.Refunds.New(&stripe.RefundParams{Params: on(acct), Charge: &ch.ID, Amount: stripe.Int64(5000)})
	if e := stripeError(t, err); e.Param != "amount" {
		t.Errorf("too large a refund: %v", e)
	}
	must(b.api.Refunds.New(&stripe.RefundParams{Params: on(acct), Charge: &ch.ID}))(t)
	_, err = b.api.Refunds.New(&stripe.RefundParams{Params: on(acct), Charge: &ch.ID})
	if e := stripeError(t, err); e.Code != "charge_already_refunded" {
		t.Errorf("a second full refund: %v", e)
	}
	if got := must(b.api.ApplicationFees.Get(fee.ID, nil))(t); got.AmountRefunded != 250 {
		t.Errorf("fee refunded %d, want 250", got.AmountRefunded)
	}
}

func TestOnboardingAndOAuthConnectAccounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	acct := b.account(t)
	link := must(b.api.AccountLinks.New(&stripe.AccountLinkParams{Account: &acct, Type: stripe.String("account_onboarding"), RefreshURL: stripe.String("http://shop.test/again"), ReturnURL: stripe.String("http://shop.test/back")}))(t)
	if got := fetch(t, web, http.MethodPost, link.URL, url.Values{"businessName": {""}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty name answered %d", got.status)
	}
	if got := fetch(t, web, http.MethodPost, link.URL, url.Values{"businessName": {"Łódź S.A."}}); got.location != "http://shop.test/back" {
		t.Errorf("onboarding led to %q", got.location)
	}
	if got := must(b.api.Accounts.GetByID(acct, nil))(t); !got.ChargesEnabled || !got.DetailsSubmitted || got.BusinessProfile.Name != "Łódź S.A." {
		t.Errorf("account after onboarding: %v %v %q", got.ChargesEnabled, got.DetailsSubmitted, got.BusinessProfile.Name)
	}
	if got := fetch(t, web, http.MethodGet, link.URL, nil); got.location != "http://shop.test/again" {
		t.Errorf("a used link led to %q", got.location)
	}

	authorize := b.server.URL + "/oauth/authorize?" + url.Values{"client_id": {"ca_sandbox_platform"}, "response_type": {"code"}, "state": {"s1"}, "redirect_uri": {"http://shop.test/oauth"}}.Encode()
	if got := fetch(t, web, http.MethodGet, authorize, nil); got.status != http.StatusOK || !strings.Contains(got.body, acct) {
		t.Errorf("authorize page answered %d", got.status)
	}
	back := must(url.Parse(fetch(t, web, http.MethodPost, authorize, url.Values{"account": {acct}, "answer": {"allow"}}).location))(t)
	if back.Query().Get("state") != "s1" {
		t.Errorf("state lost in %s", back)
	}
	redeem := &stripe.OAuthTokenParams{GrantType: stripe.String("authorization_code"), Code: stripe.String(back.Query().Get("code"))}
	if got := must(b.api.OAuth.New(redeem))(t); got.StripeUserID != acct {
		t.Errorf("connected %q, want %q", got.StripeUserID, acct)
	}
	if _, err := b.api.OAuth.New(redeem); err == nil {
		t.Error("a code was redeemed twice")
	}
	must(b.api.OAuth.Del(&stripe.DeauthorizeParams{ClientID: stripe.String("ca_sandbox_platform"), StripeUserID: &acct}))(t)
	_, err := b.api.Customers.New(&stripe.CustomerParams{Params: on(acct)})
	if e := stripeError(t, err); e.HTTPStatusCode != 403 || e.Code != "account_invalid" {
		t.Errorf("after deauthorization: %d %s", e.HTTPStatusCode, e.Code)
	}
}

func TestFaultsHitTheAPIOnPurpose(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.SetFaults(sandbox.Faults{Seed: 1, APIError: 1})
	if _, err := b.api.Customers.New(&stripe.CustomerParams{}); stripeError(t, err).HTTPStatusCode != 500 {
		t.Errorf("want a 500, got %v", err)
	}
	b.SetFaults(sandbox.Faults{Seed: 1, APITimeoutBefore: 1})
	if _, err := b.api.Customers.New(&stripe.CustomerParams{}); err == nil {
		t.Error("the connection was not lost before the effect")
	}
	b.SetFaults(sandbox.Faults{Seed: 1, APITimeoutAfter: 1})
	p := &stripe.CustomerParams{Name: stripe.String("lost")}
	p.SetIdempotencyKey("lost")
	if _, err := b.api.Customers.New(p); err == nil {
		t.Error("the connection was not lost after the effect")
	}
	b.SetFaults(sandbox.Faults{})
	kept := must(b.api.Customers.New(p))(t)
	n := 0
	for list := b.api.Customers.List(&stripe.CustomerListParams{}); list.Next(); {
		n++
		if list.Customer().ID != kept.ID {
			t.Error("the retry made another customer")
		}
	}
	if n != 1 {
		t.Errorf("%d customers, want 1", n)
	}
}
