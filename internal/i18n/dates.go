package i18n

import (
	"strconv"
	"time"
)

// polishMonths are in the genitive, as they stand in a date.
var polishMonths = [...]string{
	"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
	"lipca", "sierpnia", "września", "października", "listopada", "grudnia",
}

// Date writes the day of t in t's own zone: "22 listopada 2026", "22 November 2026".
func Date(lang string, t time.Time) string {
	if lang != Polish {
		return t.Format("2 January 2006")
	}
	return strconv.Itoa(t.Day()) + " " + polishMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// DateTime writes day, time and zone: "22 listopada 2026, 14:05 UTC". The zone stands there because a
// reader elsewhere would take the figure for their own.
func DateTime(lang string, t time.Time) string {
	return Date(lang, t) + ", " + t.Format("15:04 MST")
}
