package provider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
)

// maxParam bounds one parameter; tokens and assertions are the longest.
const maxParam = 16 << 10

// guard stands before the library at the endpoints of apps: parameters come from the body alone and once
// each, answers are never stored, 401 says how to authenticate, and other origins read what is theirs.
func (p *Provider) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
		if preflight(w, r) {
			return
		}
		clean, err := p.admit(r)
		if err != nil {
			writeError(&challenger{w, r.URL.Path}, p.asOAuth(r.Context(), err))
			return
		}
		ctx := context.WithValue(r.Context(), exchangeKey{}, &exchange{header: h, request: clean})
		next.ServeHTTP(&challenger{w, r.URL.Path}, clean.WithContext(ctx))
	})
}

// admit answers the request as the library may see it: without a query, its form parsed and sound.
func (p *Provider) admit(r *http.Request) (*http.Request, error) {
	if r.Method != http.MethodPost && (r.URL.Path != pathUserinfo || r.Method != http.MethodGet) {
		return nil, refuse(http.StatusMethodNotAllowed, "invalid_request", "use POST")
	}
	if secretInQuery(r.URL) {
		return nil, invalidRequest("send credentials in the body or the Authorization header, never in the URL")
	}
	clean, u := r.WithContext(r.Context()), *r.URL
	u.RawQuery = ""
	clean.URL = &u
	if err := clean.ParseForm(); err != nil {
		if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
			return nil, refuse(http.StatusRequestEntityTooLarge, "invalid_request", "the body is too large")
		}
		return nil, invalidRequest("the body cannot be read")
	}
	if err := soundForm(clean.PostForm); err != nil {
		return nil, err
	}
	if r.URL.Path == pathUserinfo {
		return clean, soundBearer(clean)
	}
	if err := soundCredentials(clean); err != nil {
		return nil, err
	}
	return clean, soundGrantType(clean)
}

func secretInQuery(u *url.URL) bool {
	q, err := url.ParseQuery(u.RawQuery)
	return err != nil || slices.ContainsFunc([]string{
		"access_token", "token", "refresh_token", "code", "code_verifier", "device_code", "client_id", "client_secret", "client_assertion", "grant_type",
	}, q.Has)
}

// soundForm refuses a parameter that comes twice (RFC 6749 section 3.1) or that no database could keep.
func soundForm(form url.Values) error {
	for name, values := range form {
		if len(values) != 1 {
			return invalidRequest("a parameter was sent more than once")
		}
		if !soundText(name) || !soundText(values[0]) {
			return invalidRequest("a parameter is too long or not valid text")
		}
	}
	return nil
}

func soundText(s string) bool {
	return len(s) <= maxParam && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// soundCredentials refuses requests that name no client, two clients, or that prove one in two ways.
func soundCredentials(r *http.Request) error {
	authorization := r.Header.Get("Authorization")
	user, _, basic := r.BasicAuth()
	if authorization != "" && !basic {
		return errInvalidClient
	}
	form := r.PostForm
	if !basic {
		assertion := form.Get("client_assertion") != ""
		proven := assertion || form.Get("client_secret") != ""
		if form.Get("client_id") == "" && !assertion || r.URL.Path == pathIntrospect && !proven {
			return errInvalidClient
		}
		if assertion && form.Get("client_assertion_type") != assertionType {
			return errInvalidClient
		}
		return nil
	}
	if form.Has("client_secret") || form.Has("client_assertion") {
		return invalidRequest("use one way of client authentication")
	}
	id, err := url.QueryUnescape(user)
	if err != nil || !soundText(id) {
		return errInvalidClient
	}
	if form.Has("client_id") && form.Get("client_id") != id {
		return invalidRequest("client_id differs from the Authorization header")
	}
	return nil
}

func soundGrantType(r *http.Request) error {
	if r.URL.Path != pathToken {
		return nil
	}
	switch grant := r.PostForm.Get("grant_type"); {
	case grant == "":
		return invalidRequest("grant_type is missing")
	case !slices.Contains(grantTypes(), grant):
		return refuse(http.StatusBadRequest, "unsupported_grant_type", "the grant type is not supported")
	default:
		return nil
	}
}

func soundBearer(r *http.Request) error {
	if r.Header.Get("Authorization") != "" && r.PostForm.Has("access_token") {
		return invalidRequest("send the access token in one way")
	}
	return nil
}

func grantTypes() []string {
	return []string{idp.GrantTypeCode, idp.GrantTypeRefreshToken, idp.GrantTypeClientCredentials, idp.GrantTypeDeviceCode}
}

// challenger adds to every 401 how to authenticate (RFC 9110 section 11.6.1, RFC 6750 section 3).
type challenger struct {
	http.ResponseWriter
	path string
}

func (c *challenger) WriteHeader(status int) {
	h := c.Header()
	bearer := c.path == pathUserinfo
	switch {
	case status == http.StatusUnauthorized && !bearer:
		h.Set("WWW-Authenticate", `Basic realm="wolfieauth", charset="UTF-8"`)
	case status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "":
		h.Set("WWW-Authenticate", `Bearer realm="wolfieauth"`)
	case status == http.StatusServiceUnavailable:
		h.Set("Retry-After", "2")
	case status == http.StatusMethodNotAllowed && bearer:
		h.Set("Allow", "GET, POST")
	case status == http.StatusMethodNotAllowed:
		h.Set("Allow", "POST")
	case status == http.StatusBadRequest && bearer:
		h.Set("WWW-Authenticate", `Bearer realm="wolfieauth", error="invalid_request"`)
	}
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (c *challenger) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func writeError(w http.ResponseWriter, e *oauthError) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": e.code, "error_description": e.description})
}

// public serves a document that anybody may read and keep for a while.
func (p *Provider) public(body func(context.Context) ([]byte, error), cache string) echo.HandlerFunc {
	return func(c echo.Context) error {
		w, r := c.Response(), c.Request()
		w.Header().Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodOptions:
			w.Header().Set("Access-Control-Allow-Methods", "GET")
			return c.NoContent(http.StatusNoContent)
		case http.MethodGet:
		default:
			w.Header().Set("Allow", "GET")
			return echo.ErrMethodNotAllowed
		}
		raw, err := body(r.Context())
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", cache)
		return c.JSONBlob(http.StatusOK, raw)
	}
}
