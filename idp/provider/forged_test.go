package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestNoChangedTokenIsAccepted flips every character and tries every beginning of codes and access tokens.
func TestNoChangedTokenIsAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	br := b.browser()
	code := b.code(br, "acme-crm")
	opaque, jwt := b.tokens("acme-crm").str("access_token"), b.tokens("acme-jwt").str("access_token")
	tried := 0
	for name, try := range map[string]struct {
		token string
		ok    func(string) bool
	}{
		"code":   {code, func(s string) bool { return b.redeem("acme-crm", s).status == http.StatusOK }},
		"opaque": {opaque, func(s string) bool { return b.me(s).status == http.StatusOK }},
		"jwt":    {jwt, func(s string) bool { return b.me(s).status == http.StatusOK }},
	} {
		for i := range try.token {
			for _, bit := range []byte{1, 2} {
				changed := []byte(try.token)
				changed[i] ^= bit
				tried++
				if changed[i] > ' ' && changed[i] < 0x7f && try.ok(string(changed)) {
					t.Errorf("%s changed at %d was accepted", name, i)
				}
			}
			if i > 0 && try.ok(try.token[:i]) {
				t.Errorf("%s cut at %d was accepted", name, i)
			}
		}
		if !try.ok(try.token) {
			t.Errorf("%s itself is not accepted", name)
		}
	}
	if tried < 1000 {
		t.Errorf("only %d changes tried", tried)
	}
}

// TestNoForgedTokenIsAccepted signs hints and access tokens in every way that an attacker could.
func TestNoForgedTokenIsAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	set := b.jwks()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	good := b.tokens("acme-jwt")
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(good.str("id_token"), ".")[1])
	must(t, err)
	forged := []string{}
	sign := func(alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any) {
		for _, typ := range []string{"JWT", "at+jwt", ""} {
			opts := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
			maps.Copy(opts.ExtraHeaders, header)
			if typ != "" {
				opts.ExtraHeaders["typ"] = typ
			}
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
			must(t, err)
			jws, err := signer.Sign(claims)
			must(t, err)
			token, err := jws.CompactSerialize()
			must(t, err)
			forged = append(forged, token)
		}
	}
	for _, own := range set.Keys { // the public keys as HMAC secrets, and our ids over foreign keys
		der, err := x509.MarshalPKIXPublicKey(own.Key)
		must(t, err)
		raw, err := json.Marshal(own)
		must(t, err)
		for _, secret := range [][]byte{der, raw} {
			sign(jose.HS256, secret, map[jose.HeaderKey]any{"kid": own.KeyID})
		}
		sign(jose.ES256, ec, map[jose.HeaderKey]any{"kid": own.KeyID})
		sign(jose.RS256, rs, map[jose.HeaderKey]any{"kid": own.KeyID})
	}
	sign(jose.ES256, ec, map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: ec.Public()}})
	sign(jose.ES256, ec, map[jose.HeaderKey]any{"jku": "https://evil.example/jwks", "kid": "../../../etc/passwd"})
	sign(jose.RS256, rs, map[jose.HeaderKey]any{"x5u": "https://evil.example/c", "kid": "' OR 1=1 --"})
	for _, head := range []string{`{"alg":"none"}`, `{"alg":"None","typ":"JWT"}`, `{"alg":"NONE"}`, `{"alg":""}`, `{}`, fmt.Sprintf(`{"alg":"none","kid":%q}`, set.Keys[0].KeyID)} {
		body := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
		forged = append(forged, body, body+strings.Split(good.str("id_token"), ".")[2])
	}
	br := b.browser()
	b.code(br, "acme-crm")
	br.headers["X-User"] = ""
	for _, token := range forged {
		if b.me(token).status == http.StatusOK {
			t.Errorf("userinfo took %.80s", token)
		}
		to, _ := br.open("/auth?" + authParams("acme-crm", "prompt", "none", "id_token_hint", token).Encode())
		if to == nil || to.Query().Get("error") != "invalid_request" {
			t.Errorf("/auth took the hint %.80s: %v", token, to)
		}
	}
	for name, token := range map[string]string{"an ID token as a bearer": good.str("id_token")} {
		want(t, name, b.me(token), http.StatusUnauthorized, "invalid_token")
	}
	to, _ := br.open("/auth?" + authParams("acme-crm", "prompt", "none", "id_token_hint", good.str("access_token")).Encode())
	if to.Query().Get("error") != "invalid_request" {
		t.Errorf("an access token as a hint: %v", to)
	}
	if len(forged) < 50 {
		t.Errorf("only %d forgeries", len(forged))
	}
}
