package keys_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// replica is the keys of one process on the database d.
func replica(t *testing.T, d *db.DB, c *clock, master byte) *keys.Keys {
	t.Helper()
	return sealedWith(t, d, c, bytes.Repeat([]byte{master}, 32))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, d *db.DB) []idp.SigningKey {
	t.Helper()
	out, err := store.NewSigningKeys(d, db.NewVersions(d)).SigningKeys(t.Context())
	must(t, err)
	return out
}

func count(all []idp.SigningKey, alg string, state idp.KeyState) int {
	n := 0
	for _, k := range all {
		if k.Alg == alg && k.State == state {
			n++
		}
	}
	return n
}

func published(t *testing.T, k *keys.Keys) jose.JSONWebKeySet {
	t.Helper()
	raw, err := k.JWKS(t.Context())
	must(t, err)
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(raw, &set))
	return set
}

// verifies is what an app does: the key of the token's id, the key's algorithm, the signature.
func verifies(set jose.JSONWebKeySet, token string) bool {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return false
	}
	found := set.Key(jws.Signatures[0].Header.KeyID)
	if len(found) != 1 || found[0].Algorithm != jws.Signatures[0].Header.Algorithm {
		return false
	}
	_, err = jws.Verify(found[0])
	return err == nil
}

func TestReplicasThatStartTogetherEndWithOneKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		var replicas []*keys.Keys
		var wg sync.WaitGroup
		for range 4 {
			k := replica(t, d, c, 'm')
			replicas = append(replicas, k)
			wg.Go(func() {
				if err := k.Ensure(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all := rows(t, d)
		for _, alg := range keys.Algorithms() {
			if count(all, alg, idp.KeyActive) != 1 || len(all) != 3 {
				t.Errorf("%s: %d active of %d", alg, count(all, alg, idp.KeyActive), len(all))
			}
			token, err := replicas[0].Sign(t.Context(), alg, keys.TypeIDToken, []byte(`{"a":1}`))
			must(t, err)
			for i, k := range replicas {
				if !verifies(published(t, k), token) {
					t.Errorf("replica %d does not publish the %s key", i, alg)
				}
				if payload, err := k.Verify(t.Context(), token, keys.TypeIDToken); err != nil || string(payload) != `{"a":1}` {
					t.Errorf("replica %d: %s, %v", i, payload, err)
				}
				if _, err := k.Verify(t.Context(), token, keys.TypeAccessToken); err == nil {
					t.Error("an ID token passed for an access token")
				}
			}
		}
	})
}

// TestRotationNeverBreaksAnApp rotates again and again while an app keeps the key set as long as it may, and
// a second replica learns of every change late.
func TestRotationNeverBreaksAnApp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := newClock(), t.Context()
		quick, late := replica(t, d, c, 'm'), replica(t, d, c, 'm')
		must(t, quick.Ensure(ctx))
		must(t, late.Ensure(ctx))
		cached, fetched := published(t, quick), c.now()
		signed := map[string]bool{}
		for range 4 {
			from, err := quick.Rotate(ctx)
			must(t, err)
			if from.Sub(c.now()) < 2*keys.MaxAge {
				t.Fatalf("signs %v after it is published", from.Sub(c.now()))
			}
			if again, err := quick.Rotate(ctx); err != nil || !again.Equal(from) {
				t.Errorf("rotating twice: %v, %v", again, err)
			}
			for range 6 {
				must(t, quick.Maintain(ctx))
				must(t, late.Maintain(ctx))
				if c.now().Sub(fetched) >= keys.MaxAge {
					cached, fetched = published(t, late), c.now()
				}
				for _, k := range []*keys.Keys{quick, late} {
					for _, alg := range keys.Algorithms() {
						token, err := k.Sign(ctx, alg, keys.TypeIDToken, []byte("{}"))
						must(t, err)
						if !verifies(cached, token) {
							t.Fatalf("%s: an app with a key set of %v cannot verify", alg, c.now().Sub(fetched))
						}
						signed[strings.SplitN(token, ".", 2)[0]] = true
					}
				}
				c.advance(2 * time.Minute)
				late.Forget()
			}
		}
		if len(signed) < 3*4 {
			t.Errorf("only %d keys have signed", len(signed))
		}
		c.advance(31 * 24 * time.Hour)
		must(t, quick.Maintain(ctx))
		if got := len(rows(t, d)); got != 3 {
			t.Errorf("%d keys are kept after their time", got)
		}
	})
}

