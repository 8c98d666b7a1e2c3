package billing_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/webhook"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const oldSecret, spareSecret = "whsec_platform_before", "whsec_connect_before" // #nosec G101 -- sign only what these tests send

// door is the endpoint over HTTP, with the service and its database behind it.
type door struct {
	*bundle
	url string
}

func (b *bundle) door() *door {
	b.t.Helper()
	catalog, err := i18n.Load()
	b.must(err)
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{Templates: fstest.MapFS{
		"layout.html":        {Data: []byte(`{{define "layout"}}{{block "main" .}}{{end}}{{end}}`)},
		"partials/none.html": {Data: []byte(`{{define "none"}}{{end}}`)},
		"errors/error.html":  {Data: []byte(`{{define "title"}}{{end}}{{define "main"}}{{.Code}}{{end}}`)},
	}})
	b.must(err)
	issuer, _ := url.Parse("http://localhost")
	log := slog.New(slog.DiscardHandler)
	e, err := web.New(web.Config{Issuer: issuer, Logger: log}, b.db, renderer, catalog)
	b.must(err)
	receiver, err := webhook.New(webhook.Config{
		PlatformSecrets: []string{platformSecret, oldSecret}, ConnectSecrets: []string{connectSecret, spareSecret}, Now: time.Now, Logger: log,
	}, b.Service)
	b.must(err)
	receiver.Mount(e.Raw())
	srv := httptest.NewServer(e)
	b.t.Cleanup(srv.Close)
	return &door{b, srv.URL + webhook.Path}
}

func (d *door) post(header, body string) int {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url, strings.NewReader(body))
	d.must(err)
	if header != "" {
		r.Header.Set("Stripe-Signature", header)
	}
	res, err := http.DefaultClient.Do(r)
	d.must(err)
	d.must(res.Body.Close())
	return res.StatusCode
}

func signed(secret string, at time.Time, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(h.Sum(nil)))
}

// told is a body as Stripe sends it.
func told(account string, live bool, version, kind, object string) string {
	from := ""
	if account != "" {
		from = fmt.Sprintf(`"account":%q,`, account)
	}
	return fmt.Sprintf(`{"id":"evt_%d",%s"object":"event","type":%q,"api_version":%q,"livemode":%t,"data":{"object":%s}}`,
		eventCount.Add(1), from, kind, version, live, object)
}

const version, changed = "2023-10-16", "customer.subscription.updated"

// bad is a delivery that must change nothing.
type bad struct {
	header, body string
	status       int
}

