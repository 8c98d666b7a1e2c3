package pricing

import (
	"net/url"
	"slices"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
)

// mayReturnTo tells whether raw is an http(s) address whose origin is that of a registered redirect URI. It is
// read strictly: an address that two readers could understand differently is refused.
func mayReturnTo(app billing.AppInfo, raw string) bool {
	if raw == "" || len(raw) > 1024 || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || r > 0x7e }) {
		return false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return slices.Contains(app.Origins, u.Scheme+"://"+strings.ToLower(u.Host))
}

// withOutcome appends checkout=success or checkout=cancelled to an address that [mayReturnTo] has passed. The
// rest of the query stays as the app wrote it.
func withOutcome(returnTo, outcome string) string {
	u, err := url.Parse(returnTo)
	if err != nil {
		return ""
	}
	pair := "checkout=" + outcome
	if u.RawQuery == "" {
		u.RawQuery = pair
	} else {
		u.RawQuery += "&" + pair
	}
	return u.String()
}
