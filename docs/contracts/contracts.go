// Package contracts holds the shapes that the product promises to the outside, as JSON Schemas (draft 2020-12),
// and checks documents against them. Nothing of the running server uses it: it is for tests, ours and other
// people's. README.md lists the schemas, problem-codes.md the codes of problem documents.
package contracts

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Base is what every schema's $id begins with; the file's name follows.
const Base = "https://github.com/wolfieauth/wolfieauth/docs/contracts/"

const suffix = ".schema.json"

//go:embed *.schema.json problem-codes.md
var files embed.FS

// ErrUnknown means that there is no schema of that name.
var ErrUnknown = errors.New("unknown contract")

// Names lists the contracts, sorted: "claim", "plans", "problem".
func Names() []string {
	found, err := fs.Glob(files, "*"+suffix)
	if err != nil {
		return nil // the pattern is a constant
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(name, suffix)
	}
	return found
}

// Validate checks a JSON document against the contract of that name. It answers [ErrUnknown], an error for what
// is no single JSON value, and a *jsonschema.ValidationError that names each place that breaks the contract. A
// problem document must also carry a code of problem-codes.md, with the status that stands there.
func Validate(name string, document []byte) error {
	schemas, err := compiled()
	if err != nil {
		return err
	}
	schema, ok := schemas[name]
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("contract %s: %w", name, err)
	}
	if err = schema.Validate(value); err != nil {
		return fmt.Errorf("contract %s: %w", name, err)
	}
	if name == "problem" {
		return checkCode(value)
	}
	return nil
}

var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, name := range Names() {
		raw, err := files.ReadFile(name + suffix)
		if err != nil {
			return nil, err
		}
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("contract %s: %w", name, err)
		}
		if err = compiler.AddResource(Base+name+suffix, schema); err != nil {
			return nil, fmt.Errorf("contract %s: %w", name, err)
		}
	}
	out := map[string]*jsonschema.Schema{}
	for _, name := range Names() {
		schema, err := compiler.Compile(Base + name + suffix)
		if err != nil {
			return nil, fmt.Errorf("contract %s: %w", name, err)
		}
		out[name] = schema
	}
	return out, nil
})

// checkCode holds a valid problem document against the table of codes.
func checkCode(value any) error {
	document, _ := value.(map[string]any)
	code, _ := document["code"].(string)
	want, known := ProblemStatuses()[code]
	if !known {
		return fmt.Errorf("contract problem: code %q is not in problem-codes.md", code)
	}
	if got := fmt.Sprint(document["status"]); got != strconv.Itoa(want) {
		return fmt.Errorf("contract problem: code %s came with status %s, not %d", code, got, want)
	}
	return nil
}

// codeRow is a row of the tables: | `code` | 404 | ... |
var codeRow = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| (\\d{3}) \\|")

// ProblemStatuses is the table of problem-codes.md: the status of each code.
func ProblemStatuses() map[string]int {
	out := map[string]int{}
	table, err := files.ReadFile("problem-codes.md")
	if err != nil {
		return out // embedded
	}
	for _, row := range codeRow.FindAllStringSubmatch(string(table), -1) {
		status, err := strconv.Atoi(row[2])
		if err != nil {
			continue // three digits
		}
		out[row[1]] = status
	}
	return out
}
