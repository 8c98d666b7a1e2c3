package idp

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The bounds of a password, in characters and in bytes (NIST SP 800-63B section 5.1.1.2 asks for at least 8
// and for room for at least 64).
const (
	MinPassword = 8
	maxPassword = 1024
)

// commonPasswords are a thousand of the commonest passwords of eight letters and more, lower-case, one a line.
//
//go:embed common_passwords.txt
var commonPasswords string

var commonPasswordSet = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswords) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

// CheckPassword tells whether a password may be chosen by the holder of an address: long enough, not the
// address or its local part, and none of the well-known ones. It asks for no digits or signs, which only make
// passwords predictable. The error wraps [ErrPasswordWeak].
func CheckPassword(password, email string) error {
	folded := strings.ToLower(norm.NFC.String(password))
	address := strings.ToLower(strings.TrimSpace(email))
	user, _, _ := strings.Cut(address, "@")
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return fmt.Errorf("check password: not text: %w", ErrPasswordWeak)
	case utf8.RuneCountInString(password) < MinPassword || len(password) > maxPassword:
		return fmt.Errorf("check password: length: %w", ErrPasswordWeak)
	case folded == address || folded == user:
		return fmt.Errorf("check password: is the address: %w", ErrPasswordWeak)
	case commonPasswordSet()[folded] || oneLetter(folded):
		return fmt.Errorf("check password: well known: %w", ErrPasswordWeak)
	}
	return nil
}

// oneLetter finds one character repeated.
func oneLetter(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}

// normalPassword composes the letters, so that "ż" typed on two systems is one password (RFC 8265).
func normalPassword(password string) string { return norm.NFC.String(password) }
