package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

type seen struct {
	ID, User, Org, Planted string
	AMR                    []string
	AuthTime               time.Time `json:"auth_time"`
}

func (b *bundle) session(cookies ...*http.Cookie) seen {
	b.t.Helper()
	var s seen
	if err := json.Unmarshal([]byte(text(b.t, b.do("GET", "/session", nil, with(cookies...)))), &s); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bundle) login(user string, cookies ...*http.Cookie) *http.Cookie {
	b.t.Helper()
	res := b.do("POST", "/login", strings.NewReader("user="+user), with(cookies...))
	if res.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("login answered %d: %s", res.StatusCode, text(b.t, res))
	}
	return cookieOf(b.t, res, "wolfieauth")
}

func TestSessionCookieFlags(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	for issuer, name := range map[string]string{local: "wolfieauth", public: "__Host-wolfieauth"} {
		b := setup(t, d, issuer)
		ck := cookieOf(t, b.do("POST", "/login", strings.NewReader("user=u1")), name)
		if ck.Secure != (issuer == public) || !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.Path != "/" || ck.Domain != "" || len(ck.Value) != 43 {
			t.Errorf("%s: cookie %v", issuer, ck)
		}
	}
}

func TestAnonymousVisitorCostsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), local)
	var n atomic.Int64
	res := b.do("GET", "/hello", nil, func(r *http.Request) { *r = *r.WithContext(db.CountStatements(r.Context(), &n)) })
	if n.Load() != 0 || len(res.Cookies()) != 0 {
		t.Errorf("%d statements and cookies %v for an anonymous page", n.Load(), res.Cookies())
	}
	ck := b.login("u1")
	res = b.do("GET", "/hello", nil, with(ck), func(r *http.Request) { *r = *r.WithContext(db.CountStatements(r.Context(), &n)) })
	if n.Load() != 1 || res.StatusCode != http.StatusOK {
		t.Errorf("%d statements for a signed-in page, want 1", n.Load())
	}
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d, local)

		planted := &http.Cookie{Name: "wolfieauth", Value: strings.Repeat("A", 43)}
		first := b.login("u1", planted)
		if first.Value == planted.Value {
			t.Fatal("a planted value was adopted")
		}
		if s := b.session(planted); s.User != "" {
			t.Fatalf("the planted value is signed in: %+v", s)
		}
		one := b.session(first)
		if one.User != "u1" || one.Org != "org-1" || one.ID == "" || one.ID == first.Value || !one.AuthTime.Equal(b.clock()) || len(one.AMR) != 1 {
			t.Fatalf("session after login: %+v", one)
		}

		b.advance(time.Hour)
		second := b.login("u1", first)
		if second.Value == first.Value || b.session(first).User != "" {
			t.Error("a new sign-in must end the old cookie")
		}
		two := b.session(second)
		if two.ID != one.ID || !two.AuthTime.After(one.AuthTime) {
			t.Errorf("the same user again: public id %s -> %s, auth time %v -> %v", one.ID, two.ID, one.AuthTime, two.AuthTime)
		}
		third := b.login("u2", second)
		if s := b.session(third); s.User != "u2" || s.ID == two.ID {
			t.Errorf("another user must get another public id: %+v", s)
		}

		res := b.do("POST", "/logout", nil, with(third))
		if ck := cookieOf(t, res, "wolfieauth"); ck.MaxAge >= 0 || b.session(third).User != "" {
			t.Error("logout must end the session, also for a copied cookie")
		}
	})
}

func TestFixationByARealAnonymousSession(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), local)
	attacker := cookieOf(t, b.do("POST", "/flash", nil), "wolfieauth")
	if b.session(attacker).Planted != "yes" {
		t.Fatal("the anonymous session was not kept")
	}
	victim := b.login("victim", attacker)
	if s := b.session(attacker); s.User != "" || s.ID != "" {
		t.Errorf("the attacker's cookie still names a session: %+v", s)
	}
	if s := b.session(victim); s.User != "victim" || s.Planted != "" {
		t.Errorf("what the attacker planted survived: %+v", s)
	}
}

func TestSessionExpiry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d, local)
		ck := b.login("u1")
		b.advance(14*24*time.Hour - time.Second)
		if b.session(ck).User != "u1" {
			t.Error("a session must live through its idle time")
		}
		b.advance(13 * 24 * time.Hour)
		if b.session(ck).User != "u1" {
			t.Error("use must extend a session")
		}
		b.advance(3*24*time.Hour + time.Second)
		if b.session(ck).User != "" {
			t.Error("no session may outlive thirty days")
		}
		idle := b.login("u2")
		b.advance(14 * 24 * time.Hour)
		if b.session(idle).User != "" {
			t.Error("an unused session must end after fourteen days")
		}
		if n, err := b.edge.PruneSessions(t.Context()); err != nil || n != 2 {
			t.Errorf("pruned %d (%v), want 2", n, err)
		}
	})
}

func TestRevokingSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d, local)
		laptop, phone, tablet, other := b.login("u1"), b.login("u1"), b.login("u1"), b.login("u2")
		list, err := b.edge.Sessions(t.Context(), "u1")
		if err != nil || len(list) != 3 || list[0].IP != "198.51.100.7" {
			t.Fatalf("sessions of u1: %v (%v)", list, err)
		}
		if err := b.edge.RevokeSession(t.Context(), "u2", b.session(phone).ID); err != nil || b.session(phone).User == "" {
			t.Errorf("somebody else's session was ended (%v)", err)
		}
		if err := b.edge.RevokeSession(t.Context(), "u1", b.session(phone).ID); err != nil || b.session(phone).User != "" {
			t.Errorf("one session must end (%v)", err)
		}
		if err := b.edge.RevokeSessions(t.Context(), "u1", b.session(laptop).ID); err != nil || b.session(tablet).User != "" || b.session(laptop).User == "" {
			t.Errorf("all but one must end (%v)", err)
		}
		if err := b.edge.RevokeSessions(t.Context(), "u1", ""); err != nil || b.session(laptop).User != "" || b.session(other).User != "u2" {
			t.Errorf("all of u1 and nobody else must end (%v)", err)
		}
		if err := b.edge.RevokeSessions(t.Context(), "", ""); err == nil {
			t.Error("the anonymous are nobody's to revoke")
		}
	})
}

func TestMovingSessionsToAnotherOrg(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d, local)
		laptop, phone, other := b.login("u1"), b.login("u1"), b.login("u2")
		check := func(when, u1, u2 string) {
			t.Helper()
			if l, p, o := b.session(laptop), b.session(phone), b.session(other); l.Org != u1 || p.Org != u1 || o.Org != u2 || l.User != "u1" {
				t.Errorf("%s: %q, %q, %q", when, l.Org, p.Org, o.Org)
			}
		}
		if err := b.edge.MoveSessions(t.Context(), "u1", "org-2", "home"); err != nil {
			t.Fatal(err)
		}
		check("an org that nobody acts for", "org-1", "org-1")
		if err := b.edge.MoveSessions(t.Context(), "u1", "org-1", "home"); err != nil {
			t.Fatal(err)
		}
		check("moved", "home", "org-1")
		for _, bad := range [][2]string{{"", "org-1"}, {"u2", ""}} {
			if err := b.edge.MoveSessions(t.Context(), bad[0], bad[1], "home"); err == nil {
				t.Errorf("moved sessions of %q from %q", bad[0], bad[1])
			}
		}
		check("after nonsense", "home", "org-1")
	})
}

func TestDatabaseHoldsNoCookieValue(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b := setup(t, d, local)
	ck := b.login("u1")
	var row map[string]any
	if err := d.Conn(t.Context()).Table("sessions").Take(&row).Error; err != nil {
		t.Fatal(err)
	}
	for column, v := range row {
		if s, ok := v.(string); ok && strings.Contains(s, ck.Value) {
			t.Errorf("column %s holds the cookie's value", column)
		}
	}
}

func TestFlashIsShownOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), local)
	ck := cookieOf(t, b.do("POST", "/flash", nil), "wolfieauth")
	if got := text(t, b.do("GET", "/hello", nil, with(ck))); !strings.Contains(got, "Saved &amp; sound") {
		t.Error("the message is missing")
	}
	if got := text(t, b.do("GET", "/hello", nil, with(ck))); strings.Contains(got, "Saved") {
		t.Error("the message is shown twice")
	}
}

func TestUnreachableDatabaseIs503NotSignedOut(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b := setup(t, d, local)
	ck := b.login("u1")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	res := b.do("GET", "/session", nil, with(ck))
	if res.StatusCode < 500 {
		t.Errorf("got %d: a broken database must not look like a signed-out visitor", res.StatusCode)
	}
}

func TestBindings(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b := setup(t, d, public)
	res := b.do("GET", "/bind?v=auth-request-1", nil)
	ck := cookieOf(t, res, "__Host-wolfieauth_req")
	if !ck.Secure || !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.MaxAge != 600 || strings.Contains(ck.Value, "auth") {
		t.Errorf("binding cookie: %v", ck)
	}
	bound := func(b *bundle, name string, ck *http.Cookie) string {
		return strings.TrimSpace(text(t, b.do("GET", "/bound/"+name, nil, with(ck))))
	}
	if got := bound(b, "wolfieauth_req", ck); got != `{"ok":true,"v":"auth-request-1"}` {
		t.Errorf("binding reads %s", got)
	}
	const none = `{"ok":false,"v":""}`
	if got := bound(b, "wolfieauth_other", &http.Cookie{Name: "__Host-wolfieauth_other", Value: ck.Value}); got != none {
		t.Errorf("a binding stood in for another: %s", got)
	}
	if got := bound(setup(t, d, public), "wolfieauth_req", ck); got != none {
		t.Errorf("another key opened it: %s", got)
	}
	for i := range len(ck.Value) {
		changed := []byte(ck.Value)
		changed[i] ^= 1
		if got := bound(b, "wolfieauth_req", &http.Cookie{Name: ck.Name, Value: string(changed)}); got != none && string(changed) != ck.Value {
			t.Errorf("change at %d was accepted", i)
		}
		if got := bound(b, "wolfieauth_req", &http.Cookie{Name: ck.Name, Value: ck.Value[:i]}); got != none {
			t.Errorf("cut at %d was accepted", i)
		}
	}
}

func TestARevokedSessionCannotBeSaved(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), local)
	ck := b.login("u1")
	b.edge.Pages().POST("/late", func(c echo.Context) error {
		s := web.SessionOf(c)
		if err := b.edge.RevokeSessions(c.Request().Context(), s.UserID, ""); err != nil {
			return err
		}
		s.OrgID = "org-2"
		return b.edge.SaveSession(c)
	})
	if res := b.do("POST", "/late", nil, with(ck)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("saving an ended session answered %d", res.StatusCode)
	}
	if res := b.do("POST", "/login", strings.NewReader("user=")); res.StatusCode != http.StatusInternalServerError || len(res.Cookies()) != 0 {
		t.Errorf("signing nobody in answered %d", res.StatusCode)
	}
}
