package catalogfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Read reads a document of one format. What it does not know it refuses with the place: [ErrSyntax],
// [ErrUnknownField], [ErrTwice], [ErrNotWhole], [ErrMoreThanOne].
func Read(raw []byte, format Format) (billing.CatalogFile, error) {
	var file billing.CatalogFile
	tree, err := parse(raw, format)
	if err != nil {
		return file, err
	}
	if err := known(tree); err != nil {
		return file, err
	}
	plain, err := json.Marshal(tree.plain())
	if err == nil {
		err = json.Unmarshal(plain, &file)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return file, fmt.Errorf("%w: %s cannot be a %s", ErrSyntax, wrong.Field, wrong.Value)
	}
	if err != nil {
		return file, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return file, nil
}

func parse(raw []byte, format Format) (node, error) {
	if format == JSON {
		in := json.NewDecoder(bytes.NewReader(raw))
		in.UseNumber()
		tree, err := readJSON(in)
		if err != nil {
			return node{}, err
		}
		if _, err := in.Token(); !errors.Is(err, io.EOF) {
			return node{}, ErrMoreThanOne
		}
		return tree, nil
	}
	in := yaml.NewDecoder(bytes.NewReader(raw))
	var doc yaml.Node
	if err := in.Decode(&doc); err != nil {
		return node{}, fmt.Errorf("%w: %s", ErrSyntax, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := in.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return node{}, ErrMoreThanOne
	}
	u := unfolding{left: aliasedKept}
	return u.node(&doc)
}

// readJSON keeps the order of keys and the lines, which the standard decoder into a map would lose.
func readJSON(in *json.Decoder) (node, error) {
	token, err := in.Token()
	if err != nil {
		return node{}, badJSON(in, err)
	}
	switch token {
	case json.Delim('{'):
		out := node{kind: mapping}
		for in.More() {
			key, err := in.Token()
			if err != nil {
				return node{}, badJSON(in, err)
			}
			value, err := readJSON(in)
			if err != nil {
				return node{}, err
			}
			out.entries = append(out.entries, entry{key: fmt.Sprint(key), value: value})
		}
		_, err = in.Token()
		return out, badJSON(in, err)
	case json.Delim('['):
		out := node{kind: sequence}
		for in.More() {
			value, err := readJSON(in)
			if err != nil {
				return node{}, err
			}
			out.entries = append(out.entries, entry{value: value})
		}
		_, err = in.Token()
		return out, badJSON(in, err)
	}
	number, ok := token.(json.Number)
	return node{scalar: token, decimals: ok && strings.ContainsAny(string(number), ".eE")}, nil
}

func badJSON(in *json.Decoder, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: at byte %d: %w", ErrSyntax, in.InputOffset(), err)
}

// aliasedKept bounds what the aliases of a document may stand for together, in values.
const aliasedKept = 20_000

var errTooMuch = errors.New("too large once its aliases are unfolded")

// unfolding reads YAML and puts in the place of each alias what it stands for.
type unfolding struct {
	left  int // of what aliases may stand for
	depth int // of aliases around the value that is read
}

func (u *unfolding) node(n *yaml.Node) (node, error) {
	if u.depth > 0 {
		u.left--
	}
	if u.left < 0 {
		return node{}, fmt.Errorf("%w: line %d: %w", ErrSyntax, n.Line, errTooMuch)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return u.node(n.Content[0])
	case yaml.AliasNode:
		u.depth++
		defer func() { u.depth-- }()
		return u.node(n.Alias)
	case yaml.MappingNode:
		out := node{kind: mapping, line: n.Line}
		for i := 0; i+1 < len(n.Content); i += 2 {
			value, err := u.node(n.Content[i+1])
			if err != nil {
				return node{}, err
			}
			out.entries = append(out.entries, entry{n.Content[i].Value, n.Content[i].Line, value})
		}
		return out, nil
	case yaml.SequenceNode:
		out := node{kind: sequence, line: n.Line}
		for _, item := range n.Content {
			value, err := u.node(item)
			if err != nil {
				return node{}, err
			}
			out.entries = append(out.entries, entry{line: item.Line, value: value})
		}
		return out, nil
	default:
		return readScalar(n)
	}
}

// readScalar takes numbers, booleans and null; every other word is text as it stands: NO is Norway.
func readScalar(n *yaml.Node) (node, error) {
	out := node{line: n.Line, scalar: n.Value}
	switch n.ShortTag() {
	case "!!null":
		out.scalar = nil
	case "!!float":
		out.decimals = true
	case "!!int", "!!bool":
		var v any
		if err := n.Decode(&v); err != nil {
			return node{}, fmt.Errorf("%w: line %d: %w", ErrSyntax, n.Line, err)
		}
		out.scalar = v
	}
	return out, nil
}
