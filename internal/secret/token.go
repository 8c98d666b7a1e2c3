package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// Token answers a new random secret of 256 bits, 43 characters of base64url. Show it once and store [Hash].
func Token() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails; it ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash answers the SHA-256 of a token in lower-case hexadecimal, 64 characters. It is for tokens of full
// entropy only; people's passwords go through [Passwords].
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Matches tells, in constant time, whether token is the one that hash (of [Hash]) was made from.
func Matches(token, hash string) bool {
	return Equal(Hash(token), hash)
}

// Equal compares two secrets in a time that tells nothing of where they differ.
func Equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
