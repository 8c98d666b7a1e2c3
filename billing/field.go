package billing

import (
	"fmt"
	"strings"
)

// FieldError is a mistake in one value. Field is the value's name in the JSON shapes ("currency",
// "tiers[1].upTo"), Code a stable snake_case word for what is wrong with it.
type FieldError struct {
	Field string
	Code  string
}

// Error names field and code; people read the catalogue's sentence instead.
func (e *FieldError) Error() string { return e.Field + ": " + e.Code }

// FieldErrors are all the mistakes of one request; nothing was written. errors.As finds the list, and its
// first [FieldError].
type FieldErrors []*FieldError

// Error names every mistake.
func (e FieldErrors) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Error()
	}
	return "invalid input: " + strings.Join(parts, ", ")
}

// Unwrap answers the mistakes one by one.
func (e FieldErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i, f := range e {
		out[i] = f
	}
	return out
}

// Codes of [FieldError].
const (
	CodeRequired        = "required"
	CodeInvalid         = "invalid"
	CodeTooLong         = "too_long"
	CodeTaken           = "taken"
	CodeTooLarge        = "too_large"
	CodeNegative        = "negative"
	CodeUnknownCurrency = "unknown_currency"
	CodeNotPayable      = "not_payable"
	CodeUnknownCountry  = "unknown_country"
	CodeUnknownFeature  = "unknown_feature"
	CodeDuplicatePrice  = "duplicate_price"
	CodeOneTimeFlatOnly = "one_time_flat_only"
	CodeTierOrder       = "tier_order"     // brackets do not rise strictly
	CodeTierOpen        = "tier_open"      // an open bracket that is not the last, or a last one that is not open
	CodeTierCount       = "tier_count"     // none, or more than a hundred
	CodeTiersUnwanted   = "tiers_unwanted" // tiers on a flat price
	CodeTiersNeedSeats  = "tiers_need_seats"
	CodeSold            = "sold"      // fixed since the first sale
	CodeNotHTTPS        = "not_https" // no absolute https address
)

// mistakes collects field errors.
type mistakes struct{ list FieldErrors }

func (m *mistakes) add(field, code string) {
	m.list = append(m.list, &FieldError{Field: field, Code: code})
}

func (m *mistakes) check(ok bool, field, code string) {
	if !ok {
		m.add(field, code)
	}
}

func (m *mistakes) text(field, value string, limit int, required bool) {
	switch {
	case required && strings.TrimSpace(value) == "":
		m.add(field, CodeRequired)
	case len([]rune(value)) > limit:
		m.add(field, CodeTooLong)
	case strings.ContainsRune(value, 0):
		m.add(field, CodeInvalid)
	}
}

// err wraps the list with what was tried; nil when there is none.
func (m *mistakes) err(what string) error {
	if len(m.list) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", what, m.list)
}