// badDeliveries are forty, about a subscription that has changed at Stripe: whoever believes one of them reads it.
func badDeliveries(sub, session string) map[string]bad {
	now := time.Now()
	object := fmt.Sprintf(`{"id":%q,"object":"subscription","status":"canceled"}`, sub)
	body := told(acct, false, version, changed, object)
	good := signed(connectSecret, now, body)
	stamp, mac, _ := strings.Cut(good, ",")
	refused := func(header string) bad { return bad{header, body, http.StatusBadRequest} }
	from := func(secret, body string, status int) bad { return bad{signed(secret, now, body), body, status} }
	connect := func(body string, status int) bad { return from(connectSecret, body, status) }
	const no, yes = http.StatusBadRequest, http.StatusOK
	return map[string]bad{
		"unsigned":              refused(""),
		"nonsense for a header": refused("hello"),
		"no stamp":              refused(mac),
		"two stamps":            refused(stamp + "," + good),
		"a stamp of letters":    refused("t=now," + mac),
		"a negative stamp":      refused("t=-1," + mac),
		"an endless stamp":      refused("t=99999999999999999999," + mac),
		"only v0":               refused(strings.Replace(good, "v1=", "v0=", 1)),
		"no hex":                refused(stamp + ",v1=zz"),
		"a short signature":     refused(stamp + ",v1=abcd"),
		"a hundred signatures":  refused(stamp + strings.Repeat(",v1="+strings.Repeat("00", 32), 100)),
		"zeros":                 refused(stamp + ",v1=" + strings.Repeat("00", 32)),
		"somebody's secret":     refused(signed("whsec_other", now, body)),
		"the empty secret":      refused(signed("", now, body)),
		"a secret with a space": refused(signed(connectSecret+" ", now, body)),
		"half a secret":         refused(signed(connectSecret[:10], now, body)),
		"another stamp":         refused(fmt.Sprintf("t=%d,%s", now.Unix()-1, mac)),
		"stale":                 refused(signed(connectSecret, now.Add(-310*time.Second), body)),
		"replayed a day later":  refused(signed(connectSecret, now.AddDate(0, 0, -1), body)),
		"from the future":       refused(signed(connectSecret, now.Add(310*time.Second), body)),
		"another body":          {good, strings.Replace(body, "canceled", "active", 1), no},
		"a longer body":         {good, body + " ", no},
		"an account through the platform's endpoint":  from(platformSecret, body, no),
		"the platform through the accounts' endpoint": connect(told("", false, version, changed, object), no),
		"an empty body":        connect("", no),
		"half a body":          connect(body[:40], no),
		"an array":             connect("["+body+"]", no),
		"no livemode":          connect(strings.Replace(body, `"livemode":false,`, "", 1), no),
		"livemode of text":     connect(strings.Replace(body, `"livemode":false`, `"livemode":"false"`, 1), no),
		"no event":             connect(strings.Replace(body, `"object":"event"`, `"object":"account"`, 1), no),
		"an id of a path":      connect(told(acct, false, version, changed, `{"id":"../`+sub+`"}`), no),
		"an id with a mode":    connect(told(acct, false, version, changed, `{"id":"`+sub+`|live"}`), no),
		"an account of a path": connect(told("../"+acct, false, version, changed, object), no),
		"oversized":            connect(body[:len(body)-1]+`,"pad":"`+strings.Repeat("x", 600<<10)+`"}`, http.StatusRequestEntityTooLarge),
		// These come from Stripe, and are about nothing of ours: recorded, answered, and without effect.
		"an account that we do not know":   connect(told("acct_stranger", false, version, changed, object), yes),
		"the platform's account":           from(platformSecret, told("", false, version, changed, object), yes),
		"the other mode":                   connect(told(acct, true, version, changed, object), yes),
		"the other mode of a checkout":     connect(told(acct, true, version, "checkout.session.completed", fmt.Sprintf(`{"id":%q}`, session)), yes),
		"a type that nobody knows":         connect(told(acct, false, version, "moon.risen", object), yes),
		"an object that Stripe never made": connect(told(acct, false, version, changed, `{"id":"sub_never"}`), yes),
	}
}

func TestFortyBadDeliveriesChangeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d).door()
		sub, open := b.buy("victim", proPLN), b.start("other", proPLN)
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.CancelAtPeriodEnd = true })
		b.pay(open)
		cases := badDeliveries(sub.StripeID, open.SessionID)
		if len(cases) != 40 {
			t.Errorf("%d deliveries", len(cases))
		}
		before := append(b.subscriptions("victim"), b.subscriptions("other")...)
		for name, tc := range cases {
			if status := b.post(tc.header, tc.body); status != tc.status {
				t.Errorf("%s: %d, want %d", name, status, tc.status)
			}
			b.settle()
			if diff := cmp.Diff(before, append(b.subscriptions("victim"), b.subscriptions("other")...)); diff != "" {
				t.Fatalf("%s was believed (-before +after):\n%s", name, diff)
			}
		}
		var applied int64
		b.must(d.Conn(t.Context()).Raw("SELECT COUNT(*) FROM stripe_webhook_events WHERE outcome = ?", billing.OutcomeApplied).Scan(&applied).Error)
		if applied != 0 {
			t.Errorf("%d of them were applied", applied)
		}
	})
}

// TestGoodDeliveriesOfEveryKind: every secret of a rotation opens its own door, a replay is answered and not worked
// twice, and another API version is handled by reading.
func TestGoodDeliveriesOfEveryKind(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t)).door()
	sub := b.buy("buyco", proPLN)
	quantity := int64(1)
	for name, tc := range map[string]struct{ secret, version, body string }{
		"the secret in force":   {connectSecret, version, ""},
		"the one before":        {spareSecret, version, ""},
		"a version of tomorrow": {connectSecret, "2030-01-01.phoenix", ""},
	} {
		quantity++
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Quantity = quantity })
		body := told(acct, false, tc.version, changed, fmt.Sprintf(`{"id":%q,"quantity":99}`, sub.StripeID))
		reads := 0
		for i := range 3 {
			if status := b.post(signed(tc.secret, time.Now(), body), body); status != http.StatusOK {
				t.Errorf("%s: %d", name, status)
			}
			b.settle()
			if i == 0 {
				reads = b.stripe.Calls("ReadSubscription")
			}
		}
		if got := b.subscriptions("buyco")[0].Quantity; got != quantity {
			t.Errorf("%s: quantity %d, want %d", name, got, quantity)
		}
		if again := b.stripe.Calls("ReadSubscription"); again != reads {
			t.Errorf("%s: a replay was worked again: %d reads, then %d", name, reads, again)
		}
	}
	if body := told("", false, version, changed, `{"id":"sub_x"}`); b.post(signed(oldSecret, time.Now(), body), body) != http.StatusOK {
		t.Error("the platform's secret of before is refused")
	}
}

