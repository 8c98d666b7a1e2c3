package web

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
)

type kind int

const (
	kindUnknown kind = iota
	kindPage
	kindAPI
	kindRaw
)

// request is what the edge knows of one request. It travels in the context of the request, so that handlers
// of other libraries, which see no echo.Context, reach it too.
type request struct {
	edge    *Edge
	info    Info
	kind    kind
	lang    string
	body    io.ReadCloser // as it came, below the limit
	err     error         // what the handler failed with, for the request log
	code    string
	loaded  bool
	session *Session
	gorilla *sessions.Session
}

// Info is what audit entries and logs say of where a request came from.
type Info struct {
	// RequestID is a UUIDv7 of ours; none is accepted from outside.
	RequestID string
	// IP is the client's address as [ClientIP] answers it.
	IP string
	// Country is the visitor's ISO 3166 code in upper case, or "" when nobody trustworthy said it.
	Country string
	// UserAgent is cut to 400 characters.
	UserAgent string
	// Lang is the language of the request, "pl" or "en".
	Lang string
}

type requestKey struct{}

// InfoOf answers what the edge knows of the request that ctx belongs to; the zero Info outside a request.
func InfoOf(ctx context.Context) Info {
	if st, ok := ctx.Value(requestKey{}).(*request); ok {
		return st.info
	}
	return Info{}
}

func stateOf(c echo.Context) *request {
	st, _ := c.Request().Context().Value(requestKey{}).(*request)
	if st == nil {
		return &request{}
	}
	return st
}

// RequestID answers the id of this request, as it stands in the log and on error pages.
func RequestID(c echo.Context) string { return stateOf(c).info.RequestID }

// ClientIP answers the address of the client: the peer's, or the last untrusted one of X-Forwarded-For when
// the peer is a trusted proxy.
func ClientIP(c echo.Context) string { return stateOf(c).info.IP }

// Country answers the visitor's ISO 3166 code, or "" unless a trusted proxy said it.
func Country(c echo.Context) string { return stateOf(c).info.Country }

// begin gives the request its id and its state.
func (e *Edge) begin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		st := &request{edge: e, body: r.Body, info: Info{
			RequestID: id.String(),
			IP:        e.cfg.clientIP(r),
			Country:   e.cfg.country(r),
			UserAgent: clean(r.UserAgent(), 400),
		}}
		st.lang = e.negotiate(r)
		st.info.Lang = st.lang
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), requestKey{}, st)))
		c.Response().Header().Set(echo.HeaderXRequestID, st.info.RequestID)
		return next(c)
	}
}

// as marks the requests of a group.
func (e *Edge) as(k kind) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			stateOf(c).kind = k
			return next(c)
		}
	}
}

func (cfg *Config) trusts(ip netip.Addr) bool {
	for _, p := range cfg.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// clientIP walks X-Forwarded-For from its end, where the nearest proxy wrote, and stops at the first address
// that is no proxy of ours. What stands left of it was written by the client and proves nothing.
func (cfg *Config) clientIP(r *http.Request) string {
	ip := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && ip.IsValid() && cfg.trusts(ip); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap().WithZone("")
	}
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

func (cfg *Config) country(r *http.Request) string {
	code := strings.ToUpper(r.Header.Get(cfg.CountryHeader))
	if ip := peer(r); !ip.IsValid() || !cfg.trusts(ip) || len(code) != 2 {
		return ""
	}
	for _, b := range code {
		if b < 'A' || b > 'Z' {
			return ""
		}
	}
	if code == "XX" || code == "T1" { // Cloudflare's words for "unknown"
		return ""
	}
	return code
}

// clean makes outside text fit for a database: valid UTF-8, no NUL (PostgreSQL refuses both), bounded.
func clean(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
