package admin

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// PriceFormPage is the view of admin/price: a price that is being made or changed.
type PriceFormPage struct {
	Frame
	App                     idp.App
	Plan                    string
	Form                    *web.Form
	Action, Heading, Submit string
	Intervals, Schemes      []web.Option
	Tiers                   []TierInput
	Worked                  Worked
	Preview                 *PreviewPane
	// Of a price that exists: its state when the form was opened, whether a new one takes its place, and how many
	// people keep it then.
	Seen     string
	Replaces bool
	Live     int64
}

// TierInput is one row of the table of brackets as it was typed.
type TierInput struct {
	Row, Number                     int    // from 0, and from 1
	From                            string // where the bracket begins, "" while that is unknown
	UpTo, Unit, Flat                string
	UpToError, UnitError, FlatError string
	Last                            bool
}

// maxTierRows is a bound for the form; the domain has its own.
const maxTierRows = 100

// priceFields are the names of a price's values in the form.
var priceFields = map[string]string{
	"seatLabel": "seat_label", "countryCodes": "countries", "upTo": "tier_up_to", "unitAmount": "tier_unit", "flatAmount": "tier_flat",
}

// readPrice reads the form; what is no number or no amount fails at its field.
func readPrice(c echo.Context, form *web.Form, planID string) billing.NewPrice {
	in := billing.NewPrice{
		PlanID: planID, Currency: strings.ToUpper(form.Value("currency")), Interval: billing.Interval(form.Value("interval")),
		PerSeat: form.Value("per_seat") != "", SeatLabel: form.Value("seat_label"), CountryCodes: countries(form.Value("countries")),
		Scheme: billing.Scheme(form.Value("scheme")),
	}
	if !money.Known(in.Currency) {
		form.Fail("currency", web.T(c, "admin.mistake.unknown_currency"))
	}
	if !in.PerSeat {
		in.SeatLabel = ""
	}
	if in.Scheme == billing.SchemeFlat {
		in.Amount = amount(c, form, "amount", form.Value("amount"), in.Currency)
		return in
	}
	for i := range form.Values["tier_unit"] {
		in.Tiers = append(in.Tiers, readTier(c, form, i, in.Currency))
	}
	return in
}

func readTier(c echo.Context, form *web.Form, i int, currency string) (t billing.Tier) {
	n := "-" + strconv.Itoa(i)
	if typed := cell(form, "tier_up_to", i); typed != "" {
		upTo, err := strconv.ParseInt(typed, 10, 64)
		if err != nil || upTo < 1 {
			form.Fail("tier_up_to"+n, web.T(c, "admin.mistake.number"))
		}
		t.UpTo = &upTo
	}
	t.UnitAmount = amount(c, form, "tier_unit"+n, cell(form, "tier_unit", i), currency)
	if flat := cell(form, "tier_flat", i); flat != "" {
		t.FlatAmount = amount(c, form, "tier_flat"+n, flat, currency)
	}
	return t
}

// cell answers what was typed into a row of the table.
func cell(form *web.Form, name string, row int) string {
	if column := form.Values[name]; row < len(column) {
		return strings.TrimSpace(column[row])
	}
	return ""
}

// amount reads major units as people write them in the language of the page. A currency that is unknown is said
// at its own field.
func amount(c echo.Context, form *web.Form, field, typed, currency string) int64 {
	if typed == "" {
		form.Fail(field, web.T(c, "form.required"))
		return 0
	}
	n, err := money.Parse(web.Lang(c), typed, currency)
	switch {
	case err == nil:
		return n
	case errors.Is(err, money.ErrUnknownCurrency):
		return 0
	case errors.Is(err, money.ErrTooManyDecimals):
		places, _ := money.Exponent(currency)
		form.Fail(field, web.T(c, "admin.mistake.too_many_decimals", "Count", places, "Currency", currency))
	case errors.Is(err, money.ErrNegative):
		form.Fail(field, web.T(c, "admin.mistake.negative"))
	case errors.Is(err, money.ErrTooLarge):
		form.Fail(field, web.T(c, "admin.mistake.too_large_max", "Max", money.FormatShort(web.Lang(c), money.Max(currency), currency)))
	case errors.Is(err, money.ErrNotPayable):
		form.Fail(field, web.T(c, "admin.mistake.not_payable"))
	default:
		form.Fail(field, web.T(c, "admin.mistake.not_number"))
	}
	return 0
}

// countries takes a list of codes apart, in the order in which the domain keeps them.
func countries(typed string) []string {
	codes := strings.FieldsFunc(strings.ToUpper(typed), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	slices.Sort(codes)
	return slices.Compact(codes)
}

// tidyTiers drops rows in which nothing was typed, so that an empty row at the end is no mistake.
func tidyTiers(form *web.Form) {
	var upTo, unit, flat []string
	for i := range form.Values["tier_unit"] {
		a, b, c := cell(form, "tier_up_to", i), cell(form, "tier_unit", i), cell(form, "tier_flat", i)
		if a+b+c != "" {
			upTo, unit, flat = append(upTo, a), append(unit, b), append(flat, c)
		}
	}
	setTiers(form, upTo, unit, flat)
}

func setTiers(form *web.Form, upTo, unit, flat []string) {
	form.Values["tier_up_to"], form.Values["tier_unit"], form.Values["tier_flat"] = upTo, unit, flat
}

// changeTiers adds or takes away a row, as the pressed button says. The new row comes before the open one at the end.
func changeTiers(form *web.Form, do string) {
	rows := len(form.Values["tier_unit"])
	var upTo, unit, flat []string
	cut, err := strconv.Atoi(strings.TrimPrefix(do, doCutTier))
	if err != nil {
		cut = -1
	}
	for i := range rows {
		open := i == rows-1 && cell(form, "tier_up_to", i) == ""
		if do == doAddTier && open && rows < maxTierRows {
			upTo, unit, flat = append(upTo, ""), append(unit, ""), append(flat, "")
		}
		if i != cut {
			upTo, unit, flat = append(upTo, cell(form, "tier_up_to", i)), append(unit, cell(form, "tier_unit", i)), append(flat, cell(form, "tier_flat", i))
		}
		if do == doAddTier && i == rows-1 && !open && rows < maxTierRows {
			upTo, unit, flat = append(upTo, ""), append(unit, ""), append(flat, "")
		}
	}
	setTiers(form, upTo, unit, flat)
}

// tierInputs are the rows as they were typed; there is always one to type into.
func tierInputs(form *web.Form) []TierInput {
	rows := make([]TierInput, 0, len(form.Values["tier_unit"]))
	from := "1"
	for i := range max(1, len(form.Values["tier_unit"])) {
		n := "-" + strconv.Itoa(i)
		row := TierInput{
			Row: i, Number: i + 1, From: from, UpTo: cell(form, "tier_up_to", i), Unit: cell(form, "tier_unit", i), Flat: cell(form, "tier_flat", i),
			UpToError: form.Err("tier_up_to" + n), UnitError: form.Err("tier_unit" + n), FlatError: form.Err("tier_flat" + n),
		}
		from = ""
		if upTo, err := strconv.ParseInt(row.UpTo, 10, 64); err == nil && upTo > 0 {
			from = strconv.FormatInt(upTo+1, 10)
		}
		rows = append(rows, row)
	}
	rows[len(rows)-1].Last = true
	return rows
}
