package jobs

import (
	"regexp"
	"strings"
)

// secrets matches what an error of a peer might repeat: Stripe's keys and webhook secrets, bearer tokens, the
// user part of a URL, query parameters that hold tokens, and anything of the length of this house's tokens.
var secrets = regexp.MustCompile(`(?i)\b(?:[sr]k_(?:live|test)_\w+|whsec_\w+)|\b(?:bearer|basic) [\w.~+/=-]+|://[^\s/@]+@|` +
	`\b(?:token|code|secret|password|key)=[^\s&"]+|[A-Za-z0-9_-]{43,}`)

// clean is an error as it may be stored and shown: one line or a stack, without secrets, at most 1000 bytes.
func clean(err error) string {
	text := secrets.ReplaceAllString(err.Error(), "[redacted]")
	if len(text) > 1000 {
		text = strings.ToValidUTF8(text[:1000], "")
	}
	return text
}
