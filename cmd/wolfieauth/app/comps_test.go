package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
)

func (h *house) gift(email string) comps.Gift {
	return comps.Gift{ClientID: "acme-crm", Email: email, Reason: "A friend", GivenBy: h.sub("platform@wolfie.test")}
}

// slugs are the plans that somebody holds.
func slugs(plans []claims.Plan) string {
	var out string
	for _, p := range plans {
		out += p.PlanSlug + " "
	}
	return out
}

// TestAPassWaitsForAnAddress: whoever proves the address has it from then on, and nobody before.
func TestAPassWaitsForAnAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, email := t.Context(), newcomer()
		must(t, h.App.Comps().Give(ctx, h.gift("  "+email)))
		if err := h.App.Comps().Give(ctx, h.gift(email)); !errors.Is(err, claims.ErrCompExists) {
			t.Errorf("twice: %v", err)
		}
		user, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: email, Password: demoPassword})
		must(t, err)
		if has, err := h.App.Comps().CompsOf(ctx, user.ID, "acme-crm"); err != nil || len(has) != 0 {
			t.Errorf("an address that is not proven has %v, %v", has, err)
		}
		other := newcomer()
		must(t, h.App.Comps().Give(ctx, h.gift(other)))
		proven, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: other, Password: demoPassword, Verified: true})
		must(t, err)
		has, err := h.App.Comps().CompsOf(ctx, proven.ID, "acme-crm")
		if err != nil || len(has) != 1 || has[0].PlanSlug != "comp" || len(has[0].Features) != 0 {
			t.Fatalf("%v, %v", has, err)
		}
		if got := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), other, demoPassword); slugs(got.Held.Plans) != "comp " || !got.Held.Plans[0].AllFeatures {
			t.Errorf("the token says %+v", got.Held.Plans)
		}
	})
}

// TestNobodyGivesThemselvesAPass tries every way in.
func TestNobodyGivesThemselvesAPass(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, giver := t.Context(), h.sub("platform@wolfie.test")
		for name, g := range map[string]comps.Gift{
			"by id":      {ClientID: "acme-crm", UserID: giver, Reason: "x", GivenBy: giver},
			"by address": {ClientID: "acme-crm", Email: "Platform@Wolfie.test", Reason: "x", GivenBy: giver},
		} {
			if err := h.App.Comps().Give(ctx, g); !errors.Is(err, comps.ErrSelf) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := h.App.Comps().GiveAt(ctx, claims.Comp{UserID: giver, ClientID: "acme-crm", PlanSlug: "comp", PlanName: "x", GivenBy: giver}, h.Clock.Now()); !errors.Is(err, comps.ErrSelf) {
			t.Errorf("as it is: %v", err)
		}
		run, err := h.App.Comps().Check(ctx, comps.List{ClientID: "acme-crm", GivenBy: giver, Text: "platform@wolfie.test\n" + newcomer(), Reason: "x"})
		must(t, err)
		must(t, h.App.Comps().Start(ctx, "acme-crm", run.ID, giver))
		must(t, h.App.CatchUp(ctx))
		if _, tally, err := h.App.Comps().Run(ctx, "acme-crm", run.ID); err != nil || tally != (claims.CompTally{Given: 1, Refused: 1}) {
			t.Errorf("by a list: %+v, %v", tally, err)
		}
		// An address that waits, and only then becomes the giver's own.
		later := newcomer()
		user, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: later, Password: demoPassword})
		must(t, err)
		g := h.gift(newcomer())
		g.GivenBy = user.ID
		must(t, h.App.Comps().Give(ctx, g))
		must(t, h.App.Comps().AddressVerified(ctx, user.ID, g.Email))
		if has, err := h.App.Comps().CompsOf(ctx, user.ID, "acme-crm"); err != nil || len(has) != 0 {
			t.Errorf("by an address that became theirs: %v, %v", has, err)
		}
	})
}

// TestAPassLeavesASubscriptionAlone: both are in the claim, and who has a pass can still buy.
func TestAPassLeavesASubscriptionAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		crm := h.client("acme-crm")
		got := apptest.NewBrowser(t).SignIn(crm, "subscriber@example.test", demoPassword)
		before := got.Held.Plans
		must(t, h.App.Comps().Give(t.Context(), comps.Gift{
			ClientID: "acme-crm", UserID: h.sub("subscriber@example.test"), Reason: "x", GivenBy: h.sub("platform@wolfie.test"),
		}))
		after := h.held(t, got)
		if len(after) != len(before)+1 || slugs(after) != "comp "+slugs(before) {
			t.Errorf("before %s, with a pass %s", slugs(before), slugs(after))
		}
		has, err := h.App.Comps().CompsOf(t.Context(), h.sub("subscriber@example.test"), "acme-crm")
		must(t, err)
		must(t, h.App.Comps().End(t.Context(), "acme-crm", has[0].ID, h.sub("platform@wolfie.test")))
		if again := h.held(t, got); slugs(again) != slugs(before) {
			t.Errorf("after the pass %s", slugs(again))
		}
	})
}

