package pricing

import "strings"

// matches reads an If-None-Match header: a list of entity tags, weak ones compared as strong (RFC 9110 13.1.2).
func matches(header, version string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == `"`+version+`"` {
			return true
		}
	}
	return false
}
