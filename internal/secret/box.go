package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// ErrBadMasterKey means that a master key is not 32 bytes in base64.
	ErrBadMasterKey = errors.New("master key must be 32 bytes in base64")
	// ErrWrongKey means that a value was sealed under a master key that this process does not hold.
	ErrWrongKey = errors.New("sealed under another master key")
	// ErrDamaged means that a sealed value was changed, cut, or moved from its row.
	ErrDamaged = errors.New("sealed value is damaged or not from this place")
)

const sealedVersion = "v1"

// Place names where a sealed value lives. It is authenticated with the value, so that a value copied into
// another row, column or table does not open there.
type Place struct {
	Table, Column, Row string
}

func (p Place) aad() []byte {
	// Quoted, so that no two places share their bytes.
	return []byte(strconv.Quote(p.Table) + strconv.Quote(p.Column) + strconv.Quote(p.Row))
}

type boxKey struct {
	id     string
	aead   cipher.AEAD
	master []byte
}

// Box seals values with AES-256-GCM under keys derived from master keys. It is safe for concurrent use.
type Box struct {
	keys []boxKey // the first seals, all open
}

// ParseMasterKey reads a master key: 32 bytes in standard or URL base64, padded or not; [ErrBadMasterKey].
// The error never holds the text.
func ParseMasterKey(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(text), "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, ErrBadMasterKey
	}
	return key, nil
}

// NewBox makes a box that seals under current and opens what current or an older key sealed. To rotate: put
// the new key first and the old one behind it, seal again all that is [Box.Stale], then drop the old one.
// [ErrBadMasterKey] unless every key has 32 bytes.
func NewBox(current []byte, older ...[]byte) (*Box, error) {
	b := &Box{}
	for _, master := range append([][]byte{current}, older...) {
		k, err := deriveKey(master)
		if err != nil {
			return nil, err
		}
		b.keys = append(b.keys, k)
	}
	return b, nil
}

func deriveKey(master []byte) (boxKey, error) {
	if len(master) != 32 {
		return boxKey{}, ErrBadMasterKey
	}
	id, err := hkdf.Key(sha256.New, master, nil, "wolfieauth key id", 6)
	if err != nil {
		return boxKey{}, fmt.Errorf("derive key id: %w", err)
	}
	key, err := hkdf.Key(sha256.New, master, nil, "wolfieauth sealed at rest", 32)
	if err != nil {
		return boxKey{}, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return boxKey{}, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return boxKey{}, fmt.Errorf("make cipher: %w", err)
	}
	return boxKey{id: hex.EncodeToString(id), aead: aead, master: master}, nil
}

// Seal answers plain as text for a column: version, key id and ciphertext, parted by dots. The same plain
// text seals to a new text each time.
func (b *Box) Seal(plain []byte, at Place) string {
	k := b.keys[0]
	sealed := k.aead.Seal(nil, nil, plain, at.aad()) // #nosec G407 -- this cipher draws its own random nonce
	return sealedVersion + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(sealed)
}

// Open answers what [Box.Seal] sealed at the same place: [ErrWrongKey] or [ErrDamaged] where it cannot.
func (b *Box) Open(sealed string, at Place) ([]byte, error) {
	version, rest, _ := strings.Cut(sealed, ".")
	id, text, ok := strings.Cut(rest, ".")
	if !ok || version != sealedVersion {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrDamaged)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrDamaged)
	}
	for _, k := range b.keys {
		if k.id != id {
			continue
		}
		plain, err := k.aead.Open(nil, nil, raw, at.aad())
		if err != nil {
			return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrDamaged)
		}
		return plain, nil
	}
	return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrWrongKey)
}

// Stale tells whether a sealed value should be sealed again, because an older master key sealed it.
func (b *Box) Stale(sealed string) bool {
	return !strings.HasPrefix(sealed, sealedVersion+"."+b.keys[0].id+".")
}

const checkText = "wolfieauth master key check"

// checkID is the one row of master_key_checks.
const checkID = "master"

var checkPlace = Place{Table: "master_key_checks", Column: "sealed", Row: checkID}

// NewCheck answers a row to store beside the first sealed value; [Box.Check] reads it at every later start.
func (b *Box) NewCheck() string {
	return b.Seal([]byte(checkText), checkPlace)
}

// Check tells at start whether this box holds the key that stored (of [Box.NewCheck]) was made with:
// [ErrWrongKey] or [ErrDamaged], and the server must not start.
func (b *Box) Check(stored string) error {
	plain, err := b.Open(stored, checkPlace)
	if err != nil {
		return fmt.Errorf("check master key: %w", err)
	}
	if !Equal(string(plain), checkText) {
		return fmt.Errorf("check master key: %w", ErrDamaged)
	}
	return nil
}

// Derive answers size bytes (at most 8160) for a purpose of its own, session cookies for instance, from each
// master key, the current one first.
func (b *Box) Derive(purpose string, size int) ([][]byte, error) {
	out := make([][]byte, 0, len(b.keys))
	for _, k := range b.keys {
		key, err := hkdf.Key(sha256.New, k.master, nil, "wolfieauth purpose: "+purpose, size)
		if err != nil {
			return nil, fmt.Errorf("derive key for %s: %w", purpose, err)
		}
		out = append(out, key)
	}
	return out, nil
}
