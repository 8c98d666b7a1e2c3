package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"
)

// sealer encrypts and authenticates small cookie values with AES-256-GCM. The cookie's name is
// authenticated too, so that one binding cannot stand in for another.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (*sealer, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "wolfieauth browser binding", 32)
	if err != nil {
		return nil, fmt.Errorf("derive cookie key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("prepare cookie cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("prepare cookie cipher: %w", err)
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(name, value string, until time.Time) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))      // #nosec G115 -- after 1970
	sealed := s.aead.Seal(nil, nil, append(plain, value...), []byte(name)) // #nosec G407 -- the AEAD draws its own nonce
	return base64.RawURLEncoding.EncodeToString(sealed)
}

func (s *sealer) open(name, sealed string, now time.Time) (string, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return "", false
	}
	plain, err := s.aead.Open(nil, nil, raw, []byte(name))
	if err != nil || len(plain) < 8 || uint64(now.Unix()) >= binary.BigEndian.Uint64(plain) { // #nosec G115 -- after 1970
		return "", false
	}
	return string(plain[8:]), true
}

// SetBinding ties a value to this browser for maxAge, in a sealed cookie that only [Edge.Binding] reads. name
// is a cookie name without prefix. A maxAge of zero or less takes the binding away.
func (e *Edge) SetBinding(c echo.Context, name, value string, maxAge time.Duration) {
	if maxAge <= 0 {
		c.SetCookie(cookie(e.secure(), name, "", -1))
		return
	}
	// Token times stay real even where a demo moves the clock, so the binding's do too.
	sealed := e.sealer.seal(name, value, realNow().Add(maxAge))
	c.SetCookie(cookie(e.secure(), name, sealed, int(maxAge.Seconds())))
}

// Binding answers what [Edge.SetBinding] tied to this browser; ok is false when there is none, when it has
// expired or when anything about it was changed.
func (e *Edge) Binding(c echo.Context, name string) (value string, ok bool) {
	ck, err := c.Cookie(cookie(e.secure(), name, "", 0).Name)
	if err != nil {
		return "", false
	}
	return e.sealer.open(name, ck.Value, realNow())
}

// realNow is the machine's clock, see SetBinding.
func realNow() time.Time { return time.Now() }
