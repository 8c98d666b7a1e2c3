package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestOnOneDemo shares a demo among the tests that disturb nobody else: each has people of its own, or only reads.
func TestOnOneDemo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, tt := range []struct {
			name string
			test func(*testing.T, *house)
		}{
			{"the line keeps its contract", lineKeepsContract},
			{"every ID token tells what its person holds", idTokensTell},
			{"the places of the claim agree", placesAgree},
			{"entitlements answer 304 to who knows them", entitlementsCache},
			{"a newcomer signs in, buys and sees the plan", newcomerBuys},
			{"a stranger chooses first and signs up on the way", strangerSignsUp},
			{"a declined card buys nothing, a good one then does", declinedCard},
			{"going back from the checkout is told as it is", cancelledCheckout},
			{"a bundle and yearly prices are bought alike", otherPlans},
			{"the next refresh shows a comp", refreshShowsComp},
			{"logout ends session and refresh", logoutEnds},
			{"members come and go", membersComeAndGo},
			{"orgs are switched", orgsAreSwitched},
			{"two tabs buy one subscription", twoTabs},
			{"no route reflects a foreign host", hostsAreNotReflected},
			{"every page carries the security headers", pagesAreGuarded},
			{"nothing secret is written down", nothingSecretIsWritten},
			{"other makers' clients sign in", otherClients},
			{"statements stay within budget", budgets},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				tt.test(t, h)
			})
		}
	})
}

type entry struct {
	Slug, Bundle string
	Features     []string
	All, Ends    bool
}

func entries(plans []claims.Plan) []entry {
	out := []entry{}
	for _, p := range plans {
		out = append(out, entry{p.PlanSlug, p.Bundle, p.Features, p.AllFeatures, p.CurrentPeriodEnd != nil})
	}
	return out
}

var pro = entry{Slug: "pro", Features: []string{"ksef_enabled", "unlimited_storage"}, Ends: true}

func idTokensTell(t *testing.T, h *house) {
	comp := entry{Slug: "comp", Features: []string{}, All: true}
	bundled := entry{Slug: "premium", Bundle: "acme-suite", Features: []string{"ksef_enabled", "priority_support", "shared_inboxes", "unlimited_storage"}, Ends: true}
	owner := entry{Slug: "platform-owner-grant", Features: []string{}, All: true}
	for _, tt := range []struct {
		email, client string
		want          []entry
	}{
		{"buyer@example.test", "acme-crm", []entry{}},
		{"comped@example.test", "acme-crm", []entry{comp}},
		{"comped@example.test", "acme-mail", []entry{}},
		{"expired@example.test", "acme-crm", []entry{}},
		{"subscriber@example.test", "acme-crm", []entry{pro}},
		{"subscriber@example.test", "acme-mail", []entry{}},
		{"bundled@example.test", "acme-crm", []entry{bundled}},
		{"bundled@example.test", "acme-mail", []entry{bundled}},
		{"bundled@example.test", "wolfie-wolfiecrm", []entry{}},
		{"admin@acme.test", "acme-crm", []entry{}},
		{"platform@wolfie.test", "wolfieauth-platform", []entry{owner}},
		{"platform@wolfie.test", "wolfie-wolfiecrm", []entry{owner}},
		{"platform@wolfie.test", "acme-crm", []entry{}},
	} {
		got := apptest.NewBrowser(t).SignIn(h.client(tt.client), tt.email, demoPassword)
		holds(t, "id-token", got.Payload)
		if diff := cmp.Diff(tt.want, entries(got.Held.Plans)); diff != "" {
			t.Errorf("%s at %s (-want +got):\n%s", tt.email, tt.client, diff)
		}
		for _, p := range got.Held.Plans {
			if p.AppClientID != tt.client || p.Status != claims.StatusActive {
				t.Errorf("%s at %s holds %+v", tt.email, tt.client, p)
			}
		}
		var who struct{ Sub, Email string }
		must(t, json.Unmarshal(got.Payload, &who))
		if who.Sub != h.sub(tt.email) || who.Email != tt.email || got.Held.Version == "" {
			t.Errorf("the ID token of %s says %+v, version %q", tt.email, who, got.Held.Version)
		}
	}
}

// TestAllFivePlacesAgree is for an app whose access tokens are JWTs: they are the fifth place.
func TestAllFivePlacesAgree(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := setup(t, dsn)
		_, err := h.App.DB().SQL().ExecContext(t.Context(), "UPDATE oidc_clients SET access_token_type = 'jwt' WHERE client_id = 'acme-crm'")
		must(t, err)
		// Adding an address tells every cache that the app has changed.
		must(t, h.App.Identity().AddRedirectURI(t.Context(), "acme-crm", redirect+"/2"))
		eventually(t, "the app's access tokens are JWTs", func() bool {
			a, err := h.App.Identity().App(t.Context(), "acme-crm")
			must(t, err)
			return a.AccessTokenType == "jwt"
		})
		for _, u := range h.line.Users {
			got := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), u.Email, demoPassword)
			payload := jwtPayload(t, got.Access)
			holds(t, "access-token", payload)
			agree(t, h, got, payload)
		}
	})
}