// TestWhoHasAPassCanStillBuy, and then holds both.
func TestWhoHasAPassCanStillBuy(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		b := apptest.NewBrowser(t)
		got := b.SignIn(h.client("acme-crm"), "buyer@example.test", demoPassword)
		must(t, h.App.Comps().Give(t.Context(), h.gift("buyer@example.test")))
		if held := h.held(t, got); slugs(held) != "comp " {
			t.Fatalf("with a pass %s", slugs(held))
		}
		b.Buy(h.line.PricingURL, "pro", "")
		b.Pay("buyer@example.test", "4242424242424242")
		if held := h.held(t, got); slugs(held) != "comp pro " {
			t.Errorf("with a pass and a subscription %s", slugs(held))
		}
	})
}

// TestTheGiverIsRemindedOnce, and nobody else ever.
func TestTheGiverIsRemindedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		end := h.Clock.Now().Add(10 * 24 * time.Hour).Truncate(time.Second)
		for _, email := range []string{newcomer(), "buyer@example.test"} {
			g := h.gift(email)
			g.ExpiresAt = &end
			must(t, h.App.Comps().Give(t.Context(), g))
		}
		mails := func(to string) int {
			return h.rows(t, "SELECT COUNT(*) FROM mails WHERE template = 'comp_ending' AND to_address = ?", to)
		}
		h.advance(t, 24*time.Hour)
		if n := mails("platform@wolfie.test"); n != 0 {
			t.Errorf("%d mails nine days before the end", n)
		}
		for range 3 {
			h.advance(t, 49*time.Hour)
			must(t, h.App.Comps().Remind(t.Context()))
		}
		if n := mails("platform@wolfie.test"); n != 2 {
			t.Errorf("%d mails for two passes", n)
		}
		if n := h.rows(t, "SELECT COUNT(*) FROM mails WHERE template = 'comp_ending'"); n != 2 {
			t.Errorf("%d mails in all", n)
		}
	})
}

// TestExplainSaysWhatTheTokensSay, now and of each moment at which a token was issued.
func TestExplainSaysWhatTheTokensSay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		type then struct {
			user, org string
			at        time.Time
			plans     []byte
			version   string
		}
		var seen []then
		for range 3 {
			for _, u := range h.line.Users {
				got := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), u.Email, demoPassword)
				at := h.Clock.Now()
				raw := claimIn(t, got.Payload)
				var version, org string
				must(t, json.Unmarshal(raw.version, &version))
				var claims struct {
					Org string `json:"org_id"`
				}
				must(t, json.Unmarshal(got.Payload, &claims))
				org = claims.Org
				seen = append(seen, then{u.Sub, org, at, raw.plans, version})
			}
			h.advance(t, 9*24*time.Hour)
		}
		compared := 0
		for _, s := range seen {
			e, err := h.App.Comps().Explain(t.Context(), s.user, s.org, "acme-crm", s.at, "", false)
			must(t, err)
			got, err := json.Marshal(e.Plans)
			must(t, err)
			compared += len(e.Plans)
			if !bytes.Equal(got, s.plans) || e.Version != s.version {
				t.Errorf("%s for %s at %s: explained\n%s\nthe token\n%s", s.user, s.org, s.at, got, s.plans)
			}
		}
		if compared < 6 {
			t.Errorf("only %d entries were compared", compared)
		}
	})
}

// TestTheOwnersGrantIsNotToBeHadByAName: an org that is called like the owner's gives nothing, and Explain shows the
// one that counts.
func TestTheOwnersGrantIsNotToBeHadByAName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		owner, err := h.App.Identity().PlatformOrg(ctx)
		must(t, err)
		made, plain, err := h.App.Identity().CreateApp(ctx, idp.CreateApp{OrgID: owner.ID, Slug: "own", Name: "Own", Kind: idp.AppWeb, RedirectURIs: []string{redirect}, Trusted: true})
		must(t, err)
		_ = plain
		fake, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Name: owner.Name, Password: demoPassword})
		must(t, err)
		like, err := h.App.Identity().CreateOrg(ctx, idp.CreateOrg{Slug: "wolfie-2", Name: owner.Name, OwnerUserID: fake.ID})
		must(t, err)
		must(t, h.App.DB().Conn(ctx).Exec("UPDATE orgs SET name = 'wolfieauth', slug = 'wolfieauth-platform' WHERE id = ?", like.ID).Error)
		must(t, h.App.DB().Conn(ctx).Exec("INSERT INTO billing_apps (client_id, org_id, enabled, created_at, updated_at) VALUES (?, ?, TRUE, ?, ?)", made.ClientID, owner.ID, h.Clock.Now().UTC(), h.Clock.Now().UTC()).Error)
		if _, err := h.App.Comps().Explain(ctx, fake.ID, like.ID, made.ClientID, time.Time{}, "", false); !errors.Is(err, comps.ErrUser) {
			t.Errorf("a look-alike is in the directory: %v", err)
		}
		e, err := h.App.Comps().Explain(ctx, h.sub("platform@wolfie.test"), "", made.ClientID, time.Time{}, "", false)
		must(t, err)
		if slugs(e.Plans) != claims.GrantPlanSlug+" " || len(e.Explained) != 1 || e.Explained[0].Kind != claims.SourceGrant || e.Explained[0].OrgID != owner.ID {
			t.Errorf("%s, %+v", slugs(e.Plans), e.Explained)
		}
	})
}
