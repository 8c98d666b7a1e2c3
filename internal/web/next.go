package web

import (
	"net/http"
	"net/url"
	"strings"
)

// maxNext bounds a return address; longer ones are an attack or a mistake.
const maxNext = 2048

// SafeNext answers raw when it is an absolute path on this site (with query, with fragment), and "" for
// everything else: other hosts, schemes, `//`, backslashes in any writing, control characters, user info
// tricks. It is safe to redirect to the answer.
func SafeNext(raw string) string {
	if raw == "" || len(raw) > maxNext || raw[0] != '/' || hostile(raw) {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" {
		return ""
	}
	// The path once more as a careless reader would see it: un-escaped, twice.
	path := u.Path
	for range 2 {
		if hostile(path) || !strings.HasPrefix(path, "/") {
			return ""
		}
		if path, err = url.PathUnescape(path); err != nil {
			return ""
		}
	}
	return u.String()
}

// hostile finds what no path of ours holds: `//` or `/\` that start a host, dot segments that can make one
// ("/.//host"), and characters that browsers drop or that end a header line.
func hostile(s string) bool {
	path, _, _ := strings.Cut(s, "?")
	path, _, _ = strings.Cut(path, "#")
	if strings.Contains(path, "//") || strings.Contains(path, "/./") || strings.Contains(path, "/../") {
		return true
	}
	if strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..") || strings.Contains(path, "@") {
		return true
	}
	return strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r == 0x7f || r == '\\' || r == '\u2028' || r == '\u2029' || r == '\u2215' || r == '\u2044' || r == '\uff0f' || r == '\uff3c' || r == '\ufffd' || r == '\u0085' || r == '\ufeff' || r == '\u200b'
	})
}

// localURL answers the path and query of r for links to itself, "/" when they could be taken for a host.
func localURL(r *http.Request) string {
	if next := SafeNext(r.URL.RequestURI()); next != "" {
		return next
	}
	return "/"
}
