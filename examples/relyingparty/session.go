package relyingparty

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"
)

// cookieName is the app's own: cookies do not tell ports apart, and on localhost the provider is a neighbour.
const cookieName = "sample_app_session"

const sessionLife = 12 * time.Hour

type session struct {
	id           string
	ends         time.Time
	refreshing   sync.Mutex
	State        string // of the sign-in under way
	Nonce        string
	Verifier     string
	User         identity
	IDToken      string
	RefreshToken string
	Expires      time.Time // of the ID token
}

func (s *session) signedIn() bool { return s.IDToken != "" }

type sessions struct {
	mu   sync.Mutex
	byID map[string]*session
}

func newSessions() *sessions { return &sessions{byID: map[string]*session{}} }

func random() string { return rand.Text() + rand.Text() }

// of answers the live session of the request's cookie.
func (ss *sessions) of(r *http.Request) (*session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil, false
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s, ok := ss.byID[c.Value]
	if !ok || time.Now().After(s.ends) {
		return nil, false
	}
	return s, true
}

// begin answers the request's session, or a new one.
func (ss *sessions) begin(w http.ResponseWriter, r *http.Request) *session {
	if s, ok := ss.of(r); ok {
		return s
	}
	s := &session{}
	ss.put(w, s)
	return s
}

func (ss *sessions) put(w http.ResponseWriter, s *session) {
	s.id, s.ends = random(), time.Now().Add(sessionLife)
	ss.save(s)
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- Secure is left off on purpose: the sample runs on http://localhost
		Name: cookieName, Value: s.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(sessionLife.Seconds()),
	})
}

func (ss *sessions) save(s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for id, old := range ss.byID {
		if time.Now().After(old.ends) {
			delete(ss.byID, id)
		}
	}
	ss.byID[s.id] = s
}

// replace gives a signed-in session a new id, so that an id planted before the sign-in is worth nothing.
func (ss *sessions) replace(w http.ResponseWriter, old, fresh *session) {
	ss.drop(old)
	ss.put(w, fresh)
}

func (ss *sessions) end(w http.ResponseWriter, s *session) {
	ss.drop(s)
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1}) // #nosec G124 -- as in put
}

func (ss *sessions) drop(s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.byID, s.id)
}

func words(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", " ")) }

func date(t *time.Time) string {
	if t == nil {
		return "no end"
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}
