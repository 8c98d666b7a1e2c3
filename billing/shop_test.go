package billing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func shopEdit() billing.ShopEdit {
	return billing.ShopEdit{ClientID: crm, DefaultCurrency: "eur", DefaultCountry: "de", Shop: billing.Shop{
		Headline: billing.Wording{PL: " Plany ", EN: "Plans"}, Sentence: billing.Wording{PL: "Dla każdego."},
		TermsURL: billing.Wording{EN: "https://acme.test/terms"}, PrivacyURL: billing.Wording{PL: "https://acme.test/prywatnosc"},
		Questions: []billing.Question{
			{},
			{Question: billing.Wording{PL: "Czy?", EN: "Is it?"}, Answer: billing.Wording{PL: "Tak.", EN: "Yes."}},
			{Question: billing.Wording{PL: "Kiedy?"}, Answer: billing.Wording{PL: "Jutro."}},
		},
	}}
}

func TestTheShopWindowIsKeptAndRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.must(b.EnableBilling(t.Context(), billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", Headline: "Came along", Sentence: "Came too"}))
		before, err := b.Catalog(t.Context(), crm)
		b.must(err)
		if front := before.Settings.Front(); front.Headline.In("pl") != "Came along" || front.Sentence.In("en") != "Came too" {
			t.Errorf("before: %+v", front)
		}
		in := shopEdit()
		in.Expected = before.Settings.UpdatedAt
		b.must(b.EditShop(t.Context(), in))
		after, err := b.Catalog(t.Context(), crm)
		b.must(err)
		s := after.Settings
		if s.DefaultCurrency != "EUR" || s.DefaultCountry != "DE" || s.Gateway != billing.GatewayConnect || !s.UpdatedAt.After(before.Settings.UpdatedAt) {
			t.Errorf("settings: %+v", s)
		}
		want := shopEdit().Shop
		want.Headline.PL, want.Questions = "Plany", want.Questions[1:]
		if diff := cmp.Diff(want, s.Front()); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		if err := b.EditShop(t.Context(), in); !errors.Is(err, billing.ErrConflict) {
			t.Errorf("a second change of the same state: %v", err)
		}
		// Switching billing on again, as a restart of the demo does, leaves the owner's words.
		b.must(b.EnableBilling(t.Context(), billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, DefaultCurrency: "EUR", DefaultCountry: "DE", Headline: "Came along"}))
		again, err := b.Catalog(t.Context(), crm)
		b.must(err)
		if diff := cmp.Diff(s, again.Settings); diff != "" {
			t.Error(diff)
		}
		if got := len(b.audited("shop.changed")); got != 1 {
			t.Errorf("%d entries in the log", got)
		}
	})
}

func TestTheShopWindowsMistakesAreNamedAtTheField(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for want, change := range map[string]func(*billing.ShopEdit){
		"defaultCurrency:unknown_currency": func(in *billing.ShopEdit) { in.DefaultCurrency = "ABC" },
		"defaultCountry:unknown_country":   func(in *billing.ShopEdit) { in.DefaultCountry = "QQ" },
		"headlineEn:too_long":              func(in *billing.ShopEdit) { in.Shop.Headline.EN = strings.Repeat("ż", 121) },
		"termsUrlPl:not_https":             func(in *billing.ShopEdit) { in.Shop.TermsURL.PL = "http://acme.test" },
		"termsUrlEn:not_https":             func(in *billing.ShopEdit) { in.Shop.TermsURL.EN = "javascript:alert(1)" },
		"privacyUrlPl:not_https":           func(in *billing.ShopEdit) { in.Shop.PrivacyURL.PL = "https://user@acme.test/" },
		"privacyUrlEn:not_https":           func(in *billing.ShopEdit) { in.Shop.PrivacyURL.EN = "https:///nowhere" },
		"privacyUrlEn:too_long":            func(in *billing.ShopEdit) { in.Shop.PrivacyURL.EN = "https://acme.test/" + strings.Repeat("a", 500) },
		"questions[0].answerEn:required":   func(in *billing.ShopEdit) { in.Shop.Questions[1].Answer.EN = " " },
		"questions[1].questionPl:required": func(in *billing.ShopEdit) { in.Shop.Questions[2].Question.PL = "" },
		"questions[1].answerPl:too_long":   func(in *billing.ShopEdit) { in.Shop.Questions[2].Answer.PL = strings.Repeat("a", 2001) },
		"questions:too_large": func(in *billing.ShopEdit) {
			for range 30 {
				in.Shop.Questions = append(in.Shop.Questions, in.Shop.Questions[1])
			}
		},
	} {
		in := shopEdit()
		change(&in)
		if got := mistakesIn(b.EditShop(t.Context(), in)); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	in := shopEdit()
	in.ClientID = "nobody"
	if err := b.EditShop(t.Context(), in); !errors.Is(err, billing.ErrBillingOff) {
		t.Errorf("an app that sells nothing: %v", err)
	}
	in.ClientID, in.Expected = crm, time.Unix(1, 0)
	if err := b.EditShop(t.Context(), in); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("never seen: %v", err)
	}
}

func TestAMissingTextIsReadInTheOtherLanguage(t *testing.T) {
	t.Parallel()
	w := billing.Wording{PL: "tak"}
	if w.In("en") != "tak" || w.In("pl") != "tak" || (billing.Wording{EN: "yes"}).In("pl") != "yes" {
		t.Error("a text of one language is not shown in the other")
	}
	q := billing.Question{Question: billing.Wording{EN: "Why?"}, Answer: billing.Wording{EN: "So."}}
	if asked, answer := q.In("pl"); asked != "Why?" || answer != "So." {
		t.Errorf("%q, %q", asked, answer)
	}
}
