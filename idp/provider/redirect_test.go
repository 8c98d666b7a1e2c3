package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// mutations answers spellings of a registered URI that mean the same to a careless reader, or nearly.
func mutations(uri string) []string {
	u, _ := url.Parse(uri)
	path, origin := u.EscapedPath(), strings.TrimSuffix(uri, u.RequestURI())
	out := []string{
		strings.ToUpper(uri), strings.Replace(uri, u.Scheme, strings.ToUpper(u.Scheme), 1), strings.Replace(uri, u.Host, strings.ToUpper(u.Host), 1),
		strings.ToUpper(uri[:1]) + uri[1:], uri + "/", uri + "//", uri + "/.", uri + "/..", uri + "/../cb", uri + "?", uri + "?x=1", uri + "&x=1", uri + "#", uri + "#f",
		uri + "%20", uri + " ", " " + uri, uri + "\t", uri + "\n", uri + "%00", uri + "%0d%0aX: y", uri + "\x00", uri + ";", uri + ";a=b", uri + "\\", uri + "%5c", uri + ".evil.example",
		uri + "x", uri + "*", uri[:len(uri)-1], uri[1:], "//" + strings.TrimPrefix(uri, u.Scheme+"://"), strings.Replace(uri, "://", ":", 1), strings.Replace(uri, "://", ":/", 1),
		strings.Replace(uri, "://", ":///", 1), strings.Replace(uri, "://", ":\\\\", 1), url.QueryEscape(uri), url.QueryEscape(url.QueryEscape(uri)),
		"http://" + u.Host + path, "javascript:alert(1)//" + uri, "data:text/html," + uri, uri + "," + uri, uri + " " + uri,
	}
	for _, host := range []string{
		u.Host + ":443", u.Host + ":80", u.Host + ":8443", u.Host + ":", u.Host + ".", "." + u.Host, "evil." + u.Host, u.Host + ".evil.example", "evil.example", "user@" + u.Host,
		"user:pw@" + u.Host, "rp.example@evil.example", "evil.example@" + u.Host, u.Host + "%40evil.example", u.Host + "%2eevil.example", u.Host + "\\@evil.example", u.Host + "#@evil.example",
		u.Host + "?@evil.example", "rр.example", "rp。example", "rp．example", "xn--rp-example", "[" + u.Host + "]", "127.0.0.1", "localhost", "0x7f000001",
	} {
		out = append(out, u.Scheme+"://"+host+path)
	}
	for _, p := range []string{
		"/", "//", "", "/CB", "/Cb", "/c%62", "/%63b", "/%63%62", "/%2563b", "/cb%2f", "/cb%2F..", "/./cb", "/../cb", "//cb", "/cb/./", "/x/../cb", "/%2e/cb", "/%2e%2e/cb", "/.%2e/cb", "/cb.", "/cb..",
		"/cb;jsessionid=1", "/cb%3f", "/cb%23", "/cb/x", "/ cb", "/cb%09", "/ｃb", "/cḃ", "/cb%e2%80%8b", "/c\u200bb", "/cb\u202e", "\\cb", "/\\cb", "/cb\\", "%2fcb", "/cb%", "/cb%zz", "/cb+", "/cb%2b",
		"/cb?x=/cb", "/cb?code=1", "/cb#/cb", "/callback", "/c", "/cbb", "cb", ":443/cb", "/cb:443", "/cb%5c..", "/cb/%2e%2e/cb", "/cb\r\nLocation: https://evil.example",
	} {
		out = append(out, origin+p)
	}
	return out
}

// TestRedirectURIsAreComparedByteByByte. The bare library un-escapes once more, so that /%63b passes for /cb.
func TestRedirectURIsAreComparedByteByByte(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.app("acme-plus", func(a *idpApp) { a.RedirectURIs = []string{"https://rp.example/a+b?x=%2F&y=c%20d"} })
	br := b.browser()
	tried := 0
	for _, client := range []string{"acme-crm", "acme-cli"} {
		for _, uri := range mutations(redirect) {
			tried++
			to, page := br.open("/auth?" + authParams(client, "redirect_uri", uri).Encode())
			if to != nil || page.status != http.StatusBadRequest {
				t.Errorf("%s: %q was accepted: %v", client, uri, to)
			}
		}
	}
	if tried < 240 {
		t.Errorf("only %d spellings tried", tried)
	}
	to, _ := br.open("/auth?" + authParams("acme-plus", "redirect_uri", "https://rp.example/a+b?x=%2F&y=c%20d").Encode())
	if to == nil || !strings.HasPrefix(to.String(), "https://rp.example/a+b?x=%2F&y=c%20d&code=") {
		t.Errorf("a registered URI with a plus sign and a query: %v", to)
	}
}

// TestNativeAppsTakeAnyLoopbackPort (RFC 8252 section 7.3), and nothing else.
func TestNativeAppsTakeAnyLoopbackPort(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.app("acme-web", func(a *idpApp) { a.RedirectURIs = []string{"http://127.0.0.1/cb"} })
	br := b.browser()
	try := func(client, uri string) bool {
		to, _ := br.open("/auth?" + authParams(client, "redirect_uri", uri).Encode())
		return to != nil
	}
	for _, uri := range []string{"http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://[::1]/cb?x=1", "http://[::1]:8080/cb?x=1", "http://localhost/cb", "com.example.app:/cb"} {
		if !try("acme-cli", uri) {
			t.Errorf("%s was refused", uri)
		}
	}
	for _, uri := range []string{
		"http://127.0.0.1:0/cb", "http://127.0.0.1:65536/cb", "http://127.0.0.1:080/cb", "http://127.0.0.1:/cb", "http://127.0.0.1:1/CB", "http://127.0.0.1:1/cb/", "http://127.0.0.1:1/cb?x=1",
		"http://127.0.0.2:1/cb", "http://localhost:1/cb", "https://127.0.0.1:1/cb", "http://127.1:1/cb", "http://[::1]:1/cb", "http://[0:0:0:0:0:0:0:1]:1/cb?x=1", "http://127.0.0.1:1@evil.example/cb",
		"http://127.0.0.1:99999/cb", "http://127.0.0.1:1:1/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:-1/cb", "com.example.app:/cb/", "com.example.app://cb", "COM.example.app:/cb",
	} {
		if try("acme-cli", uri) {
			t.Errorf("%s was accepted", uri)
		}
	}
	for _, port := range []int{1, 8080} {
		if try("acme-web", fmt.Sprintf("http://127.0.0.1:%d/cb", port)) {
			t.Errorf("a web app's loopback took port %d", port)
		}
	}
}
