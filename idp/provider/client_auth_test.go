package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestEachClientHasOneWayToProveItself tries every way on every client, with the right secret.
func TestEachClientHasOneWayToProveItself(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	basic := func(id string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(appSecret)))
	}
	ways := map[string]func(id string) *answer{
		"client_secret_basic": func(id string) *answer {
			return b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x", "Authorization", basic(id))
		},
		"client_secret_post": func(id string) *answer {
			return b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x&client_id="+id+"&client_secret="+appSecret)
		},
		"none": func(id string) *answer {
			return b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x&client_id="+id)
		},
	}
	own := map[string]string{"acme-crm": "client_secret_basic", "acme-post": "client_secret_post", "acme-spa": "none", "acme-cli": "none"}
	for id, method := range own {
		for way, call := range ways {
			if a := call(id); way == method {
				want(t, id+" by "+way, a, http.StatusBadRequest, "invalid_grant")
			} else {
				want(t, id+" by "+way, a, http.StatusUnauthorized, "invalid_client")
			}
		}
	}
	for name, a := range map[string]*answer{
		"wrong secret": b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x&client_id=acme-post&client_secret=x"),
		"no secret":    b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x&client_id=acme-post&client_secret="),
		"empty basic":  b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("acme-spa:"))),
	} {
		want(t, name, a, http.StatusUnauthorized, "invalid_client")
	}
	want(t, "two ways", b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x&client_secret="+appSecret, "Authorization", basic("acme-crm")), http.StatusBadRequest, "invalid_request")
	want(t, "two clients", b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x&client_id=acme-post", "Authorization", basic("acme-crm")), http.StatusBadRequest, "invalid_request")
	b.exec("UPDATE oidc_clients SET disabled_at = ? WHERE client_id = 'acme-crm'", time.Now().UTC())
	want(t, "disabled", ways["client_secret_basic"]("acme-crm"), http.StatusUnauthorized, "invalid_client")
}

type assertion struct {
	alg    jose.SignatureAlgorithm
	key    any
	header map[jose.HeaderKey]any
	claims map[string]any
}

func (a assertion) sign(t *testing.T) string {
	t.Helper()
	opts := &jose.SignerOptions{ExtraHeaders: a.header}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: a.alg, Key: a.key}, opts)
	must(t, err)
	raw, err := json.Marshal(a.claims)
	must(t, err)
	jws, err := signer.Sign(raw)
	must(t, err)
	out, err := jws.CompactSerialize()
	must(t, err)
	return out
}

// TestPrivateKeyJWT: assertions are used once, for us, by the key that the app registered, for ten minutes.
func TestPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
		must(t, err)
		b.app("acme-key", func(a *idpApp) { a.AuthMethod, a.JWKS, a.SecretHash = idp.AuthPrivateKeyJWT, string(set), "" })
		now := time.Now()
		good := func(pairs ...any) assertion {
			a := assertion{alg: jose.ES256, key: jose.JSONWebKey{Key: key, KeyID: "k1"}, claims: map[string]any{
				"iss": "acme-key", "sub": "acme-key", "aud": b.url + "/token", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "jti": newID(),
			}}
			for i := 0; i+1 < len(pairs); i += 2 {
				if pairs[i+1] == nil {
					delete(a.claims, pairs[i].(string))
				} else {
					a.claims[pairs[i].(string)] = pairs[i+1]
				}
			}
			return a
		}
		send := func(token string, pairs ...string) *answer {
			return b.post("/token", "", change(url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_assertion": {token},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			}, pairs...))
		}
		passed := func(what string, a *answer) { t.Helper(); want(t, what, a, http.StatusBadRequest, "invalid_grant") }
		refused := func(what string, a *answer) { t.Helper(); want(t, what, a, http.StatusUnauthorized, "invalid_client") }
		passed("for the token endpoint", send(good().sign(t)))
		passed("for the issuer", send(good("aud", []string{"https://other.example", b.url}).sign(t)))
		passed("naming the client as well", send(good().sign(t), "client_id", "acme-key"))
		refused("naming another client", send(good().sign(t), "client_id", "acme-crm"))
		refused("of another type", send(good().sign(t), "client_assertion_type", "urn:x"))
		for what, a := range map[string]assertion{
			"for somebody else": good("aud", "https://other.example/token"), "for nobody": good("aud", nil),
			"without an end": good("exp", nil), "without an id": good("jti", nil), "without an issuer": good("iss", nil),
			"about another": good("sub", "acme-crm"), "by another": good("iss", "acme-crm"),
			"past": good("exp", now.Add(-time.Minute).Unix()), "for a day": good("exp", now.Add(24*time.Hour).Unix()),
			"not yet": good("nbf", now.Add(5*time.Minute).Unix()), "from tomorrow": good("iat", now.Add(24*time.Hour).Unix()),
		} {
			refused(what, send(a.sign(t)))
		}
		stranger := good()
		stranger.key = jose.JSONWebKey{Key: foreign, KeyID: "k1"}
		refused("signed by another key", send(stranger.sign(t)))
		stranger.header = map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: foreign.Public()}, "jku": "https://evil.example/jwks"}
		refused("bringing its own key", send(stranger.sign(t)))
		der, err := json.Marshal(jose.JSONWebKey{Key: key.Public()})
		must(t, err)
		hmac := good()
		hmac.alg, hmac.key = jose.HS256, append(der, make([]byte, 32)...)
		refused("HS256 with the public key", send(hmac.sign(t)))
		body, err := json.Marshal(good().claims)
		must(t, err)
		refused("unsigned", send(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+base64.RawURLEncoding.EncodeToString(body)+"."))
		replay := good().sign(t)
		answers := make([]*answer, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = send(replay) })
		}
		wg.Wait()
		fresh := 0
		for _, a := range answers {
			if a.str("error") == "invalid_grant" {
				fresh++
			}
		}
		if fresh != 1 {
			t.Errorf("an assertion was taken %d times", fresh)
		}
		if in := b.post("/introspect", "", url.Values{"token": {"x"}, "client_assertion": {good().sign(t)}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}); in.json["active"] != false {
			t.Errorf("introspection: %d %s", in.status, in.body)
		}
	})
}
