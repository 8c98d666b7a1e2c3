package admin

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Worked is an example of what a price comes to.
type Worked struct {
	Mode    string // how seats become an amount, in words
	Total   string // the whole sentence, "" while there is nothing to count
	Lines   []WorkedLine
	Missing string // what is missing for a total
}

// WorkedLine is what the seats of one bracket add.
type WorkedLine struct{ Range, Count, Amount string }

// worked counts the example of the form as it stands, saying what is missing instead of marking mistakes.
func worked(c echo.Context, typed *web.Form, planID string) Worked {
	form := &web.Form{Values: typed.Values}
	in := readPrice(c, form, planID)
	w := Worked{Mode: modeName(c, in)}
	seats, err := strconv.ParseInt(form.Value("seats"), 10, 64)
	if err != nil || seats < 1 || seats > billing.MaxQuantity {
		form.Fail("seats", web.T(c, "admin.mistake.number"))
	}
	if !form.OK() || !rising(in) {
		w.Missing = web.T(c, "admin.worked.missing")
		return w
	}
	price := billing.Price{Amount: in.Amount, Currency: in.Currency, Interval: in.Interval, PerSeat: in.PerSeat, Scheme: in.Scheme, Tiers: in.Tiers}
	quote, err := billing.QuotePrice(price, seats)
	if err != nil {
		w.Missing = web.T(c, "admin.worked.missing")
		return w
	}
	lang := web.Lang(c)
	total := money.Format(lang, quote.Total, in.Currency)
	if w.Total = web.T(c, "admin.worked.whole", "Total", total, "Interval", perInterval(c, in.Interval)); in.PerSeat {
		w.Total = web.T(c, "admin.worked.total", "Count", seats, "Total", total, "Interval", perInterval(c, in.Interval))
	}
	if in.Scheme == billing.SchemeFlat {
		return w
	}
	for _, l := range quote.Lines {
		line := WorkedLine{Range: strconv.FormatInt(l.From, 10), Amount: money.Format(lang, l.Amount, in.Currency)}
		if l.To > l.From {
			line.Range += "–" + strconv.FormatInt(l.To, 10)
		}
		line.Count = strconv.FormatInt(l.Seats, 10) + " × " + money.Format(lang, l.UnitAmount, in.Currency)
		if l.FlatAmount != 0 {
			line.Count += " + " + money.Format(lang, l.FlatAmount, in.Currency)
		}
		w.Lines = append(w.Lines, line)
	}
	return w
}

// rising tells whether brackets rise and only the last one is open.
func rising(in billing.NewPrice) bool {
	if in.Scheme == billing.SchemeFlat {
		return true
	}
	reached := int64(0)
	for i, t := range in.Tiers {
		if last := i == len(in.Tiers)-1; (t.UpTo == nil) != last {
			return false
		}
		if t.UpTo != nil {
			if *t.UpTo <= reached {
				return false
			}
			reached = *t.UpTo
		}
	}
	return len(in.Tiers) > 0
}

// perInterval names an interval behind an amount.
func perInterval(c echo.Context, i billing.Interval) string {
	switch i {
	case billing.IntervalYear:
		return web.T(c, "admin.worked.per_year")
	case billing.IntervalOneTime:
		return web.T(c, "admin.worked.per_once")
	default:
		return web.T(c, "admin.worked.per_month")
	}
}

func modeName(c echo.Context, in billing.NewPrice) string {
	switch {
	case in.Scheme == billing.SchemeVolume:
		return web.T(c, "admin.worked.volume")
	case in.Scheme == billing.SchemeGraduated:
		return web.T(c, "admin.worked.graduated")
	case in.PerSeat:
		return web.T(c, "admin.worked.per_seat")
	default:
		return web.T(c, "admin.worked.flat")
	}
}
