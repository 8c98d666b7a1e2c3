package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// obj is one JSON object as Stripe would send it. Keys that begin with "_" are
// the sandbox's own notes and never leave; keys that begin with "+" leave only
// when the request expands them.
type obj map[string]any

func parseObj(body string) (obj, error) {
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("decode object: %w", err)
	}
	return tidy(m).(obj), nil
}

// tidy gives decoded JSON its working types: obj, int64 and float64.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := make(obj, len(v))
		for k, x := range v {
			o[k] = tidy(x)
		}
		return o
	case []any:
		for i := range v {
			v[i] = tidy(v[i])
		}
		return v
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	default:
		return v
	}
}

func (o obj) json() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		panic("sandbox object is not JSON: " + err.Error()) // only our own types are ever stored
	}
	return strings.TrimSpace(b.String())
}

func (o obj) str(key string) string { s, _ := o[key].(string); return s }

func (o obj) flag(key string) bool { b, _ := o[key].(bool); return b }

func (o obj) num(key string) int64 {
	switch n := o[key].(type) {
	case int64:
		return n
	case int:
		return int64(n)
	case float64:
		return int64(n)
	default:
		return 0
	}
}

func (o obj) sub(key string) obj { m, _ := o[key].(obj); return m }

// has says whether the key is present and not null.
func (o obj) has(key string) bool { return o[key] != nil }

// given says whether the key is present, even as null.
func (o obj) given(key string) bool { _, ok := o[key]; return ok }

func (o obj) objs(key string) []obj { return asObjs(o[key]) }

func asObjs(v any) []obj {
	list, _ := v.([]any)
	out := make([]obj, 0, len(list))
	for _, x := range list {
		if m, ok := x.(obj); ok {
			out = append(out, m)
		}
	}
	return out
}

func (o obj) strs(key string) []string {
	list, _ := o[key].([]any)
	out := make([]string, 0, len(list))
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func anys[T any](in []T) []any {
	out := make([]any, len(in))
	for i, x := range in {
		out[i] = x
	}
	return out
}

// orNil is the value as JSON, with the empty string as null.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// or gives the parameter, or a default if it was not sent.
func (o obj) or(key string, fallback any) any {
	if v, ok := o[key]; ok && v != nil {
		return v
	}
	return fallback
}

// take copies the named parameters that were sent onto the object.
func (o obj) take(params obj, keys ...string) {
	for _, k := range keys {
		if v, ok := params[k]; ok {
			o[k] = v
		}
	}
}

// mergeMetadata follows Stripe: keys are merged, an empty value removes its
// key, an empty hash removes all.
func (o obj) mergeMetadata(params obj) {
	sent, ok := params["metadata"]
	if !ok {
		return
	}
	meta := o.sub("metadata")
	if meta == nil {
		meta = obj{}
	}
	changes, isHash := sent.(obj)
	if !isHash || len(changes) == 0 {
		meta = obj{}
	}
	for k, v := range changes {
		if v == "" || v == nil {
			delete(meta, k)
			continue
		}
		meta[k] = v
	}
	o["metadata"] = meta
}

// clone copies an object deeply.
func (o obj) clone() obj { return cloneValue(o).(obj) }

func cloneValue(v any) any {
	switch v := v.(type) {
	case obj:
		c := make(obj, len(v))
		for k, x := range v {
			c[k] = cloneValue(x)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = cloneValue(v[i])
		}
		return c
	default:
		return v
	}
}

// previous lists the old values of the top-level keys that changed, as the
// previous_attributes of an event.
func previous(before, after obj) obj {
	diff := obj{}
	for k, old := range before {
		if !reflect.DeepEqual(normal(old), normal(after[k])) {
			diff[k] = old
		}
	}
	for k := range after {
		if !before.given(k) {
			diff[k] = nil
		}
	}
	return diff
}

// normal removes the difference between int and int64 that fresh objects have.
func normal(v any) any {
	b, _ := json.Marshal(v) //nolint:errchkjson // our own types
	return string(b)
}

const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID makes a random id of Stripe's form, such as "cus_..." with 24 characters.
func newID(prefix string) string { return prefix + randomText(24) }

func randomText(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // crypto/rand never fails
	for i, b := range raw {
		raw[i] = idAlphabet[int(b)%len(idAlphabet)]
	}
	return string(raw)
}

func listOf(url string, data []any, more bool) obj {
	if data == nil {
		data = []any{}
	}
	return obj{"object": "list", "data": data, "has_more": more, "url": url}
}
