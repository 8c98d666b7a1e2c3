package sandbox

import (
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type fieldType int

const (
	textField fieldType = iota
	intField
	decimalField
	boolField
	hashField   // known keys
	mapField    // any keys, text values
	listField   // elements of one shape
	looseField  // accepted as it comes and echoed
	timeOrField // a time, or one of the words
)

// field says what one parameter may be. Unknown names, wrong types and missing
// values are refused before anything is executed, as Stripe does.
type field struct {
	kind     fieldType
	required bool
	words    []string
	low      int64
	high     int64
	clear    bool // the empty string unsets it
	keys     fields
	each     *field
	most     int
}

type fields map[string]field

func text() field                   { return field{kind: textField} }
func word(words ...string) field    { return field{kind: textField, words: words} }
func integer() field                { return field{kind: intField, low: math.MinInt64, high: math.MaxInt64} }
func count() field                  { return field{kind: intField, low: 0, high: math.MaxInt64} }
func between(low, high int64) field { return field{kind: intField, low: low, high: high} }
func decimal() field                { return field{kind: decimalField} }
func yesNo() field                  { return field{kind: boolField} }
func hash(keys fields) field        { return field{kind: hashField, keys: keys} }
func metadata() field               { return field{kind: mapField, clear: true} }
func loose() field                  { return field{kind: looseField} }
func list(each field) field         { return field{kind: listField, each: &each, most: 500} }
func moment(words ...string) field {
	return field{kind: timeOrField, words: words, low: 0, high: math.MaxInt64}
}

func (f field) need() field        { f.required = true; return f }
func (f field) clearable() field   { f.clear = true; return f }
func (f field) atMost(n int) field { f.most = n; return f }

func (f fields) plus(more fields) fields {
	out := fields{}
	for _, m := range []fields{f, more} {
		maps.Copy(out, m)
	}
	return out
}

// decodeParams turns a form into typed parameters: text, int64, bool, obj and []any.
// A parameter unset by an empty value is present as null.
func decodeParams(n *formNode, known fields, path string) (obj, *apiError) {
	out := obj{}
	for _, name := range n.order {
		full := joinName(path, name)
		f, ok := known[name]
		if !ok {
			return nil, badRequest("parameter_unknown", full, "Received unknown parameter: %s", full)
		}
		v, err := f.decode(n.kids[name], full)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	for _, name := range sortedNames(known) {
		if known[name].required && !out.given(name) {
			return nil, missingParam(joinName(path, name))
		}
	}
	return out, nil
}

func sortedNames(f fields) []string {
	names := make([]string, 0, len(f))
	for k := range f {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

func joinName(path, name string) string {
	if path == "" {
		return name
	}
	return path + "[" + name + "]"
}

func (f field) decode(n *formNode, name string) (any, *apiError) {
	if n.leaf && n.value == "" && f.kind != looseField {
		if f.clear {
			return nil, nil //nolint:nilnil // null is the decoded value
		}
		if f.kind == listField {
			return []any{}, nil
		}
		return nil, badRequest("parameter_invalid_empty", name, "You passed an empty string for '%s'. We assume empty values are an attempt to unset a parameter; however '%s' cannot be unset. You should remove '%s' from your request or supply a non-empty value.", name, name, name)
	}
	switch f.kind {
	case hashField:
		if n.leaf {
			return nil, badRequest("", name, "Invalid object")
		}
		return box(decodeParams(n, f.keys, name))
	case mapField:
		return f.decodeMap(n, name)
	case listField:
		return f.decodeList(n, name)
	case looseField:
		return looseValue(n), nil
	default:
		if !n.leaf {
			return nil, badRequest("", name, "Invalid %s", map[bool]string{true: "string", false: "integer"}[f.kind == textField])
		}
		return f.scalar(n.value, name)
	}
}

// box keeps a typed nil out of the interface.
func box(o obj, err *apiError) (any, *apiError) {
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (f field) decodeMap(n *formNode, name string) (any, *apiError) {
	if n.leaf {
		return nil, badRequest("", name, "Invalid object")
	}
	if len(n.order) > 50 {
		return nil, badRequest("", name, "You may only specify up to 50 keys in '%s'.", name)
	}
	out := obj{}
	for _, k := range n.order {
		kid := n.kids[k]
		if !kid.leaf {
			return nil, badRequest("", joinName(name, k), "Invalid string")
		}
		if len(k) > 40 || len([]rune(kid.value)) > 500 {
			return nil, badRequest("", joinName(name, k), "Metadata values can have up to 500 characters and keys up to 40, but you passed in a longer one.")
		}
		out[k] = kid.value
	}
	return out, nil
}

func (f field) decodeList(n *formNode, name string) (any, *apiError) {
	kids, ok := n.list()
	if n.leaf || !ok {
		return nil, badRequest("", name, "Invalid array")
	}
	if len(kids) > f.most {
		return nil, badRequest("", name, "Array exceeded maximum allowed elements, count %d is greater than %d", len(kids), f.most)
	}
	out := make([]any, 0, len(kids))
	for i, kid := range kids {
		v, err := f.each.decode(kid, joinName(name, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

var decimalShape = regexp.MustCompile(`^-?\d{1,15}(\.\d{1,12})?$`)

func (f field) scalar(v, name string) (any, *apiError) {
	switch f.kind {
	case boolField:
		if v != "true" && v != "false" {
			return nil, badRequest("", name, "Invalid boolean: %s", v)
		}
		return v == "true", nil
	case decimalField:
		if !decimalShape.MatchString(v) {
			return nil, badRequest("parameter_invalid_decimal", name, "Invalid decimal: %s", v)
		}
		return v, nil
	case timeOrField:
		if slices.Contains(f.words, v) {
			return v, nil
		}
		return f.integer(v, name)
	case intField:
		return f.integer(v, name)
	default:
		if f.words != nil && !slices.Contains(f.words, v) {
			return nil, badRequest("", name, "Invalid %s: must be one of %s", name, orList(f.words))
		}
		if len(v) > 10000 {
			return nil, badRequest("parameter_invalid_string", name, "Invalid string: too long")
		}
		return v, nil
	}
}

func (f field) integer(v, name string) (any, *apiError) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || strings.HasPrefix(v, "+") {
		return nil, badRequest("parameter_invalid_integer", name, "Invalid integer: %s", v)
	}
	if n < f.low {
		return nil, badRequest("parameter_invalid_integer", name, "This value must be greater than or equal to %d.", f.low)
	}
	if n > f.high {
		return nil, badRequest("parameter_invalid_integer", name, "This value must be less than or equal to %d.", f.high)
	}
	return n, nil
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func looseValue(n *formNode) any {
	if n.leaf {
		switch n.value {
		case "true":
			return true
		case "false":
			return false
		case "":
			return nil
		default:
			return n.value
		}
	}
	if kids, ok := n.list(); ok && len(kids) > 0 {
		out := make([]any, len(kids))
		for i, kid := range kids {
			out[i] = looseValue(kid)
		}
		return out
	}
	out := obj{}
	for _, k := range n.order {
		out[k] = looseValue(n.kids[k])
	}
	return out
}

// rational reads a checked decimal exactly.
func rational(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}