func placesAgree(t *testing.T, h *house) {
	for _, u := range h.line.Users {
		agree(t, h, apptest.NewBrowser(t).SignIn(h.client("acme-crm"), u.Email, demoPassword))
	}
}

// agree compares the bytes of the claim in every place.
func agree(t *testing.T, h *house, got apptest.Tokens, more ...json.RawMessage) {
	t.Helper()
	userinfo := apptest.Bearer(t, h.line.Issuer+"/me", got.Access)
	holds(t, "userinfo", userinfo)
	introspection := h.client("acme-crm").Introspect(t, got.Access)
	holds(t, "introspection", introspection)
	entitlements := apptest.Bearer(t, h.line.Issuer+"/v1/billing/entitlements", got.Access)
	holds(t, "entitlements", entitlements)
	refreshed, ok := h.client("acme-crm").Refresh(t, got.Refresh)
	if !ok {
		t.Fatal("the refresh was refused")
	}
	want := claimIn(t, got.Payload)
	holds(t, "claim", want.document(t))
	for i, place := range append([]json.RawMessage{userinfo, introspection, entitlements, refreshed.Payload}, more...) {
		if has := claimIn(t, place); !bytes.Equal(has.plans, want.plans) || !bytes.Equal(has.version, want.version) {
			t.Errorf("place %d says\n%s %s\nthe ID token\n%s %s", i, has.plans, has.version, want.plans, want.version)
		}
	}
}

type claim struct{ plans, version json.RawMessage }

func (c claim) document(t *testing.T) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]json.RawMessage{"wolfieauth_plans": c.plans, "wolfieauth_plans_ver": c.version})
	must(t, err)
	return raw
}

func claimIn(t *testing.T, document []byte) claim {
	t.Helper()
	var m map[string]json.RawMessage
	must(t, json.Unmarshal(document, &m))
	c := claim{m["wolfieauth_plans"], m["wolfieauth_plans_ver"]}
	if c.plans == nil {
		c = claim{m["plans"], m["version"]}
	}
	if c.plans == nil || c.version == nil {
		t.Fatalf("no claim in %s", document)
	}
	return c
}

func entitlementsCache(t *testing.T, h *house) {
	got := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), "subscriber@example.test", demoPassword)
	address := h.line.Issuer + "/v1/billing/entitlements"
	first := send(t, http.MethodGet, address, "", "", bearer(got.Access))
	tag := first.header.Get("ETag")
	if first.status != http.StatusOK || tag != `"`+got.Held.Version+`"` {
		t.Fatalf("%d with ETag %s, version %s", first.status, tag, got.Held.Version)
	}
	for match, want := range map[string]int{tag: http.StatusNotModified, `"x", W/` + tag: http.StatusNotModified, `"x"`: http.StatusOK} {
		header := bearer(got.Access)
		header.Set("If-None-Match", match)
		if again := send(t, http.MethodGet, address, "", "", header); again.status != want || want == http.StatusNotModified && len(again.body) > 0 {
			t.Errorf("If-None-Match %s: %d %s", match, again.status, again.body)
		}
	}
}

func refreshShowsComp(t *testing.T, h *house) {
	b, email := apptest.NewBrowser(t), newcomer()
	sub := h.signUp(t, b, email)
	crm := h.client("acme-crm")
	got := b.SignIn(crm, email, demoPassword)
	if len(got.Held.Plans) != 0 {
		t.Fatalf("a newcomer holds %v", got.Held.Plans)
	}
	must(t, h.App.Comps().GiveAt(t.Context(), claims.Comp{
		UserID: sub, ClientID: "acme-crm", PlanSlug: "friend", PlanName: "Friend of the house", Features: []string{"reports"},
		GivenBy: h.sub("platform@wolfie.test"), Reason: "test",
	}, h.Clock.Now()))
	next, ok := crm.Refresh(t, got.Refresh)
	if !ok {
		t.Fatal("the refresh was refused")
	}
	want := []entry{{Slug: "friend", Features: []string{"reports"}}}
	if diff := cmp.Diff(want, entries(next.Held.Plans)); diff != "" || next.Held.Version == got.Held.Version {
		t.Errorf("version %s (-want +got):\n%s", next.Held.Version, diff)
	}
}