// TestEightyOneSwaps puts each of three accounts, customers, subscriptions and metadata together: whatever Stripe says
// of an object, it reaches only the org that is the customer on that account.
func TestEightyOneSwaps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d).door()
		n := 0
		for _, account := range []string{acct, "", "acct_stranger"} {
			for _, customer := range []string{"a", "b", "stranger"} {
				for _, subscription := range []string{"a", "b", "new"} {
					for _, metadata := range []string{"a", "b", "none"} {
						n++
						b.swap(n, account, customer, subscription, metadata)
					}
				}
			}
		}
		if n != 81 {
			t.Errorf("%d swaps", n)
		}
	})
}

func (d *door) swap(n int, account, customer, subscription, metadata string) {
	d.t.Helper()
	name := fmt.Sprintf("account %q, customer %s, subscription %s, metadata %s", account, customer, subscription, metadata)
	org := func(who string) string { return fmt.Sprintf("%s-%d", who, n) }
	subs := map[string]billing.Subscription{"a": d.buy(org("a"), proPLN), "b": d.buy(org("b"), starterPLN)}
	waiting, err := d.StartCheckout(d.t.Context(), buyer(org("c")), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
	d.must(err)
	d.drain()
	secret := connectSecret
	if account == "" {
		secret = platformSecret
	}
	said := billing.RemoteSubscription{
		ID: fmt.Sprintf("sub_new%d", n), ItemID: "si_x", CustomerID: "cus_stranger", Status: billing.StatusActive, Quantity: 7,
		StripePriceID: d.stripe.Session(d.sessionOf(subs["a"])).StripePriceID, Created: d.clock.now(), CurrentPeriodStart: d.clock.now(), CurrentPeriodEnd: d.clock.now().AddDate(0, 1, 0),
	}
	if s, ok := subs[subscription]; ok {
		said.ID = s.StripeID
	}
	if s, ok := subs[customer]; ok {
		said.CustomerID = s.CustomerID
	}
	if s, ok := subs[metadata]; ok {
		said.CheckoutID = s.CheckoutID
	} else {
		said.CheckoutID = waiting.ID // somebody else's who has not paid
	}
	d.stripe.Put(billing.Account{ID: account}, said)
	before := map[string][]billing.Subscription{}
	for _, who := range []string{"a", "b", "c"} {
		before[who] = d.subscriptions(org(who))
	}
	body := told(account, false, version, changed, fmt.Sprintf(`{"id":%q,"customer":%q,"metadata":{"wolfieauth_checkout_id":%q,"wolfieauth_org_id":%q}}`,
		said.ID, said.CustomerID, said.CheckoutID, org("c")))
	if status := d.post(signed(secret, time.Now(), body), body); status != http.StatusOK {
		d.t.Errorf("%s: %d", name, status)
	}
	d.settle()
	for _, who := range []string{"a", "b", "c"} {
		after := d.subscriptions(org(who))
		mine := account == acct && customer == who && (subscription == who || subscription == "new")
		if diff := cmp.Diff(before[who], after); diff != "" && !mine {
			d.t.Errorf("%s reached org %s (-before +after):\n%s", name, who, diff)
		} else if diff == "" && mine {
			d.t.Errorf("%s did not reach its own org %s", name, who)
		}
		for _, s := range after {
			if s.StripeID == fmt.Sprintf("sub_new%d", n) && s.CheckoutID != "" {
				d.t.Errorf("%s took checkout %s for its own", name, s.CheckoutID)
			}
		}
	}
	if c, err := d.store.Checkout(d.t.Context(), waiting.ID); err != nil || c.Status != billing.CheckoutOpen {
		d.t.Errorf("%s: the waiting checkout is %s, %v", name, c.Status, errors.Join(err))
	}
}
