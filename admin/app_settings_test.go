package admin_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

var shownSecret = regexp.MustCompile(`<pre id="secret"[^>]*>([^<]+)</pre>`)

// secretIn answers the secret that a page shows, "" for none.
func secretIn(page answer) string {
	if m := shownSecret.FindStringSubmatch(page.body); m != nil {
		return m[1]
	}
	return ""
}

func TestNewAppShowsItsSecretOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		form := url.Values{"name": {"Kasa Główna"}, "kind": {"web"}, "redirect_uris": {"https://kasa.acme.test/wróć"}}
		preview := owner.post("/admin/apps/new?org=acme", with(form, "do", "preview"))
		contains(t, preview, "acme-kasa-glowna")
		bad := owner.post("/admin/apps/new?org=acme", form)
		if bad.status != http.StatusUnprocessableEntity {
			t.Fatalf("an address with Polish letters: %d", bad.status)
		}
		contains(t, bad, "This address cannot be registered", "Kasa Główna")
		form.Set("redirect_uris", "https://kasa.acme.test/back\r\n\r\n https://kasa.acme.test/other ")
		made := owner.post("/admin/apps/new?org=acme", form)
		plain := secretIn(made)
		app, err := b.people.AnyApp(t.Context(), "acme-kasa-glowna")
		b.must(err)
		if made.status != http.StatusOK || plain == "" || app.SecretHash != secret.Hash(plain) || len(app.RedirectURIs) != 2 {
			t.Fatalf("%d, secret %q, %v", made.status, plain, app.RedirectURIs)
		}
		if again := owner.post("/admin/apps/new?org=acme", form); again.status != http.StatusUnprocessableEntity || secretIn(again) != "" || strings.Contains(again.body, plain) {
			t.Errorf("a reload: %d with a secret", again.status)
		}
		for _, path := range []string{"/admin/clients/acme-kasa-glowna", "/admin/clients/acme-kasa-glowna/settings", "/admin/clients/acme-kasa-glowna/secret", "/admin/audit?org=acme", "/admin/audit.csv?org=acme"} {
			lacks(t, owner.get(path), plain, app.SecretHash)
		}
		public := owner.post("/admin/apps/new?org=acme", url.Values{"name": {"Page"}, "kind": {"browser"}, "redirect_uris": {"https://page.acme.test/"}})
		if public.status != http.StatusSeeOther || secretIn(public) != "" {
			t.Errorf("a browser app: %d", public.status)
		}
		if machine := owner.post("/admin/apps/new?org=acme", url.Values{"name": {"Robot"}, "kind": {"machine"}}); secretIn(machine) == "" {
			t.Errorf("a machine without secret: %d", machine.status)
		}
	})
}

func with(form url.Values, name string, values ...string) url.Values {
	out := maps.Clone(form)
	out[name] = values
	return out
}

// TestSettingsThatDoNotFitAreRefusedAtTheirField saves nothing of them.
func TestSettingsThatDoNotFitAreRefusedAtTheirField(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, path := b.as("owner", "acme"), "/admin/clients/acme-mail/settings"
		good := b.settingsOf("acme-mail")
		before, err := b.people.AnyApp(t.Context(), "acme-mail")
		b.must(err)
		for _, tc := range []struct {
			field, name string
			values      []string
			says        string
		}{
			{"name", "name", []string{"\u202e"}, "Fill in this field"},
			{"color", "color", []string{"red"}, "#"},
			{"redirect_uris", "redirect_uris", []string{"http://mail.acme.test/callback"}, "cannot be registered"},
			{"redirect_uris", "redirect_uris", []string{strings.Repeat("https://a.test/\r\n", 2)}, "twice"},
			{"redirect_uris", "redirect_uris", []string{""}, "at least one address"},
			{"post_logout_uris", "post_logout_uris", []string{"javascript:alert(1)"}, "cannot be registered"},
			{"grant_types", "grant_types", nil, "at least one way"},
			{"grant_types", "grant_types", []string{"authorization_code", "password"}, "error"},
			{"grant_types", "grant_types", []string{"refresh_token"}, "come from a sign-in"},
			{"scopes", "grant_types", []string{"authorization_code"}, "offline_access"},
			{"scopes", "scopes", []string{"openid", "everything"}, "error"},
			{"grant_types", "auth_method", []string{"none"}, ""}, // fits: a public web app without client credentials
			{"jwks", "auth_method", []string{"private_key_jwt"}, "public keys"},
			{"jwks", "jwks", []string{`{"keys":[]}`}, "no set of public keys"},
			{"jwks", "jwks", []string{`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`}, "private or symmetric"},
			{"auth_method", "auth_method", []string{"tls"}, "cannot prove itself"},
			{"access_seconds", "access_seconds", []string{"59"}, "60 to 86400"},
			{"access_seconds", "access_seconds", []string{"five"}, "whole number"},
			{"id_seconds", "id_seconds", []string{"86401"}, "60 to 86400"},
			{"refresh_seconds", "refresh_seconds", []string{"-1"}, "3600 to 31536000"},
			{"signing_alg", "signing_alg", []string{"none"}, "error"},
			{"token_type", "token_type", []string{"paper"}, "error"},
		} {
			if tc.says == "" {
				continue
			}
			page := owner.post(path, with(good, tc.name, tc.values...))
			if page.status != http.StatusUnprocessableEntity || !strings.Contains(page.body, `id="`+tc.field+`-error"`) || !strings.Contains(page.body, tc.says) {
				t.Errorf("%s %q: %d without a message at %s", tc.name, tc.values, page.status, tc.field)
			}
		}
		after, err := b.people.AnyApp(t.Context(), "acme-mail")
		b.must(err)
		if !after.UpdatedAt.Equal(before.UpdatedAt) {
			t.Error("something was saved")
		}
	})
}

