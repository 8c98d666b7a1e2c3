package catalogfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Write writes a price list, its keys in the order of its schema.
func Write(w io.Writer, file billing.CatalogFile, format Format) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(file); err != nil {
		return fmt.Errorf("write catalogue: %w", err)
	}
	if format == JSON {
		_, err := text.WriteTo(w)
		return err
	}
	// What the encoder above writes is YAML too; read back and written without braces it keeps its order and words.
	var doc yaml.Node
	if err := yaml.Unmarshal(text.Bytes(), &doc); err != nil {
		return fmt.Errorf("write catalogue as YAML: %w", err)
	}
	unbrace(&doc)
	lines := yaml.NewEncoder(w)
	lines.SetIndent(2)
	if err := lines.Encode(&doc); err != nil {
		return fmt.Errorf("write catalogue as YAML: %w", err)
	}
	return lines.Close()
}

// oldMeaning finds text that readers of YAML 1.1 take for a boolean, a number of base 60 or a merge: NO is Norway.
var oldMeaning = regexp.MustCompile(`(?i)^(y|yes|n|no|on|off|=|<<|[-+]?[0-9][0-9_]*(:[0-9_.]+)+)$`)

// unbrace gives every list and mapping lines of its own, but short lists of words; text is quoted only where a bare
// word would mean something else.
func unbrace(n *yaml.Node) {
	n.Style = 0
	if n.ShortTag() == "!!str" && oldMeaning.MatchString(n.Value) {
		n.Style = yaml.DoubleQuotedStyle
	}
	words := n.Kind == yaml.SequenceNode
	for _, c := range n.Content {
		unbrace(c)
		words = words && c.Kind == yaml.ScalarNode
	}
	if words {
		n.Style = yaml.FlowStyle
	}
}
