package admin

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Change is one value that an action changed. Of a thing that was made, Before is empty; of one that was taken
// away, After is.
type Change struct{ Field, Before, After string }

// changes compares what was there before with what is there after, field by field, and keeps what differs and
// says something.
func changes(before, after string) []Change {
	was, is := fields(before), fields(after)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if was[name] != is[name] {
			out = append(out, Change{Field: name, Before: was[name], After: is[name]})
		}
	}
	return out
}

// fields reads a recorded value into lines of text by field; what is no object stands under the field "".
func fields(recorded string) map[string]string {
	out := map[string]string{}
	if recorded == "" {
		return out
	}
	dec := json.NewDecoder(strings.NewReader(recorded))
	dec.UseNumber() // an id of many digits stays what it is
	var v any
	if dec.Decode(&v) != nil {
		out[""] = recorded
		return out
	}
	flatten(out, "", v)
	return out
}

// flatten writes nested objects as "outer.inner".
func flatten(out map[string]string, name string, v any) {
	object, ok := v.(map[string]any)
	if !ok {
		out[name] = words(v)
		return
	}
	for key, inner := range object {
		flatten(out, strings.TrimPrefix(name+"."+key, "."), inner)
	}
}

// words writes a value for reading: texts without quotes, lists line by line, nothing as nothing.
func words(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if v == "0001-01-01T00:00:00Z" { // a time that was never set
			return ""
		}
		return v
	case json.Number:
		return v.String()
	case []any:
		lines := make([]string, 0, len(v))
		for _, item := range v {
			lines = append(lines, words(item))
		}
		return strings.Join(lines, "\n")
	default:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if enc.Encode(v) != nil {
			return ""
		}
		return strings.TrimSpace(buf.String())
	}
}
