package admin

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

// requirements puts what Stripe wants to know into words. Several of its fields are one thing to a person, and what
// has no word of ours is left to Stripe's own page.
func requirements(c echo.Context, due []string) []string {
	var out []string
	for _, field := range due {
		if word := requirement(c, field); !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

func requirement(c echo.Context, field string) string {
	switch {
	case field == "external_account":
		return web.T(c, "payments.due.bank")
	case strings.HasPrefix(field, "tos_acceptance"):
		return web.T(c, "payments.due.terms")
	case strings.HasPrefix(field, "business_profile"):
		return web.T(c, "payments.due.profile")
	case field == "business_type" || strings.HasPrefix(field, "company."):
		return web.T(c, "payments.due.company")
	case strings.Contains(field, "verification"):
		return web.T(c, "payments.due.identity")
	case strings.HasPrefix(field, "individual."), strings.HasPrefix(field, "person_"), strings.HasPrefix(field, "owners."),
		strings.HasPrefix(field, "directors."), strings.HasPrefix(field, "representative."):
		return web.T(c, "payments.due.person")
	default:
		return web.T(c, "payments.due.other")
	}
}
