package sandbox_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The published description of API 2023-10-16 travels inside Stripe's own mock.
const stripeMock = "github.com/stripe/stripe-mock@v0.183.0"

// openAPI validates objects against Stripe's published description.
type openAPI struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
}

var description = sync.OnceValues(loadOpenAPI)

func loadOpenAPI() (*openAPI, error) {
	empty, err := os.MkdirTemp("", "sandbox-openapi-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(empty) }()
	cmd := exec.Command("go", "mod", "download", "-json", stripeMock)
	cmd.Dir = empty // outside the module, so that go.mod stays as it is
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(module.Dir, "embedded", "openapi", "spec3.json"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	raw, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	schemas := raw.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
	for name, s := range schemas {
		schemas[name] = fromOpenAPI(s)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	doc := map[string]any{"components": map[string]any{"schemas": schemas}}
	return &openAPI{compiler: compiler}, compiler.AddResource("https://stripe.test/spec.json", doc)
}

// fromOpenAPI turns an OpenAPI 3.0 schema into JSON Schema: "nullable" becomes
// a union with null. Unknown keys are refused, which catches our own typos.
func fromOpenAPI(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = fromOpenAPI(v[i])
		}
		return v
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if props, ok := x.(map[string]any); ok && k == "properties" {
				converted := map[string]any{}
				for name, p := range props {
					converted[name] = fromOpenAPI(p)
				}
				out[k] = converted
				continue
			}
			if strings.HasPrefix(k, "x-") || k == "nullable" || k == "format" || k == "pattern" || k == "description" || k == "title" {
				continue
			}
			out[k] = fromOpenAPI(x)
		}
		if props, ok := out["properties"].(map[string]any); ok && len(props) > 0 && out["additionalProperties"] == nil {
			out["additionalProperties"] = false
		}
		if v["nullable"] == true {
			return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, out}}
		}
		return out
	default:
		return v
	}
}

// check validates one object as the named schema.
func (o *openAPI) check(t *testing.T, schema string, object any) {
	t.Helper()
	o.mu.Lock()
	compiled, err := o.compiler.Compile("https://stripe.test/spec.json#/components/schemas/" + schema)
	o.mu.Unlock()
	if err != nil {
		t.Fatalf("schema %s: %v", schema, err)
	}
	if err := compiled.Validate(object); err != nil {
		text, _ := json.Marshal(object)
		t.Errorf("not a valid %s: %v\n%.1500s", schema, err, text)
	}
}
