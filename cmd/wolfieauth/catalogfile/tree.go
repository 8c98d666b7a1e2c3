package catalogfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
)

type kind int

const (
	scalar kind = iota
	mapping
	sequence
)

// node is a part of a document with its place.
type node struct {
	kind     kind
	line     int // 0 where the format does not tell
	entries  []entry
	scalar   any
	decimals bool // a number that is not written as a whole one
}

type entry struct {
	key   string // "" in a sequence
	line  int
	value node
}

// plain answers the node as encoding/json takes it.
func (n node) plain() any {
	switch n.kind {
	case mapping:
		out := map[string]any{}
		for _, e := range n.entries {
			out[e.key] = e.value.plain()
		}
		return out
	case sequence:
		out := make([]any, len(n.entries))
		for i, e := range n.entries {
			out[i] = e.value.plain()
		}
		return out
	default:
		return n.scalar
	}
}

// known refuses what has no place in a catalogue.
func known(root node) error {
	if root.kind != mapping {
		return fmt.Errorf("%w: it begins with no key", ErrSyntax)
	}
	return check(root, reflect.TypeFor[billing.CatalogFile](), "")
}

func check(n node, shape reflect.Type, path string) error {
	if n.decimals {
		return at(n.line, path, ErrNotWhole)
	}
	if shape.Kind() == reflect.Pointer {
		shape = shape.Elem()
	}
	switch {
	case n.kind == mapping && shape.Kind() == reflect.Struct:
		return checkMapping(n, shape, path)
	case n.kind == sequence && shape.Kind() == reflect.Slice:
		for i, e := range n.entries {
			if err := check(e.value, shape.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case n.kind != scalar:
		return at(n.line, path, ErrSyntax)
	}
	return nil
}

func checkMapping(n node, shape reflect.Type, path string) error {
	var seen []string
	for _, e := range n.entries {
		place := strings.TrimPrefix(path+"."+e.key, ".")
		next, ok := member(shape, e.key)
		switch {
		case slices.Contains(seen, e.key):
			return at(e.line, place, ErrTwice)
		case !ok:
			return at(e.line, place, ErrUnknownField)
		}
		seen = append(seen, e.key)
		if err := check(e.value, next, place); err != nil {
			return err
		}
	}
	return nil
}

// member finds a field by its name in a document.
func member(shape reflect.Type, name string) (reflect.Type, bool) {
	for f := range shape.Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Type, true
		}
	}
	return nil, false
}

func at(line int, path string, err error) error {
	if line == 0 {
		return fmt.Errorf("%s: %w", path, err)
	}
	return fmt.Errorf("line %d: %s: %w", line, path, err)
}
