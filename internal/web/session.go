package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
)

const (
	// sessionIdle ends a session that nobody used: two weeks outlast a holiday, and bound what a cookie
	// stolen from a forgotten machine is worth.
	sessionIdle = 14 * 24 * time.Hour
	// sessionAbsolute ends every session a month after its sign-in, however busy, so that each person
	// proves who they are at least that often.
	sessionAbsolute = 30 * 24 * time.Hour
	// seenEvery is how stale last_seen_at may grow, so that reading a session seldom writes.
	seenEvery = time.Minute
)

// ErrSessionEnded means that the session was revoked while the request ran.
var ErrSessionEnded = errors.New("session ended")

// Session is a visitor's server-side session. An anonymous one is kept nowhere until [Edge.SaveSession].
type Session struct {
	// ID is public (the `sid` of tokens); it is not the cookie's value. Empty while nothing is stored.
	ID string
	// UserID and OrgID are empty for an anonymous visitor. OrgID is the org that the user acts for.
	UserID, OrgID string
	// AuthTime is when the user last proved who they are, AMR how (RFC 8176).
	AuthTime time.Time
	AMR      []string
	// Values are what pages remember; they end at the next [Edge.Login].
	Values map[string]string
	// Flash is shown by the next page.
	Flash *Flash

	CreatedAt, LastSeenAt, ExpiresAt time.Time
	// IP and UserAgent are as they were when the session was stored.
	IP, UserAgent string

	secret string // the cookie's value; never stored
}

// Flash is one message for the next page.
type Flash struct {
	// Kind is ok, warn or danger.
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Authenticated tells whether somebody is signed in.
func (s *Session) Authenticated() bool { return s.UserID != "" }

// Set remembers a value; it is kept after [Edge.SaveSession].
func (s *Session) Set(name, value string) {
	if s.Values == nil {
		s.Values = map[string]string{}
	}
	s.Values[name] = value
}

// SessionOf answers the session of the request, never nil. On [Edge.Pages] it is loaded already. Elsewhere it
// is loaded now, and an unreachable database looks like an anonymous visitor: raw endpoints that decide by
// the session call [Edge.LoadSession] instead.
func SessionOf(c echo.Context) *Session {
	st := stateOf(c)
	if st.edge == nil {
		return &Session{}
	}
	s, err := st.edge.LoadSession(c)
	if err != nil {
		return &Session{}
	}
	return s
}

// LoadSession reads the session of the request once: no statement without a cookie, one with. The error
// wraps [db.ErrUnavailable] when the database cannot be reached.
func (e *Edge) LoadSession(c echo.Context) (*Session, error) {
	st := stateOf(c)
	if st.loaded {
		return st.session, nil
	}
	gs, err := sessions.GetRegistry(c.Request()).Get(e.store, e.store.cookieName())
	if err != nil {
		return nil, err
	}
	st.loaded, st.gorilla, st.session = true, gs, typed(gs)
	return st.session, nil
}

func (e *Edge) loadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := e.LoadSession(c); err != nil {
			return err
		}
		return next(c)
	}
}

// Login makes the session userID's own: the cookie gets a new value, the old one dies, what pages remembered
// is dropped (it may have been planted), and AuthTime is now. Signing in again as the same user keeps the
// public id, so that tokens stay tied to it.
func (e *Edge) Login(c echo.Context, userID, orgID string, amr []string) error {
	s, err := e.LoadSession(c)
	if err != nil {
		return err
	}
	if userID == "" {
		return errors.New("login: nobody to sign in")
	}
	fresh := &Session{ID: s.ID, UserID: userID, OrgID: orgID, AMR: amr, AuthTime: e.cfg.Now().UTC().Truncate(time.Second)}
	if s.UserID != userID || s.ID == "" {
		if fresh.ID, err = newID(); err != nil {
			return err
		}
	}
	e.stamp(c, fresh)
	if err := e.store.rotate(c.Request().Context(), s.secret, fresh); err != nil {
		return err
	}
	*s = *fresh
	e.store.writeCookie(c.Response(), s.secret)
	return nil
}