func logoutEnds(t *testing.T, h *house) {
	b := apptest.NewBrowser(t)
	c := h.client("acme-crm")
	c.Scopes = []string{"openid", "org"} // without offline_access the tokens end with the session
	got := b.SignIn(c, "buyer@example.test", demoPassword)
	cookies := b.Client().Jar.Cookies(parse(t, h.line.Issuer))
	b.StopAt = "https://rp.example/"
	page := b.Get(h.line.Issuer + "/end_session?client_id=acme-crm&state=s1&post_logout_redirect_uri=https%3A%2F%2Frp.example%2F&id_token_hint=" + got.ID)
	if page.URL.String() != "https://rp.example/?state=s1" {
		t.Errorf("logout led to %s (%d):\n%s", page.URL, page.Status, page.Text())
	}
	if got.Refresh != "" {
		if _, ok := c.Refresh(t, got.Refresh); ok {
			t.Error("the refresh token outlived the session")
		}
	}
	if res := send(t, http.MethodGet, h.line.Issuer+"/me", "", "", bearer(got.Access)); res.status != http.StatusUnauthorized {
		t.Errorf("the access token outlived the session: %d", res.status)
	}
	// A copy of the cookie opens nothing any more.
	header := http.Header{}
	for _, cookie := range cookies {
		header.Add("Cookie", cookie.Name+"="+cookie.Value)
	}
	if res := send(t, http.MethodGet, h.line.Issuer+"/account", "", "", header); res.status != http.StatusSeeOther {
		t.Errorf("the old cookie still opens the account: %d", res.status)
	}
}

// TestTheClaimFollowsTheClock moves billing, claims and sandbox together.
func TestTheClaimFollowsTheClock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		crm := h.client("acme-crm")
		buyer := apptest.NewBrowser(t).SignIn(crm, "buyer@example.test", demoPassword)
		subscriber := apptest.NewBrowser(t).SignIn(crm, "subscriber@example.test", demoPassword)
		end := h.Clock.Now().Add(48 * time.Hour).Truncate(time.Second)
		must(t, h.App.Comps().GiveAt(t.Context(), claims.Comp{
			UserID: h.sub("buyer@example.test"), ClientID: "acme-crm", PlanSlug: "trial-pass", PlanName: "Trial pass", ExpiresAt: &end,
			GivenBy: h.sub("platform@wolfie.test"), Reason: "test",
		}, h.Clock.Now()))
		h.advance(t, end.Sub(h.Clock.Now())-30*time.Second)
		if held := h.held(t, buyer); len(held) != 1 || held[0].CurrentPeriodEnd == nil || !held[0].CurrentPeriodEnd.Equal(end) {
			t.Errorf("before its end the comp is %+v", held)
		}
		h.advance(t, end.Sub(h.Clock.Now()))
		if held := h.held(t, buyer); len(held) != 0 {
			t.Errorf("at its end the comp still holds: %+v", held)
		}
		before := h.held(t, subscriber)
		h.advance(t, 720*time.Hour)
		h.advance(t, 72*time.Hour)
		after := h.held(t, subscriber)
		if len(after) != 1 || len(before) != 1 || !after[0].CurrentPeriodEnd.After(h.Clock.Now()) || !after[0].CurrentPeriodEnd.After(*before[0].CurrentPeriodEnd) {
			t.Errorf("the subscription did not renew: %+v, then %+v at %s", before, after, h.Clock.Now())
		}
	})
}

// TestACancelledPlanEndsByItself: the period's end ends it, even when no event ever arrives.
func TestACancelledPlanEndsByItself(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := setup(t, dsn, faulty)
		b := apptest.NewBrowser(t)
		got := b.SignIn(h.client("acme-crm"), "subscriber@example.test", demoPassword)
		b.Get(h.line.PricingURL)
		b.SubmitTo("/portal")
		link := b.Page().LinkWith("/cancel?")
		if link == "" {
			t.Fatalf("the portal offers no cancelling:\n%s", b.Page().Text())
		}
		b.Get(link)
		b.SubmitTo("/cancel")
		// Deliveries are dropped; who opens the account page or the reconciliation asks Stripe again.
		must(t, h.App.Billing().Reconcile(t.Context()))
		h.advance(t, 0)
		end := h.held(t, got)
		if len(end) != 1 || end[0].CurrentPeriodEnd == nil {
			t.Fatalf("after cancelling: %+v", end)
		}
		h.advance(t, end[0].CurrentPeriodEnd.Sub(h.Clock.Now())-time.Minute)
		if held := h.held(t, got); len(held) != 1 {
			t.Errorf("before the period's end: %+v", held)
		}
		h.advance(t, time.Minute+time.Second)
		if held := h.held(t, got); len(held) != 0 {
			t.Errorf("after the period's end: %+v", held)
		}
	})
}
