package admin

import (
	"errors"
	"regexp"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// errRefused takes a transaction back whose form has mistakes; they stand in the form already.
var errRefused = errors.New("the form has mistakes")

// refused answers errRefused for a form with mistakes.
func refused(form *web.Form) error {
	if form.OK() {
		return nil
	}
	return errRefused
}

// settled drops errRefused: the form says it all.
func settled(err error) error {
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

var indexed = regexp.MustCompile(`^(\w+)\[(\d+)\](?:\.(\w+))?$`)

// settle puts the mistakes that a domain found beside the fields of the form; names holds those whose field is
// called otherwise. It answers errRefused when anything is wrong with the form by then, and errors of any other
// kind as they are.
func settle(c echo.Context, form *web.Form, names map[string]string, err error) error {
	mistakes, ok := errors.AsType[billing.FieldErrors](err)
	if err != nil && !ok {
		return err
	}
	for _, m := range mistakes {
		field, sentence := m.Field, mistakeSentence(c, m)
		if parts := indexed.FindStringSubmatch(field); parts != nil {
			field = parts[1]
			if parts[3] != "" { // a row of a table: the field's own name, and the number of the row
				form.Fail(names[parts[3]]+"-"+parts[2], sentence)
				continue
			}
		}
		if name := names[field]; name != "" {
			field = name
		}
		form.Fail(field, sentence)
	}
	return refused(form)
}

// mistakeSentence words a mistake; one and the same code says more at some fields.
func mistakeSentence(c echo.Context, m *billing.FieldError) string {
	switch m.Field + " " + m.Code {
	case "slug " + billing.CodeTaken:
		return web.T(c, "admin.mistake.slug_taken")
	case "slug " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.slug_invalid")
	case "key " + billing.CodeTaken:
		return web.T(c, "admin.mistake.key_taken")
	case "key " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.key_invalid")
	case "color " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.color")
	case "trialDays " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.trial_days")
	case "graceDays " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.grace_days")
	case "lastsDays " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.lasts_days")
	case "maxSeats " + billing.CodeInvalid:
		return web.T(c, "admin.mistake.max_seats")
	case "seatLabel " + billing.CodeRequired:
		return web.T(c, "admin.mistake.seat_label")
	}
	return codeSentence(c, m.Code)
}

func codeSentence(c echo.Context, code string) string {
	switch code {
	case billing.CodeRequired:
		return web.T(c, "form.required")
	case billing.CodeTooLong:
		return web.T(c, "admin.mistake.too_long")
	case billing.CodeTooLarge:
		return web.T(c, "admin.mistake.too_large")
	case billing.CodeNegative:
		return web.T(c, "admin.mistake.negative")
	case billing.CodeUnknownCurrency:
		return web.T(c, "admin.mistake.unknown_currency")
	case billing.CodeNotPayable:
		return web.T(c, "admin.mistake.not_payable")
	case billing.CodeUnknownCountry:
		return web.T(c, "admin.mistake.unknown_country")
	case billing.CodeUnknownFeature:
		return web.T(c, "admin.mistake.unknown_feature")
	case billing.CodeDuplicatePrice:
		return web.T(c, "admin.mistake.duplicate_price")
	case billing.CodeOneTimeFlatOnly:
		return web.T(c, "admin.mistake.one_time_flat_only")
	case billing.CodeTierOrder:
		return web.T(c, "admin.mistake.tier_order")
	case billing.CodeTierOpen:
		return web.T(c, "admin.mistake.tier_open")
	case billing.CodeTierCount:
		return web.T(c, "admin.mistake.tier_count")
	case billing.CodeTiersUnwanted:
		return web.T(c, "admin.mistake.tiers_unwanted")
	case billing.CodeSold:
		return web.T(c, "admin.mistake.sold")
	case billing.CodeNotHTTPS:
		return web.T(c, "shop.mistake.not_https")
	case billing.CodeTiersNeedSeats:
		return web.T(c, "admin.mistake.tiers_need_seats")
	default:
		return web.T(c, "admin.mistake.invalid")
	}
}
