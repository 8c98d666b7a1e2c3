package idp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"a@x.test":                          "a@x.test",
		"A.B+tag@X.Test":                    "a.b+tag@x.test",
		" a@x.test ":                        "a@x.test",
		"ŻÓŁĆ@żółw.pl":                      "żółć@xn--w-uga1v8h.pl",
		"z\u0307o\u0301@x.test":             "żó@x.test", // composed
		"straße@x.test":                     "strasse@x.test",
		"o'neil@sub.domain.co.uk":           "o'neil@sub.domain.co.uk",
		strings.Repeat("a", 64) + "@x.test": strings.Repeat("a", 64) + "@x.test",
	} {
		if _, got, err := idp.ParseEmail(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "a", "@x.test", "a@", "a@@x.test", "a@x", "a@localhost", "a b@x.test", "a@x..test", "Ann <a@x.test>", "<a@x.test>",
		`"a b"@x.test`, "a@[127.0.0.1]", "a@127.0.0.1", "a@x.test,b@x.test", "a@x.test\r\nBcc: b@x.test", "a\x00@x.test",
		"a\u200b@x.test", "a\u202e@x.test", "\xff@x.test", "a@-x.test", "a@x_y.test", "a(c)@x.test", "a@x.123",
		strings.Repeat("a", 65) + "@x.test", "a@" + strings.Repeat("b.", 130) + "test", ".a@x.test", "a.@x.test", "a..b@x.test",
	} {
		if _, got, err := idp.ParseEmail(bad); !errors.Is(err, idp.ErrEmailInvalid) {
			t.Errorf("%q became %q (%v)", bad, got, err)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for _, fine := range []string{"demo-password", "zażółć gęślą jaźń", "  spaces matter ", strings.Repeat("ab", 100), "🐺🐺🌲🌲🐺🐺🌲🌲"} {
		if err := idp.CheckPassword(fine, "ann@x.test"); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
	for _, weak := range []string{"", "1234567", "żółć", "Password", "PASSWORD123", "12345678", "ann.smith@x.test", "Ann.Smith", "zzzzzzzzzzzz", "🐺🐺🐺🐺🐺🐺🐺🐺", strings.Repeat("x", 2000), "bad\xffutf8text", "zaq12wsx"} {
		if err := idp.CheckPassword(weak, "ann.smith@x.test"); !errors.Is(err, idp.ErrPasswordWeak) {
			t.Errorf("%.20q: %v", weak, err)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Plan Złoty": "plan-zloty", "Łódź & Żary": "lodz-i-zary", "ŁÓDŹ": "lodz", "  a__b  ": "a-b", "Café №5": "cafe-5",
		strings.Repeat("ab ", 40): strings.TrimSuffix(strings.Repeat("ab-", 16), "-"),
	} {
		if got, err := idp.Slug(name); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, bad := range []string{"", "???", "---", " "} {
		if got, err := idp.Slug(bad); !errors.Is(err, idp.ErrSlugInvalid) {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

func TestCheckRedirectURI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind idp.AppKind
		uri  string
	}{
		{idp.AppWeb, "https://app.example/cb"},
		{idp.AppWeb, "https://app.example"},
		{idp.AppWeb, "https://app.example:8443/cb?x=1"},
		{idp.AppWeb, "http://localhost:8081/callback"},
		{idp.AppBrowser, "http://127.0.0.1:3000/"},
		{idp.AppNative, "http://[::1]/cb"},
		{idp.AppNative, "com.example.app:/oauth2redirect"},
	} {
		if err := idp.CheckRedirectURI(tt.kind, tt.uri); err != nil {
			t.Errorf("%s %s: %v", tt.kind, tt.uri, err)
		}
	}
	for _, bad := range []string{
		"", "/cb", "//app.example/cb", "app.example/cb", "http://app.example/cb", "http://localhost.evil.test/", "http://127.0.0.1.evil.test/",
		"https://app.example/cb#", "https://app.example/cb#x", "https://user@app.example/", "https://u:p@app.example/", "https://*.example/cb",
		"https://app.example/*", `https://app.example\@evil.test`, "https://app.example/a/../b", "https://app.example/a/./b", "https:app.example",
		"https:///cb", "https://App.example/cb", "HTTPS://app.example/cb", "https://app.example./cb", "javascript:alert(1)", "data:text/html,x",
		"file:///etc/passwd", "https://app.example/ cb", "https://app.example/\r\nx", "https://żółw.pl/", "https://app.example/%2e%2e/x",
		"com.example.app:/cb", "https://app.example/" + strings.Repeat("a", 2000), "blob:https://app.example/x", "about:blank",
	} {
		if err := idp.CheckRedirectURI(idp.AppWeb, bad); !errors.Is(err, idp.ErrRedirectInvalid) {
			t.Errorf("web %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"javascript:/x", "myapp:/cb", "myapp://cb", "com.example.app://host/cb", "com.example.app:cb", "com.example.app:/cb#x", "http://app.example/"} {
		if err := idp.CheckRedirectURI(idp.AppNative, bad); !errors.Is(err, idp.ErrRedirectInvalid) {
			t.Errorf("native %q: %v", bad, err)
		}
	}
	if err := idp.CheckRedirectURI(idp.AppMachine, "https://app.example/cb"); !errors.Is(err, idp.ErrRedirectInvalid) {
		t.Error(err)
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("a@x.test")
	f.Add("ŻÓŁĆ@żółw.pl")
	f.Fuzz(func(t *testing.T, typed string) {
		email, normal, err := idp.ParseEmail(typed)
		if err != nil {
			return
		}
		if strings.ContainsAny(email+normal, "\r\n\x00 ,<>\"") {
			t.Errorf("%q passed as %q", typed, email)
		}
		if _, again, err := idp.ParseEmail(normal); err != nil || again != normal {
			t.Errorf("%q: normal form %q becomes %q (%v)", typed, normal, again, err)
		}
	})
}
