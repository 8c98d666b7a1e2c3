package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// tiered is the form of a price with brackets: to seat, price of a seat, once for the bracket.
func tiered(scheme string, rows ...[3]string) url.Values {
	form := url.Values{"currency": {"PLN"}, "interval": {"year"}, "scheme": {scheme}, "per_seat": {"1"}, "seat_label": {"user"}, "seats": {"14"}}
	for _, r := range rows {
		form["tier_up_to"] = append(form["tier_up_to"], r[0])
		form["tier_unit"] = append(form["tier_unit"], r[1])
		form["tier_flat"] = append(form["tier_flat"], r[2])
	}
	return form
}

func TestPricesAreAddedAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/prices/new"
		contains(t, owner.get(target), `value="PLN"`, `name="tier_up_to"`, "Add bracket")
		three := int64(3)
		for name, tc := range map[string]struct {
			lang string
			form url.Values
			want billing.Price
		}{
			"a comma in Polish": {
				"pl",
				url.Values{"amount": {"1 299,50"}, "currency": {"pln"}, "interval": {"year"}, "scheme": {"flat"}, "countries": {"de; PL, de"}},
				billing.Price{Amount: 129950, Currency: "PLN", Interval: billing.IntervalYear, CountryCodes: []string{"DE", "PL"}, Scheme: billing.SchemeFlat},
			},
			"a point in English": {
				"en",
				url.Values{"amount": {"99.00"}, "currency": {"EUR"}, "interval": {"one_time"}, "scheme": {"flat"}, "seat_label": {"left over"}},
				billing.Price{Amount: 9900, Currency: "EUR", Interval: billing.IntervalOneTime, CountryCodes: []string{}, Scheme: billing.SchemeFlat},
			},
			"free, in yen": {
				"en",
				url.Values{"amount": {"0"}, "currency": {"JPY"}, "interval": {"month"}, "scheme": {"flat"}},
				billing.Price{Currency: "JPY", Interval: billing.IntervalMonth, CountryCodes: []string{}, Scheme: billing.SchemeFlat},
			},
			"brackets with an empty row": {
				"pl", tiered("graduated", [3]string{"3", "0", ""}, [3]string{"", "5,00", "2,50"}, [3]string{"", "", ""}),
				billing.Price{
					Currency: "PLN", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "user", CountryCodes: []string{}, Scheme: billing.SchemeGraduated,
					Tiers: []billing.Tier{{UpTo: &three}, {Position: 1, UnitAmount: 500, FlatAmount: 250}},
				},
			},
		} {
			before := map[string]bool{}
			for _, p := range b.plan("pro").EditorPrices {
				before[p.ID] = true
			}
			if got := owner.in(tc.lang).post(target, tc.form); got.status != http.StatusSeeOther {
				t.Errorf("%s: %d: %s", name, got.status, got.body)
				continue
			}
			for _, p := range b.plan("pro").EditorPrices {
				if before[p.ID] {
					continue
				}
				made := p.Price
				made.ID, made.PlanID, made.CreatedAt, made.UpdatedAt = "", "", tc.want.CreatedAt, tc.want.UpdatedAt
				for i := range made.Tiers {
					made.Tiers[i].PriceID = ""
				}
				if diff := cmp.Diff(tc.want, made); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			if diff := cmp.Diff([]string{"price.added"}, b.actions(1)); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestPriceMistakesStandAtTheirFields(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, before := b.as("owner", "acme"), b.written()
		flat := func(pairs ...string) url.Values {
			form := url.Values{"amount": {"5"}, "currency": {"PLN"}, "interval": {"year"}, "scheme": {"flat"}, "seats": {"14"}}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			return form
		}
		seatless := tiered("volume", [3]string{"", "5", ""})
		seatless.Del("per_seat")
		once := tiered("volume", [3]string{"", "5", ""})
		once.Set("interval", "one_time")
		for name, tc := range map[string]struct {
			form         url.Values
			field        string
			english, pol string
		}{
			"no amount":         {flat("amount", ""), "amount", "Fill in this field", "Prosimy wypełnić to pole"},
			"no number":         {flat("amount", "a lot"), "amount", "Enter an amount", "Wpisz kwotę"},
			"too many decimals": {flat("amount", "9.999", "currency", "EUR"), "amount", "EUR has 2 decimals", "EUR ma 2 miejsca"},
			"decimals of yen":   {flat("amount", "9.90", "currency", "JPY"), "amount", "JPY has 0 decimals", "JPY ma 0 miejsc"},
			"negative":          {flat("amount", "-5"), "amount", "cannot be below zero", "nie może być ujemna"},
			"too large":         {flat("amount", "99999999"), "amount", "more than Stripe can charge", "więcej, niż Stripe"},
			"not payable":       {flat("amount", "1.234", "currency", "KWD"), "amount", "drop the last digit", "pomiń ostatnią cyfrę"},
			"currency":          {flat("currency", "XYZ"), "currency", "does not charge in this currency", "nie pobiera opłat"},
			"country":           {flat("countries", "PL, XX"), "countries", "two-letter country codes", "dwuliterowe kody"},
			"interval":          {flat("interval", "week"), "interval", "cannot be accepted", "nie można przyjąć"},
			"scheme":            {flat("scheme", "package"), "scheme", "cannot be accepted", "nie można przyjąć"},
			"no label":          {flat("per_seat", "1"), "seat_label", "Say what a seat is", "Napisz, czym jest"},
			"duplicate":         {flat("interval", "month", "countries", "PL"), "currency", "already has a price", "ma już cenę"},
			"one-time by seat":  {once, "interval", "neither seats nor brackets", "bez stanowisk i progów"},
			"no brackets":       {tiered("volume"), "tiers", "at least one bracket", "co najmniej jeden próg"},
			"unsorted":          {tiered("volume", [3]string{"10", "5", ""}, [3]string{"4", "4", ""}, [3]string{"", "3", ""}), "tier_up_to-1", "must end after the one before", "kończyć się dalej"},
			"overlapping":       {tiered("volume", [3]string{"10", "5", ""}, [3]string{"10", "4", ""}, [3]string{"", "3", ""}), "tier_up_to-1", "must end after the one before", "kończyć się dalej"},
			"two open":          {tiered("graduated", [3]string{"", "5", ""}, [3]string{"", "4", ""}), "tier_up_to-0", "Only the last bracket is open", "Otwarty jest tylko ostatni"},
			"closed end":        {tiered("graduated", [3]string{"10", "5", ""}), "tier_up_to-0", "Only the last bracket is open", "Otwarty jest tylko ostatni"},
			"no unit amount":    {tiered("graduated", [3]string{"10", "", "5"}, [3]string{"", "4", ""}), "tier_unit-0", "Fill in this field", "Prosimy wypełnić to pole"},
			"flat amount":       {tiered("graduated", [3]string{"10", "1", "5,001"}, [3]string{"", "4", "x"}), "tier_flat-1", "Enter an amount", "Wpisz kwotę"},
			"brackets, no seat": {seatless, "scheme", "Brackets count seats", "Progi liczą stanowiska"},
		} {
			for lang, sentence := range map[string]string{"en": tc.english, "pl": tc.pol} {
				page := owner.in(lang).post(plans+"/plan-pro/prices/new", tc.form)
				if page.status != http.StatusUnprocessableEntity {
					t.Errorf("%s (%s): %d", name, lang, page.status)
					continue
				}
				contains(t, page, sentence, `href="#`+tc.field+`"`, `id="`+tc.field+`-error"`)
			}
		}
		kept := owner.post(plans+"/plan-pro/prices/new", tiered("volume", [3]string{"10", "5.25", "7"}, [3]string{"4", "4", ""}))
		contains(t, kept, `value="5.25"`, `value="7"`, `value="10"`, `value="4"`, `value="volume" selected`, `value="user"`)
		if b.written() != before || len(b.plan("pro").EditorPrices) != 1 {
			t.Error("something was written")
		}
	})
}