// stamp gives a session that is about to be stored its secret, times and origin.
func (e *Edge) stamp(c echo.Context, s *Session) {
	now := e.cfg.Now().UTC()
	info := stateOf(c).info
	s.secret = newSecret()
	s.CreatedAt, s.LastSeenAt, s.ExpiresAt = now, now, expiry(now, now)
	s.IP, s.UserAgent = info.IP, info.UserAgent
}

func expiry(created, seen time.Time) time.Time {
	idle, absolute := seen.Add(sessionIdle), created.Add(sessionAbsolute)
	if absolute.Before(idle) {
		return absolute
	}
	return idle
}

// Logout deletes the session and the cookie. It is harmless without a session.
func (e *Edge) Logout(c echo.Context) error {
	s, err := e.LoadSession(c)
	if err != nil {
		return err
	}
	gs := stateOf(c).gorilla
	gs.Options.MaxAge = -1
	if err := gs.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	*s = Session{}
	gs.Options.MaxAge = int(sessionAbsolute.Seconds())
	return nil
}

// SaveSession stores what the handler changed; call it before the response is written. The first save of an
// anonymous session sets the cookie. It answers [ErrSessionEnded] when the session was revoked meanwhile.
func (e *Edge) SaveSession(c echo.Context) error {
	s, err := e.LoadSession(c)
	if err != nil {
		return err
	}
	if s.secret != "" {
		return stateOf(c).gorilla.Save(c.Request(), c.Response())
	}
	fresh := *s
	if fresh.ID, err = newID(); err != nil {
		return err
	}
	e.stamp(c, &fresh)
	if err := e.store.insert(c.Request().Context(), &fresh); err != nil {
		return err
	}
	*s = fresh
	e.store.writeCookie(c.Response(), s.secret)
	return nil
}

// SetFlash leaves a message for the next page and saves the session. kind is ok, warn or danger.
func (e *Edge) SetFlash(c echo.Context, kind, text string) error {
	s, err := e.LoadSession(c)
	if err != nil {
		return err
	}
	s.Flash = &Flash{Kind: kind, Text: text}
	return e.SaveSession(c)
}

// takeFlash answers the message left for this page and forgets it.
func (e *Edge) takeFlash(c echo.Context) (*Flash, error) {
	st := stateOf(c)
	if st.session == nil || st.session.Flash == nil {
		return nil, nil //nolint:nilnil // no message is no error
	}
	f := st.session.Flash
	st.session.Flash = nil
	return f, e.SaveSession(c)
}

// RevokeSessions ends every session of userID but exceptID (a public id, or ""): after a password change,
// when a user is disabled. It joins a transaction that ctx carries.
func (e *Edge) RevokeSessions(ctx context.Context, userID, exceptID string) error {
	return e.store.revoke(ctx, userID, "", exceptID)
}

// RevokeSession ends one session of userID by its public id; one that is not theirs is left alone.
func (e *Edge) RevokeSession(ctx context.Context, userID, id string) error {
	return e.store.revoke(ctx, userID, id, "")
}

// MoveSessions makes userID's sessions that act for one org act for another, which may be "": when the person
// has left it. It joins a transaction that ctx carries.
func (e *Edge) MoveSessions(ctx context.Context, userID, fromOrgID, toOrgID string) error {
	return e.store.move(ctx, userID, fromOrgID, toOrgID)
}

// Sessions lists userID's living sessions, the last used first.
func (e *Edge) Sessions(ctx context.Context, userID string) ([]Session, error) {
	return e.store.list(ctx, userID)
}

// PruneSessions deletes what has expired and tells how many rows that were; run it now and then.
func (e *Edge) PruneSessions(ctx context.Context) (int64, error) { return e.store.prune(ctx) }

func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

// newSecret answers 256 random bits.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// cookie is the one shape of every cookie of the product.
func cookie(secure bool, name, value string, maxAge int) *http.Cookie {
	if secure {
		name = "__Host-" + name
	}
	// #nosec G124 -- Secure is off on localhost alone, where there is no TLS
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}
