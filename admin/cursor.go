package admin

import (
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// maxCursor bounds a cursor in an address.
const maxCursor = 1000

// seal writes the key of a list's last entry as one word for an address.
func seal(key ...string) string {
	raw, err := json.Marshal(key)
	if err != nil {
		return "" // texts can always be written
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// unseal reads a key of n texts; ok is false for anything that seal has not written, which then begins the list.
// What it answers is compared with keys and nothing else: a forged cursor chooses another place in the same list.
func unseal(cursor string, n int) (key []string, ok bool) {
	if cursor == "" || len(cursor) > maxCursor {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || !utf8.Valid(raw) || json.Unmarshal(raw, &key) != nil || len(key) != n {
		return nil, false
	}
	for _, part := range key {
		if part != "" && !plain(part) {
			return nil, false
		}
	}
	return key, true
}

// after reads the cursor of a list that goes by one text, "" for its beginning.
func after(cursor string) string {
	if key, ok := unseal(cursor, 1); ok {
		return key[0]
	}
	return ""
}

// searched is what was typed into a search, as far as it can match anything.
func searched(typed string) string {
	if r := []rune(typed); len(r) > 100 {
		typed = string(r[:100])
	}
	if !plain(typed) {
		return ""
	}
	return typed
}
