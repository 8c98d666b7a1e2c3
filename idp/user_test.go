package idp_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

func TestANewPersonOwnsAPersonalOrgThatTellsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u, org, err := h.CreateUser(t.Context(), idp.CreateUser{ID: "fixed", Email: " Jan.Łoś@Żółw.example ", Name: "  Jan\n Łoś\u202e ", Password: "correct horse", Locale: "pl"})
		if err != nil {
			t.Fatal(err)
		}
		if u.ID != "fixed" || u.Name != "Jan Łoś" || u.EmailNormal != "jan.łoś@xn--w-uga1v8h.example" || u.EmailVerified() || u.Locale != "pl" {
			t.Errorf("user %+v", u)
		}
		if !org.Personal() || strings.Contains(org.Slug, "jan") || org.PlatformOwner {
			t.Errorf("org %+v", org)
		}
		orgs, err := h.OrgsOf(t.Context(), u.ID)
		if err != nil || len(orgs) != 1 || orgs[0].Org.ID != org.ID || orgs[0].Role != "owner" || !orgs[0].Since.Equal(u.CreatedAt) {
			t.Errorf("orgs %+v, %v", orgs, err)
		}
		back, err := h.UserByEmail(t.Context(), "JAN.ŁOŚ@żółw.EXAMPLE")
		if err != nil || back.ID != u.ID || !back.CreatedAt.Equal(u.CreatedAt) {
			t.Errorf("found %+v, %v", back, err)
		}
		if own, err := h.PersonalOrg(t.Context(), u.ID); err != nil || own.ID != org.ID {
			t.Errorf("personal org %+v, %v", own, err)
		}
	})
}

func TestAnAddressBelongsToOnePerson(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.user(t, "a@x.test")
		_, _, err := h.CreateUser(t.Context(), idp.CreateUser{Email: "A@X.test", Password: "correct horse"})
		if !errors.Is(err, idp.ErrEmailTaken) {
			t.Errorf("second: %v", err)
		}
		var made int
		for i, err := range race(8, func() error {
			_, _, err := h.CreateUser(context.WithoutCancel(t.Context()), idp.CreateUser{Email: "race@x.test", Password: "correct horse"})
			return err
		}) {
			if err == nil {
				made++
			} else if !errors.Is(err, idp.ErrEmailTaken) {
				t.Errorf("racer %d: %v", i, err)
			}
		}
		if made != 1 {
			t.Errorf("%d made", made)
		}
	})
}

// race calls f n times at once.
func race(n int, f func() error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errs
}

func TestAuthenticateTellsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		if got, err := h.Authenticate(t.Context(), "A@x.test", "correct horse"); err != nil || got.ID != u.ID {
			t.Fatalf("right: %+v, %v", got, err)
		}
		var texts []string
		for _, tt := range [][2]string{{"a@x.test", "wrong"}, {"nobody@x.test", "correct horse"}, {"no address", "x"}, {"", ""}} {
			_, err := h.Authenticate(t.Context(), tt[0], tt[1])
			if !errors.Is(err, idp.ErrCredentials) {
				t.Errorf("%v: %v", tt, err)
				continue
			}
			texts = append(texts, err.Error())
		}
		if err := h.DisableUser(t.Context(), "an admin", u.ID); err != nil {
			t.Fatal(err)
		}
		// What the person was saving meanwhile brings nobody back.
		if err := h.store.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		_, err := h.Authenticate(t.Context(), "a@x.test", "correct horse")
		if !errors.Is(err, idp.ErrCredentials) {
			t.Fatalf("disabled: %v", err)
		}
		for _, text := range append(texts, err.Error()) {
			if text != texts[0] {
				t.Errorf("errors differ: %q and %q", text, texts[0])
			}
		}
	})
}

func TestAnOldHashIsRenewedAtLogin(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		u.PasswordHash = "old:correct horse"
		if err := h.store.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Authenticate(t.Context(), "a@x.test", "correct horse"); err != nil {
			t.Fatal(err)
		}
		if back, err := h.User(t.Context(), u.ID); err != nil || back.PasswordHash != "plain:correct horse" {
			t.Errorf("%+v, %v", back, err)
		}
	})
}

func TestChangingAPasswordEndsEverythingElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		if err := h.StartReset(t.Context(), "a@x.test", "pl", ""); err != nil {
			t.Fatal(err)
		}
		_, token := h.mail.last(t, "reset_password")
		in := idp.SetPassword{UserID: u.ID, Old: "wrong", New: "battery staple", KeepSessionID: "s1"}
		if err := h.SetPassword(t.Context(), in); !errors.Is(err, idp.ErrCredentials) || len(h.revoked.calls) != 0 {
			t.Fatalf("wrong old one: %v, %v", err, h.revoked.calls)
		}
		in.Old = "correct horse"
		for _, weak := range []string{"short", "a@x.test", "password123", "zzzzzzzzz", "bad\x00word"} {
			in.New = weak
			if err := h.SetPassword(t.Context(), in); !errors.Is(err, idp.ErrPasswordWeak) {
				t.Errorf("%q: %v", weak, err)
			}
		}
		in.New = "battery staple"
		if err := h.SetPassword(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(h.revoked.calls, "; "); got != "sessions "+u.ID+" but s1; grants "+u.ID {
			t.Errorf("revoked %s", got)
		}
		if _, _, err := h.FinishReset(t.Context(), token, "yet another one"); !errors.Is(err, idp.ErrTokenInvalid) {
			t.Errorf("open reset link after the change: %v", err)
		}
		if m, _ := h.mail.last(t, "password_changed"); m.To != "a@x.test" {
			t.Errorf("letter %+v", m)
		}
	})
}

