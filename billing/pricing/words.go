package pricing

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// words writes a page's computed sentences in one language.
type words struct {
	lang string
	t    func(key string, args ...any) string
}

func (w words) money(amount int64, currency string) string {
	return money.FormatShort(w.lang, amount, currency)
}

// country names a country in the visitor's language.
func (w words) country(code string) string {
	return i18n.Country(w.lang, code)
}

// seatKinds are the labels of seats that we can put into a sentence of either language; an owner writes the
// label once, in the owner's own language.
var seatKinds = map[string]string{
	"user": "user", "users": "user", "użytkownik": "user", "użytkownicy": "user", "osoba": "user", "person": "user",
	"seat": "seat", "seats": "seat", "stanowisko": "seat", "stanowiska": "seat", "miejsce": "seat", "miejsca": "seat", "licencja": "seat", "license": "seat",
	"member": "member", "members": "member", "członek": "member", "członek zespołu": "member", "team member": "member",
	"employee": "employee", "employees": "employee", "pracownik": "employee", "pracownicy": "employee",
}

func seatKind(label string) string { return seatKinds[strings.ToLower(strings.TrimSpace(label))] }

// per says for what the large figure is paid: "/ month", "per user / month".
func (w words) per(p billing.Price) string {
	if !p.PerSeat {
		return w.t("pricing.per." + string(p.Interval))
	}
	if kind := seatKind(p.SeatLabel); kind != "" {
		return w.t("pricing.per_seat."+kind) + " " + w.t("pricing.per."+string(p.Interval))
	}
	return "/ " + p.SeatLabel + " " + w.t("pricing.per."+string(p.Interval))
}

// seats counts seats in words: "14 users", "14 użytkowników"; a label that we cannot bend stands behind a
// multiplication sign.
func (w words) seats(label string, n int64) string {
	if kind := seatKind(label); kind != "" {
		return w.t("pricing.seats."+kind, "Count", n)
	}
	return w.t("pricing.seats_other", "Seats", n, "Label", label)
}

// seatsLabel names the field.
func (w words) seatsLabel(label string) string {
	if kind := seatKind(label); kind != "" {
		return w.t("pricing.seats_label." + kind)
	}
	first, size := utf8.DecodeRuneInString(label)
	return string(unicode.ToUpper(first)) + label[size:]
}
