package idp

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/gosimple/slug"
)

// maxSlug bounds a slug in bytes; a client id holds two.
const maxSlug = 48

// reservedOrgSlugs would make an org, and the client ids of its apps, look like the platform itself.
var reservedOrgSlugs = map[string]bool{"wolfieauth": true, "admin": true, "api": true, "platform": true}

// Slug folds a name to lower-case ASCII words joined by hyphens, Polish letters included ("Łódź i Żary" is
// "lodz-i-zary"), of at most 48 bytes. The error wraps [ErrSlugInvalid] when nothing is left.
func Slug(name string) (string, error) {
	s := strings.ReplaceAll(slug.MakeLang(name, "pl"), "_", "-")
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "-")
	}
	if len(s) > maxSlug {
		s = s[:maxSlug]
	}
	s = strings.Trim(s, "-")
	if s == "" {
		return "", fmt.Errorf("slug of %q: %w", name, ErrSlugInvalid)
	}
	return s, nil
}

// chosenSlug checks a slug that somebody chose, or makes one from the name when none was.
func chosenSlug(chosen, name string) (string, error) {
	if chosen == "" {
		return Slug(name)
	}
	if folded, err := Slug(chosen); err != nil || folded != chosen {
		return "", fmt.Errorf("slug %q: %w", chosen, ErrSlugInvalid)
	}
	return chosen, nil
}

// personalSlug is random: a slug made from an address or a name would tell it to everybody.
func personalSlug() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return "u-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