func TestResetLinks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		if err := h.StartReset(t.Context(), "nobody@x.test", "pl", ""); err != nil || h.mail.count() != 0 {
			t.Fatalf("unknown address: %v, %d letters", err, h.mail.count())
		}
		start := func() string {
			t.Helper()
			if err := h.StartReset(t.Context(), "A@x.test", "pl", "/login?request=r1"); err != nil {
				t.Fatal(err)
			}
			m, token := h.mail.last(t, "reset_password")
			if m.To != "a@x.test" || m.Lang != "pl" || len(token) != 43 || m.Data["Minutes"] != 30 {
				t.Fatalf("letter %+v", m)
			}
			return token
		}
		refused := func(why, token string) {
			t.Helper()
			if _, _, err := h.FinishReset(t.Context(), token, "battery staple"); !errors.Is(err, idp.ErrTokenInvalid) {
				t.Errorf("%s: %v", why, err)
			}
		}
		first := start()
		second := start()
		refused("replaced", first)
		for i := range second {
			refused("cut", second[:i])
		}
		refused("nonsense", "' OR 1=1 --")
		if _, _, err := h.FinishVerify(t.Context(), second); !errors.Is(err, idp.ErrTokenInvalid) {
			t.Errorf("of another kind: %v", err)
		}
		if _, _, err := h.FinishReset(t.Context(), second, "short"); !errors.Is(err, idp.ErrPasswordWeak) {
			t.Errorf("weak: %v", err)
		}
		h.clock.advance(30*time.Minute - time.Second)
		got, next, err := h.FinishReset(t.Context(), second, "battery staple")
		if err != nil || got.ID != u.ID || !got.EmailVerified() || next != "/login?request=r1" {
			t.Fatalf("finish: %+v, %v", got, err)
		}
		refused("used", second)
		if _, err := h.Authenticate(t.Context(), "a@x.test", "battery staple"); err != nil {
			t.Error(err)
		}
		late := start()
		h.clock.advance(30 * time.Minute)
		refused("expired", late)
		moved := start()
		u, _ = h.User(t.Context(), u.ID)
		u.Email, u.EmailNormal = "b@x.test", "b@x.test"
		if err := h.store.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		refused("sent to an address given up", moved)
	})
}

func TestAResetLinkWorksForOneOfMany(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.user(t, "a@x.test")
		if err := h.StartReset(t.Context(), "a@x.test", "", ""); err != nil {
			t.Fatal(err)
		}
		_, token := h.mail.last(t, "reset_password")
		var won int
		for _, err := range race(8, func() error {
			_, _, err := h.FinishReset(context.WithoutCancel(t.Context()), token, "battery staple")
			return err
		}) {
			if err == nil {
				won++
			} else if !errors.Is(err, idp.ErrTokenInvalid) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d won", won)
		}
	})
}

func TestVerifyLinks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		if err := h.StartVerify(t.Context(), u.ID, "en", "/billing/acme-crm?plan=pro"); err != nil {
			t.Fatal(err)
		}
		m, token := h.mail.last(t, "verify_email")
		if m.Data["Link"] != "https://id.test/verify/"+token || m.Lang != "en" || m.Data["Hours"] != 24 {
			t.Errorf("letter %+v", m)
		}
		if holder, err := h.VerifyHolder(t.Context(), token); err != nil || holder.ID != u.ID || holder.EmailVerified() {
			t.Errorf("holder %+v, %v", holder, err)
		}
		h.clock.advance(24*time.Hour - time.Second)
		got, next, err := h.FinishVerify(t.Context(), token)
		if err != nil || !got.EmailVerified() || next != "/billing/acme-crm?plan=pro" {
			t.Errorf("%+v, %q, %v", got, next, err)
		}
		if _, _, err := h.FinishVerify(t.Context(), token); !errors.Is(err, idp.ErrTokenInvalid) {
			t.Errorf("again: %v", err)
		}
		before := h.mail.count()
		if err := h.StartVerify(t.Context(), u.ID, "en", ""); err != nil || h.mail.count() != before {
			t.Errorf("already verified: %v, %d letters", err, h.mail.count()-before)
		}
	})
}

func TestTokensAreStoredHashed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.user(t, "a@x.test")
		if err := h.StartReset(t.Context(), "a@x.test", "", ""); err != nil {
			t.Fatal(err)
		}
		_, token := h.mail.last(t, "reset_password")
		var hash string
		if err := h.db.SQL().QueryRowContext(t.Context(), "SELECT hash FROM one_time_tokens").Scan(&hash); err != nil {
			t.Fatal(err)
		}
		if hash != secret.Hash(token) {
			t.Errorf("stored %q", hash)
		}
	})
}

func TestProfile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		got, err := h.UpdateProfile(t.Context(), u.ID, idp.UpdateProfile{Name: strings.Repeat("ż", 200), Locale: "de"})
		if err != nil || got.Name != strings.Repeat("ż", 100) || got.Locale != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := h.UpdateProfile(t.Context(), "nobody", idp.UpdateProfile{}); !errors.Is(err, idp.ErrUserNotFound) {
			t.Error(err)
		}
	})
}
