package idp

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The limits of RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3, in bytes.
const (
	maxEmail     = 254
	maxEmailUser = 64
)

// ParseEmail answers an address as typed (trimmed) and in the form that look-ups go by: the local part
// case-folded, the domain in lower-case ASCII (IDNA). Dots and plus signs keep their meaning, because only
// the mailbox's own provider knows what they mean. The error wraps [ErrEmailInvalid].
func ParseEmail(typed string) (email, normal string, err error) {
	email = strings.TrimSpace(typed)
	if len(email) > maxEmail || !utf8.ValidString(email) || strings.ContainsFunc(email, unfitForEmail) {
		return "", "", fmt.Errorf("parse address: %w", ErrEmailInvalid)
	}
	addr, err := mail.ParseAddress(email)
	if err != nil || addr.Name != "" || addr.Address != email {
		return "", "", fmt.Errorf("parse address: %w", ErrEmailInvalid)
	}
	at := strings.LastIndexByte(email, '@')
	user, domain := email[:at], email[at+1:]
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
	if err != nil || len(user) > maxEmailUser || !publicDomain(ascii) {
		return "", "", fmt.Errorf("parse address: %w", ErrEmailInvalid)
	}
	return email, foldEmailUser(user) + "@" + strings.ToLower(ascii), nil
}

// foldEmailUser folds case after composing, so that one mailbox typed on two keyboards is one mailbox.
func foldEmailUser(user string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(user)))
}

// unfitForEmail finds what net/mail allows (quoted local parts, comments, blanks) and no real mailbox needs.
func unfitForEmail(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"(),:;<>[\]`, r)
}

// publicDomain asks for at least two labels, the last not all digits: no bare host and no IP address.
func publicDomain(ascii string) bool {
	dot := strings.LastIndexByte(ascii, '.')
	if dot <= 0 || dot == len(ascii)-1 || len(ascii) > 253 {
		return false
	}
	return strings.Trim(ascii[dot+1:], "0123456789") != ""
}
