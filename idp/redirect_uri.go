package idp

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

const maxRedirectURI = 2000

// CheckRedirectURI tells whether an app of the kind may register uri (RFC 9700 section 4.1, RFC 8252 section
// 7): absolute, https, or http on a loopback host; a native app may also claim a private scheme in reversed
// domain form. No fragment, user info, wildcard, backslash or control character, and no path that means
// another one. The error wraps [ErrRedirectInvalid].
func CheckRedirectURI(kind AppKind, uri string) error {
	if kind == AppMachine {
		return redirectError(uri, "an app without users has none")
	}
	if uri == "" || len(uri) > maxRedirectURI || strings.ContainsFunc(uri, unfitForURI) {
		return redirectError(uri, "characters or length")
	}
	u, err := url.Parse(uri)
	if err != nil || !u.IsAbs() {
		return redirectError(uri, "not an absolute URI")
	}
	if u.User != nil || u.Fragment != "" || strings.HasSuffix(uri, "#") {
		return redirectError(uri, "user info or fragment")
	}
	switch {
	case u.Scheme == "https" || u.Scheme == "http":
		return checkWebRedirect(u, uri)
	case kind == AppNative && privateScheme(u):
		return nil
	default:
		return redirectError(uri, "scheme")
	}
}

func checkWebRedirect(u *url.URL, uri string) error {
	host := u.Hostname()
	switch {
	case host == "" || u.Opaque != "" || strings.HasSuffix(host, ".") || host != strings.ToLower(host):
		return redirectError(uri, "host")
	case !strings.HasPrefix(uri, u.Scheme+"://"):
		return redirectError(uri, "scheme is not lower-case")
	case u.Scheme == "http" && !Loopback(host):
		return redirectError(uri, "http is for loopback only")
	case dotSegment(u.Path):
		return redirectError(uri, "dot segment")
	}
	return nil
}

// Loopback tells whether host is this machine itself: localhost, 127.0.0.0/8 or ::1 (RFC 8252 section 7.3).
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// privateScheme accepts com.example.app:/callback: the dot shows a domain that the app's maker holds (RFC
// 8252 section 7.1), and excludes javascript, data and their like.
func privateScheme(u *url.URL) bool {
	return strings.Contains(u.Scheme, ".") && u.Opaque == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
}

func dotSegment(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

func unfitForURI(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("*\\\"<>^`{|}", r)
}

func redirectError(uri, why string) error {
	return fmt.Errorf("redirect URI %q: %s: %w", uri, why, ErrRedirectInvalid)
}
