package pricing

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// caller verifies the bearer token of a request: 401 unauthorized without one, 401 token_invalid for a bad one,
// each with the challenge of RFC 6750.
func (h *Handlers) caller(c echo.Context) (Caller, error) {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, "Bearer")
		return Caller{}, web.Fail(http.StatusUnauthorized, "unauthorized")
	}
	caller, err := h.deps.Tokens.Verify(c.Request().Context(), token)
	if err == nil && caller.UserID == "" {
		err = ErrTokenInvalid
	}
	if errors.Is(err, ErrTokenInvalid) {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer error="invalid_token"`)
	}
	return caller, err
}

// callerOrg is the org that a token buys for: the one its grant acts for, else the personal one. Somebody who
// may not buy for it gets 403.
func (h *Handlers) callerOrg(c echo.Context, caller Caller) (Visitor, Org, error) {
	visitor, err := h.deps.Visitors.Visitor(c.Request().Context(), caller.UserID)
	if err != nil {
		return Visitor{}, Org{}, err
	}
	org, ok := visitor.Org(caller.OrgID)
	if caller.OrgID == "" {
		org, ok = visitor.Personal()
	}
	if !ok {
		return Visitor{}, Org{}, web.Fail(http.StatusForbidden, "forbidden")
	}
	return visitor, org, nil
}

// members are the members of a JSON object, read one by one so that each mistake is told with its name.
type members struct {
	raw   map[string]json.RawMessage
	shape []web.FieldError // not of the documented shape: 400
}

// readMembers reads a body of known members; an empty body is an empty object where that is allowed.
func readMembers(c echo.Context, mayBeEmpty bool, known ...string) (*members, error) {
	m := &members{}
	if mayBeEmpty && c.Request().ContentLength == 0 {
		return m, nil
	}
	if err := web.DecodeJSON(c, &m.raw); err != nil {
		return nil, err
	}
	if m.raw == nil {
		return nil, web.Fail(http.StatusBadRequest, "invalid_json")
	}
	for name := range m.raw {
		if !slices.Contains(known, name) {
			m.shape = append(m.shape, web.FieldError{Field: name, Code: billing.CodeInvalid, Key: "pricing.field.unknown"})
		}
	}
	slices.SortFunc(m.shape, func(a, b web.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return m, nil
}

// text reads a string; a member that is not there, or null, is "".
func (m *members) text(name string) string {
	raw, ok := m.raw[name]
	if !ok || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		m.shape = append(m.shape, web.FieldError{Field: name, Code: billing.CodeInvalid, Key: "pricing.field.type"})
	}
	return s
}

// quantity reads a number of seats, nil when there is none. A number that is not whole or not within bounds
// is [billing.ErrQuantity]; anything that is no number has the wrong shape.
func (m *members) quantity(name string) (*int64, error) {
	raw, ok := m.raw[name]
	if !ok || string(raw) == "null" {
		return nil, nil //nolint:nilnil // left out is a choice: the members of the org
	}
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		m.shape = append(m.shape, web.FieldError{Field: name, Code: billing.CodeInvalid, Key: "pricing.field.type"})
		return nil, nil //nolint:nilnil // reported with the shape
	}
	n, ok := readSeats(string(raw))
	if !ok {
		return nil, quantityProblem(name)
	}
	return &n, nil
}

func quantityProblem(field string) error {
	e := web.Fail(http.StatusUnprocessableEntity, "quantity_invalid").Because(billing.ErrQuantity)
	e.Fields = []web.FieldError{{Field: field, Code: billing.CodeInvalid, Key: "pricing.field.seats"}}
	return e
}

// err answers what is wrong with the shape of the body.
func (m *members) err() error {
	if len(m.shape) == 0 {
		return nil
	}
	e := web.Fail(http.StatusBadRequest, "invalid_json")
	e.Fields = m.shape
	return e
}
