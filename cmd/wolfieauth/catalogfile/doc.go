// Package catalogfile reads and writes a price list ([billing.CatalogFile]) as a file of YAML or JSON. Both say the
// same, and docs/contracts/catalog.schema.json judges both.
package catalogfile

import (
	"errors"
	"path/filepath"
	"strings"
)

// Format is how a file is written.
type Format string

// The formats.
const (
	YAML Format = "yaml"
	JSON Format = "json"
)

// Errors of [Read]; the text says the place.
var (
	// ErrSyntax means that a file is not what its format says, or is no price list.
	ErrSyntax = errors.New("not a catalogue")
	// ErrUnknownField means that a key has no meaning: a misspelt one must not be taken for a wish to leave something
	// out, which would archive a plan.
	ErrUnknownField = errors.New("unknown field")
	// ErrTwice means that a key stands twice in one mapping.
	ErrTwice = errors.New("stands twice")
	// ErrNotWhole means that a number has decimals; money is counted in whole minor units.
	ErrNotWhole = errors.New("not a whole number")
	// ErrMoreThanOne means that a file goes on after its document.
	ErrMoreThanOne = errors.New("more than one document")
)

// FormatOf answers the format that a file's ending names, else YAML.
func FormatOf(name string) Format {
	if strings.EqualFold(filepath.Ext(name), ".json") {
		return JSON
	}
	return YAML
}