// TestAuthenticationChangesAsAWhole gives a secret to an app that comes to keep one, and takes it from one that
// does not any more.
func TestAuthenticationChangesAsAWhole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, path := b.as("owner", "acme"), "/admin/clients/acme-mail/settings"
		jwks := `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`
		form := with(with(b.settingsOf("acme-mail"), "auth_method", "private_key_jwt"), "jwks", jwks)
		if page := owner.post(path, form); page.status != http.StatusSeeOther {
			t.Fatalf("%d %s", page.status, page.body)
		}
		app, err := b.people.App(t.Context(), "acme-mail")
		b.must(err)
		if app.SecretHash != "" || app.JWKS != jwks {
			t.Errorf("%q, %q", app.SecretHash, app.JWKS)
		}
		stale := owner.post(path, with(form, "auth_method", "client_secret_post"))
		if stale.status != http.StatusUnprocessableEntity || secretIn(stale) != "" {
			t.Errorf("over a state that is gone: %d", stale.status)
		}
		contains(t, stale, "client_secret_post")
		page := owner.post(path, with(b.settingsOf("acme-mail"), "auth_method", "client_secret_post"))
		plain := secretIn(page)
		app, err = b.people.App(t.Context(), "acme-mail")
		b.must(err)
		if page.status != http.StatusOK || plain == "" || app.SecretHash != secret.Hash(plain) {
			t.Errorf("%d, secret %q", page.status, plain)
		}
		entries, _, err := b.log.List(t.Context(), audit.Filter{Action: "app.updated", TargetID: "acme-mail"})
		b.must(err)
		if len(entries) != 2 || !strings.Contains(entries[1].BeforeJSON, "client_secret_basic") || !strings.Contains(entries[1].AfterJSON, "private_key_jwt") || strings.Contains(entries[0].AfterJSON, plain) {
			t.Errorf("log: %+v", entries)
		}
		if same := owner.post(path, b.settingsOf("acme-mail")); same.status != http.StatusSeeOther {
			t.Errorf("saved unchanged: %d", same.status)
		}
		if again, _, err := b.log.List(t.Context(), audit.Filter{Action: "app.updated"}); err != nil || len(again) != 2 {
			t.Errorf("%d entries, %v", len(again), err)
		}
	})
}

func TestLogoIsDrawnAnew(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		svg := `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
		for name, file := range map[string]string{
			"drawing": svg, "nothing": "", "text": "hello", "too wide": string(picture(2049, 1)), "cut off": string(picture(100, 100)[:60]),
			"too heavy": string(picture(10, 10)) + strings.Repeat("x", idp.MaxLogoBytes),
		} {
			if page := owner.post("/admin/clients/acme-crm/logo", url.Values{"@logo": {file}}); page.status != http.StatusUnprocessableEntity || !strings.Contains(page.body, "logo-error") {
				t.Errorf("%s: %d", name, page.status)
			}
		}
		hidden := string(picture(300, 150)) + svg
		if page := owner.post("/admin/clients/acme-crm/logo", url.Values{"@logo": {hidden}}); page.status != http.StatusSeeOther {
			t.Fatalf("%d", page.status)
		}
		app, err := b.people.App(t.Context(), crm)
		b.must(err)
		if app.LogoMediaType != "image/png" || len(app.Logo) == 0 || strings.Contains(string(app.Logo), "script") {
			t.Errorf("%s, %d bytes", app.LogoMediaType, len(app.Logo))
		}
		contains(t, owner.get("/admin/clients/acme-crm/settings"), "/apps/acme-crm/logo?v=")
	})
}

func TestDisabledAppIsBroughtBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, path := b.as("owner", "acme"), "/admin/clients/acme-mail"
		contains(t, owner.get(path+"/disable"), "What stops at once", "Acme Mail")
		if page := owner.post(path+"/disable", url.Values{"word": {"acme mail"}}); page.status != http.StatusUnprocessableEntity {
			t.Errorf("the wrong name: %d", page.status)
		}
		owner.post(path+"/disable", url.Values{"word": {"Acme Mail"}})
		if _, err := b.people.App(t.Context(), "acme-mail"); err == nil {
			t.Error("still in use")
		}
		contains(t, owner.get(path), "This app is disabled")
		contains(t, owner.get(path+"/settings"), `id="enable"`)
		b.now = b.now.Add(time.Minute)
		owner.post(path+"/enable", nil)
		if _, err := b.people.App(t.Context(), "acme-mail"); err != nil {
			t.Error(err)
		}
	})
}
