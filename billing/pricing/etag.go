package pricing

import "strings"

// matches reads an If-None-Match header: a list of entity tags, of which weak and strong ones are compared alike
// (RFC 9110 13.1.2).
func matches(header, ours string) bool {
	ours = strings.TrimPrefix(ours, "W/")
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == ours {
			return true
		}
	}
	return false
}