func TestRowsAndTotalsComeWithoutSaving(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner, target, before := b.as("owner", "acme"), plans+"/plan-pro/prices/new", b.written()
	form := tiered("graduated", [3]string{"3", "0", ""}, [3]string{"", "12", "1.50"})
	ask := func(do string) answer {
		form.Set("do", do)
		return owner.post(target, form)
	}
	// 3 seats for nothing, 11 at 12.00, and 1.50 once.
	contains(t, ask("preview"), "14 seats: PLN\u00a0133.50 a year", "PLN\u00a0133.50", "Graduated: the seats fill", "4–14", "11 × PLN\u00a012.00 &#43; PLN\u00a01.50")
	form.Set("scheme", "volume")
	contains(t, ask("preview"), "PLN\u00a0169.50", "Volume: the number of seats decides")
	form.Set("seats", "")
	page := ask("preview")
	contains(t, page, "once the price is complete")
	lacks(t, page, `role="alert"`)
	page = ask("add")
	contains(t, page, `id="tier_up_to-2"`, `id="tier_unit-2" name="tier_unit" value="12"`) // before the open one
	lacks(t, page, `id="tier_up_to-3"`)
	page = ask("cut-0")
	contains(t, page, `id="tier_unit-0" name="tier_unit" value="12"`)
	lacks(t, page, `id="tier_up_to-1"`)
	if page = ask("cut-99"); page.status != http.StatusOK {
		t.Errorf("a row that is not there: %d", page.status)
	}
	if b.written() != before {
		t.Error("something was written")
	}
}

func TestPriceIsEditedInPlaceWhileNobodyHasIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/prices/price-pro/edit"
		contains(t, owner.in("pl").get(target), `value="99,00"`, `value="PL"`)
		lacks(t, owner.get(target), "makes a new price")
		form := url.Values{"amount": {"120.5"}, "currency": {"PLN"}, "interval": {"month"}, "scheme": {"flat"}, "seen": {b.seen(target)}}
		if got := owner.post(target, form); got.status != http.StatusSeeOther {
			t.Fatalf("%d: %s", got.status, got.body)
		}
		prices := b.plan("pro").EditorPrices
		if len(prices) != 1 || prices[0].ID != "price-pro" || prices[0].Amount != 12050 {
			t.Errorf("prices %+v", prices)
		}
		contains(t, owner.post(target, form), "Somebody changed this")
		contains(t, owner.get(plans+"/plan-secret/prices/"+b.plan("nur-fur-freunde").EditorPrices[0].ID+"/edit"), `value="10"`, `value="99.00"`, `value="89.00"`, `value="5.00"`)
		contains(t, owner.get(plans+"/plan-pro/prices/price-pro/retire"), "It is the only price of Pro", "Nobody has it now")
		owner.post(plans+"/plan-pro/prices/price-pro/retire", nil)
		if p := b.plan("pro").EditorPrices[0]; p.RetiredAt == nil {
			t.Error("not retired")
		}
		lacks(t, owner.get("/admin/clients/"+crm), "PLN\u00a0120.50")
		if diff := cmp.Diff([]string{"price.retired", "price.edited"}, b.actions(2)); diff != "" {
			t.Error(diff)
		}
	})
}
