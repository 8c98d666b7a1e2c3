package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits of one form, far above what an honest client sends.
const (
	formMaxBytes = 1 << 20
	formMaxPairs = 5000
	formMaxDepth = 10
)

// formNode is one place in a bracketed form: a value, or children by name.
// `items[0][price]=p` is the node items with the child "0" with the child "price".
type formNode struct {
	value string
	leaf  bool
	order []string
	kids  map[string]*formNode
}

// parseForm reads Stripe's form encoding. Names keep the order in which they came.
func parseForm(raw string) (*formNode, *apiError) {
	root := &formNode{}
	if len(raw) > formMaxBytes || strings.Count(raw, "&") > formMaxPairs {
		return nil, badRequest("", "", "Request body is too large.")
	}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return nil, badRequest("", "", "Invalid form encoding.")
		}
		path, ok := splitName(name)
		if !ok || !root.put(path, value) {
			return nil, badRequest("", name, "Invalid parameter name: %s", name)
		}
	}
	return root, nil
}

// splitName cuts "a[b][0]" into a, b, 0.
func splitName(name string) ([]string, bool) {
	base, rest, nested := strings.Cut(name, "[")
	if base == "" || strings.Contains(base, "]") {
		return nil, false
	}
	path := []string{base}
	for nested {
		part, after, closed := strings.Cut(rest, "]")
		if !closed || strings.Contains(part, "[") || len(path) >= formMaxDepth {
			return nil, false
		}
		path = append(path, part)
		if after == "" {
			return path, true
		}
		if after[0] != '[' {
			return nil, false
		}
		rest = after[1:]
	}
	return path, true
}

func (n *formNode) put(path []string, value string) bool {
	if len(path) == 0 {
		if n.kids != nil {
			return false
		}
		n.leaf, n.value = true, value
		return true
	}
	if n.leaf {
		return false
	}
	name := path[0]
	if name == "" { // a[]=x appends
		name = strconv.Itoa(len(n.order))
	}
	kid := n.kids[name]
	if kid == nil {
		kid = &formNode{}
		if n.kids == nil {
			n.kids = map[string]*formNode{}
		}
		n.kids[name] = kid
		n.order = append(n.order, name)
	}
	return kid.put(path[1:], value)
}

// list gives the children in the order of their numbers, or false if a child
// is not named by a number.
func (n *formNode) list() ([]*formNode, bool) {
	indexes := make([]int, 0, len(n.order))
	for _, name := range n.order {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || strconv.Itoa(i) != name {
			return nil, false
		}
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	out := make([]*formNode, len(indexes))
	for i, index := range indexes {
		out[i] = n.kids[strconv.Itoa(index)]
	}
	return out, true
}

// canonical writes the form in one order, so that equal requests compare equal.
func (n *formNode) canonical() string {
	if n.leaf {
		return "=" + url.QueryEscape(n.value)
	}
	names := slices.Sorted(slices.Values(n.order))
	var b strings.Builder
	for _, name := range names {
		b.WriteString("(" + url.QueryEscape(name) + n.kids[name].canonical() + ")")
	}
	return b.String()
}
