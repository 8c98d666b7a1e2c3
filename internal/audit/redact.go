package audit

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// secretNames are the parts of a field's name that give a secret away, in lower case without underscores.
var secretNames = []string{
	"password", "passwd", "secret", "token", "hash", "privatekey", "apikey", "masterkey", "authorization", "cookie", "cardnumber", "cvc", "sealed",
}

// Redact answers a copy of v that encoding/json can write, without its secrets: struct fields tagged
// `audit:"-"` are left out, and fields and map keys whose name speaks of a secret (password, secret, token,
// hash, key material) hold "[redacted]" unless they are empty or no text. Values that marshal themselves, times and ids, are
// kept as they are.
func Redact(v any) any {
	return redact(reflect.ValueOf(v))
}

func redact(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if marshalsItself(v) {
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return redact(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		redactStruct(out, v)
		return out
	case reflect.Map:
		return redactMap(v)
	case reflect.Slice, reflect.Array:
		return redactList(v)
	default:
		return v.Interface()
	}
}

func redactStruct(out map[string]any, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || field.Tag.Get("audit") == "-" {
			continue
		}
		if field.Anonymous && name == "" && embedded(v.Field(i)).Kind() == reflect.Struct {
			redactStruct(out, embedded(v.Field(i)))
			continue
		}
		if !field.IsExported() || (strings.Contains(options, "omitempty") && v.Field(i).IsZero()) {
			continue
		}
		if name == "" {
			name = field.Name
		}
		out[name] = redactNamed(name, v.Field(i))
	}
}

func embedded(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer {
		return v.Elem()
	}
	return v
}

func redactMap(v reflect.Value) any {
	if v.IsNil() {
		return nil
	}
	out := map[string]any{}
	for it := v.MapRange(); it.Next(); {
		name := it.Key().String()
		out[name] = redactNamed(name, it.Value())
	}
	return out
}

func redactList(v reflect.Value) any {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return "[bytes]"
	}
	out := make([]any, v.Len())
	for i := range out {
		out[i] = redact(v.Index(i))
	}
	return out
}

func redactNamed(name string, v reflect.Value) any {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	// A number or a flag ("tokenLifetime", "hasPassword") is no secret, and an empty text tells that none was set.
	plain := v.CanInt() || v.CanUint() || v.CanFloat() || v.Kind() == reflect.Bool || v.IsZero()
	if !plain && secretName(name) {
		return "[redacted]"
	}
	return redact(v)
}

func secretName(name string) bool {
	lower := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	for _, part := range secretNames {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

func marshalsItself(v reflect.Value) bool {
	if !v.CanInterface() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return false
	}
	switch v.Interface().(type) {
	case json.RawMessage: // would carry its secrets along
		return false
	case json.Marshaler, encoding.TextMarshaler:
		return true
	}
	return false
}
