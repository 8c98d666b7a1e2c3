package pricing

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/wolfieauth/wolfieauth/billing"
)

// selection is what a visitor has chosen so far. It lives in the address of the page and in the hidden fields
// of its forms, so that it outlasts a sign-in and works without a session.
type selection struct {
	Plan     string // slug
	PriceID  string
	Interval billing.Interval
	Currency string
	Country  string
	Seats    int64 // 0 = not chosen
	ReturnTo string
	OrgID    string
	// badSeats is what was typed where no number of seats can be read.
	badSeats string
}

// readSelection reads addresses and forms alike. What is no choice at all reads as not chosen; only seats are
// kept as typed, because a person meant something by them.
func readSelection(q url.Values) selection {
	s := selection{
		Plan: q.Get("plan"), PriceID: q.Get("price_id"), Interval: readInterval(q.Get("interval")),
		Currency: strings.ToUpper(q.Get("currency")), Country: readCountry(q.Get("country")),
		ReturnTo: q.Get("return_to"), OrgID: q.Get("org_id"),
	}
	typed := strings.TrimSpace(q.Get("seats"))
	if typed == "" {
		typed = strings.TrimSpace(q.Get("quantity"))
	}
	if typed == "" {
		return s
	}
	n, ok := readSeats(typed)
	if !ok {
		s.badSeats = typed
		return s
	}
	s.Seats = n
	return s
}

// readSeats reads a whole number of seats from 1 to [billing.MaxQuantity], written in digits alone.
func readSeats(s string) (int64, bool) {
	if s == "" || len(s) > 9 || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 1 && n <= billing.MaxQuantity
}

// readInterval reads our word and the everyday one.
func readInterval(s string) billing.Interval {
	switch s {
	case "month", "monthly":
		return billing.IntervalMonth
	case "year", "yearly", "annual":
		return billing.IntervalYear
	case "one_time":
		return billing.IntervalOneTime
	default:
		return ""
	}
}

// readCountry answers an ISO 3166-1 alpha-2 code in upper case, or "".
func readCountry(s string) string {
	if len(s) != 2 {
		return ""
	}
	r, err := language.ParseRegion(s)
	if err != nil || !r.IsCountry() {
		return ""
	}
	return r.Canonicalize().String()
}

// values writes the selection as a query.
func (s selection) values() url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("plan", s.Plan)
	set("interval", string(s.Interval))
	set("currency", s.Currency)
	set("country", s.Country)
	set("return_to", s.ReturnTo)
	set("org_id", s.OrgID)
	if s.Seats > 0 {
		set("seats", strconv.FormatInt(s.Seats, 10))
	}
	return q
}

// url answers the pricing page of an app with this selection.
func (s selection) url(clientID string) string {
	path := "/billing/" + url.PathEscape(clientID)
	if q := s.values().Encode(); q != "" {
		return path + "?" + q
	}
	return path
}

// with answers a copy that change has changed.
func (s selection) with(change func(*selection)) selection {
	change(&s)
	return s
}