func TestScheduleAndSealing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := newClock(), t.Context()
		k := replica(t, d, c, 'm')
		must(t, k.Ensure(ctx))
		first := rows(t, d)
		c.advance(89 * 24 * time.Hour)
		must(t, k.Maintain(ctx))
		if len(rows(t, d)) != 3 {
			t.Error("rotated before its time")
		}
		c.advance(24 * time.Hour)
		must(t, k.Maintain(ctx))
		if all := rows(t, d); count(all, keys.RS256, idp.KeyNext) != 1 || len(published(t, k).Keys) != 6 {
			t.Errorf("after 90 days: %d keys", len(all))
		}
		c.advance(2 * keys.MaxAge)
		must(t, k.Maintain(ctx))
		all := rows(t, d)
		for _, alg := range keys.Algorithms() {
			if count(all, alg, idp.KeyActive) != 1 || count(all, alg, idp.KeyRetired) != 1 || count(all, alg, idp.KeyNext) != 0 {
				t.Errorf("%s: %+v", alg, all)
			}
		}
		for _, row := range append(first, all...) {
			raw, err := base64.RawURLEncoding.DecodeString(row.PrivateSealed[strings.LastIndex(row.PrivateSealed, ".")+1:])
			must(t, err)
			if _, err := x509.ParsePKCS8PrivateKey(raw); err == nil || !strings.HasPrefix(row.PrivateSealed, "v1.") || strings.Contains(row.PublicJWK, `"d":`) {
				t.Errorf("a private key lies open: %s %.20s", row.PublicJWK, row.PrivateSealed)
			}
		}
		if err := replica(t, d, c, 'x').Ensure(ctx); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("another master key: %v", err)
		}
		if _, err := k.Sign(ctx, "HS256", keys.TypeIDToken, nil); !errors.Is(err, idp.ErrKeyUnavailable) {
			t.Errorf("an unknown algorithm: %v", err)
		}
	})
}

func TestWarmKeysNeedNoStatement(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	k := replica(t, d, newClock(), 'm')
	must(t, k.Ensure(t.Context()))
	must(t, d.Close())
	if _, err := k.Sign(context.Background(), keys.ES256, keys.TypeIDToken, []byte("{}")); err != nil {
		t.Error(err)
	}
	if _, err := k.JWKS(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestANewMasterKeyTakesTheKeysOverAndTheOldOneMayGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := newClock(), t.Context()
		old, next := bytes.Repeat([]byte{'m'}, 32), bytes.Repeat([]byte{'n'}, 32)
		before := sealedWith(t, d, c, old)
		must(t, before.Ensure(ctx))
		token, err := before.Sign(ctx, keys.RS256, keys.TypeIDToken, []byte(`{}`))
		must(t, err)

		must(t, sealedWith(t, d, c, next, old).Ensure(ctx))
		after := sealedWith(t, d, c, next)
		must(t, after.Ensure(ctx))
		if !verifies(published(t, after), token) {
			t.Error("a token of before does not verify any more")
		}
		if _, err := after.Sign(ctx, keys.ES256, keys.TypeIDToken, []byte(`{}`)); err != nil {
			t.Errorf("sign with the new master key alone: %v", err)
		}
		if err := sealedWith(t, d, c, old).Ensure(ctx); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("the old master key alone: %v, want ErrWrongKey", err)
		}
	})
}

func sealedWith(t *testing.T, d *db.DB, c *clock, current []byte, older ...[]byte) *keys.Keys {
	t.Helper()
	box, err := secret.NewBox(current, older...)
	must(t, err)
	v := db.NewVersions(d)
	k := keys.New(keys.Config{Now: c.now}, store.NewSigningKeys(d, v), box)
	v.On(store.KeysVersion, k.Forget)
	return k
}
