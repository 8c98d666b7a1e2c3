package secret_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		token := secret.Token()
		if raw, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(raw) != 32 || seen[token] {
			t.Fatalf("token %q: %d bytes, %v, seen %v", token, len(raw), err, seen[token])
		}
		seen[token] = true
	}
	token := secret.Token()
	if !secret.Matches(token, secret.Hash(token)) || secret.Matches(token+"x", secret.Hash(token)) || secret.Matches("", "") {
		t.Error("Matches is wrong")
	}
	if got := secret.Hash("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("Hash(abc) = %s", got)
	}
}

var at = secret.Place{Table: "keys", Column: "private", Row: "k1"}

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func newBox(t *testing.T, keys ...byte) *secret.Box {
	t.Helper()
	var older [][]byte
	for _, k := range keys[1:] {
		older = append(older, key(k))
	}
	b, err := secret.NewBox(key(keys[0]), older...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBoxOpensOnlyItsOwn(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	sealed := box.Seal([]byte("top secret"), at)
	if strings.Contains(sealed, "top") || sealed == box.Seal([]byte("top secret"), at) {
		t.Error("sealed text tells something")
	}
	if plain, err := box.Open(sealed, at); err != nil || string(plain) != "top secret" {
		t.Fatalf("open: %q, %v", plain, err)
	}
	for _, moved := range []secret.Place{{"keys", "private", "k2"}, {"keys", "public", "k1"}, {"mails", "private", "k1"}, {}} {
		if _, err := box.Open(sealed, moved); !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("opened at %v: %v", moved, err)
		}
	}
	if _, err := newBox(t, 2).Open(sealed, at); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	sealed := box.Seal([]byte("top secret"), at)
	for i := range sealed {
		changed := []byte(sealed)
		changed[i] ^= 1
		if _, err := box.Open(string(changed), at); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, err := box.Open(sealed[:i], at); err == nil {
			t.Errorf("opened when cut at %d", i)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	old, both, renewed := newBox(t, 1), newBox(t, 2, 1), newBox(t, 2)
	sealed := old.Seal([]byte("x"), at)
	plain, err := both.Open(sealed, at)
	if err != nil || !both.Stale(sealed) || old.Stale(sealed) {
		t.Fatalf("during rotation: %v, stale %v", err, both.Stale(sealed))
	}
	again := both.Seal(plain, at)
	if _, err := renewed.Open(again, at); err != nil || both.Stale(again) {
		t.Errorf("after rotation: %v", err)
	}
}

func TestCheckRefusesAnotherMasterKey(t *testing.T) {
	t.Parallel()
	stored := newBox(t, 1).NewCheck()
	if err := newBox(t, 1).Check(stored); err != nil {
		t.Error(err)
	}
	if err := newBox(t, 2, 1).Check(stored); err != nil {
		t.Error(err)
	}
	if err := newBox(t, 2).Check(stored); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("wrong key: %v", err)
	}
	if err := newBox(t, 1).Check("nonsense"); !errors.Is(err, secret.ErrDamaged) {
		t.Errorf("nonsense: %v", err)
	}
}

func TestMasterKeys(t *testing.T) {
	t.Parallel()
	raw := key(0xfb)
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if got, err := secret.ParseMasterKey(" " + enc.EncodeToString(raw) + "\n"); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%v, %v", got, err)
		}
	}
	for _, bad := range []string{"", "c2hvcnQ=", "not base64!", base64.StdEncoding.EncodeToString(append(raw, 1))} {
		if _, err := secret.ParseMasterKey(bad); !errors.Is(err, secret.ErrBadMasterKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := secret.NewBox([]byte("short")); !errors.Is(err, secret.ErrBadMasterKey) {
		t.Error(err)
	}
	a, _ := newBox(t, 1).Derive("cookies", 64)
	b, _ := newBox(t, 2, 1).Derive("cookies", 64)
	c, _ := newBox(t, 1).Derive("other", 64)
	if len(a) != 1 || len(b) != 2 || !bytes.Equal(a[0], b[1]) || bytes.Equal(a[0], c[0]) || len(a[0]) != 64 {
		t.Error("derived keys are wrong")
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	p, ctx := secret.NewPasswords(0, 0), t.Context()
	hash, err := p.Hash(ctx, "zażółć gęślą jaźń")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", hash, err)
	}
	for _, tt := range []struct {
		password, hash string
		ok             bool
	}{{"zażółć gęślą jaźń", hash, true}, {"zazolc", hash, false}, {"", hash, false}, {"\x00", "", false}, {strings.Repeat("a", 2000), hash, false}} {
		if ok, rehash, err := p.Verify(ctx, tt.password, tt.hash); ok != tt.ok || rehash || err != nil {
			t.Errorf("Verify(%.20q) = %v, %v, %v", tt.password, ok, rehash, err)
		}
	}
	if _, err := p.Hash(ctx, strings.Repeat("a", secret.MaxPassword+1)); !errors.Is(err, secret.ErrPasswordTooLong) {
		t.Error(err)
	}
	const weaker = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$4wYvELxAgqjrGO8Ld8oj65NKpBFU7q8AfN1CGXhrTXU"
	if ok, rehash, err := p.Verify(ctx, "x", weaker); ok || rehash || err != nil {
		t.Errorf("a wrong password asks for a new hash: %v %v %v", ok, rehash, err)
	}
}

func TestStormOfLoginsIsRefusedNotQueuedForEver(t *testing.T) {
	t.Parallel()
	p := secret.NewPasswords(1, 2)
	var busy, done atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, _, err := p.Verify(t.Context(), "x", "")
			switch {
			case errors.Is(err, secret.ErrBusy):
				busy.Add(1)
			case err == nil:
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() < 3 || busy.Load() == 0 || done.Load()+busy.Load() != 20 {
		t.Errorf("%d done, %d refused", done.Load(), busy.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // a caller that has gone away does not keep its place
		_, _, _ = p.Verify(ctx, "x", "")
	}
	if _, _, err := p.Verify(t.Context(), "x", ""); err != nil {
		t.Error(err)
	}
}

// TestUnknownUsersCostAsMuch compares what argon2 is made to cost, memory, because time depends on the machine's other
// work. It runs alone: nobody else allocates meanwhile.
func TestUnknownUsersCostAsMuch(t *testing.T) {
	p, ctx := secret.NewPasswords(0, 0), t.Context()
	hash, err := p.Hash(ctx, "right")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, err := p.Verify(ctx, "wrong", hash); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	known, unknown := cost(hash), cost("")
	if known < 19<<20 || unknown < known-known/10 || unknown > known+known/10 {
		t.Errorf("known %d bytes, unknown %d", known, unknown)
	}
}
