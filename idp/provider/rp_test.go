package provider_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// browser keeps cookies and stops at the first address that is not the provider's.
type browser struct {
	b       *bundle
	client  *http.Client
	headers map[string]string
}

func (b *bundle) browser(headers ...string) *browser {
	jar, err := cookiejar.New(nil)
	must(b.t, err)
	br := &browser{b: b, headers: map[string]string{"X-User": b.user.ID}}
	for i := 0; i+1 < len(headers); i += 2 {
		br.headers[headers[i]] = headers[i+1]
	}
	br.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), b.url+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		for k, v := range br.headers {
			r.Header.Set(k, v)
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	return br
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// open follows redirects; it answers the address that the browser was sent to outside, or nil, and the page.
func (br *browser) open(path string) (*url.URL, *answer) {
	br.b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = br.b.url + path
	}
	r, err := http.NewRequestWithContext(br.b.t.Context(), http.MethodGet, path, nil)
	must(br.b.t, err)
	r.Header.Set("Accept", "text/html")
	res, err := br.client.Do(r)
	must(br.b.t, err)
	a := read(br.b.t, res)
	if loc := res.Header.Get("Location"); loc != "" {
		u, err := url.Parse(loc)
		must(br.b.t, err)
		return u, a
	}
	return nil, a
}

type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
	at     *url.URL
}

func read(t *testing.T, res *http.Response) *answer {
	t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	a := &answer{status: res.StatusCode, header: res.Header, body: string(raw), at: res.Request.URL}
	_ = json.Unmarshal(raw, &a.json)
	return a
}

func (a *answer) str(name string) string {
	s, _ := a.json[name].(string)
	return s
}

const verifier = "verifier-of-forty-three-characters-or-more-0123456789"

func challenge(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authParams are those of a good request with PKCE, changed by pairs; an empty value takes a parameter out.
func authParams(client string, pairs ...string) url.Values {
	q := url.Values{
		"client_id": {client}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid profile email org offline_access"},
		"state": {"st&te=1"}, "nonce": {"n-1"}, "code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	return change(q, pairs...)
}

func change(q url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// code signs in and answers the code.
func (b *bundle) code(br *browser, client string, pairs ...string) string {
	b.t.Helper()
	to, page := br.open("/auth?" + authParams(client, pairs...).Encode())
	if to == nil || to.Query().Get("code") == "" {
		b.t.Fatalf("no code: %v, %d at %s: %.200s", to, page.status, page.at, page.body)
	}
	return to.Query().Get("code")
}

// post sends a form as client: with Basic for confidential ones, else with client_id in the body.
func (b *bundle) post(path, client string, form url.Values, headers ...string) *answer {
	b.t.Helper()
	return b.postContext(b.t.Context(), path, client, form, headers...)
}

func (b *bundle) postContext(ctx context.Context, path, client string, form url.Values, headers ...string) *answer {
	b.t.Helper()
	basic := client == "acme-crm" || client == "acme-jwt" || client == "acme-bot" || client == "acme-asks" || client == "acme-b"
	if client == "acme-post" {
		form.Set("client_secret", appSecret)
	}
	if !basic && client != "" {
		form.Set("client_id", client)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	must(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		r.SetBasicAuth(client, appSecret)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	must(b.t, err)
	return read(b.t, res)
}

func (b *bundle) redeem(client, code string, pairs ...string) *answer {
	b.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
	return b.post("/token", client, change(form, pairs...))
}

func (b *bundle) refresh(client, token string, pairs ...string) *answer {
	b.t.Helper()
	return b.post("/token", client, change(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, pairs...))
}

// tokens signs in and redeems.
func (b *bundle) tokens(client string, pairs ...string) *answer {
	b.t.Helper()
	a := b.redeem(client, b.code(b.browser(), client, pairs...))
	if a.status != http.StatusOK {
		b.t.Fatalf("redeem: %d %s", a.status, a.body)
	}
	return a
}

func (b *bundle) me(token string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+"/me", nil)
	must(b.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	must(b.t, err)
	return read(b.t, res)
}

// payload decodes a JWT's claims without verifying.
func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%.40q is no JWT", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	var out map[string]any
	must(t, json.Unmarshal(raw, &out))
	return out
}

func want(t *testing.T, what string, a *answer, status int, code string) {
	t.Helper()
	if a.status != status || a.str("error") != code {
		t.Errorf("%s: %d %s, want %d %q", what, a.status, fmt.Sprintf("%.300s", a.body), status, code)
	}
}
