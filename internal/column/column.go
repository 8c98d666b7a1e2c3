// Package column holds the column types that both wings save: values that one text column can hold on either
// engine.
package column

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// Strings is a list saved as a JSON array.
type Strings []string

// Value implements [driver.Valuer]; nil is the empty array.
func (s Strings) Value() (driver.Value, error) {
	if s == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]string(s))
	return string(b), err
}

// Scan implements [database/sql.Scanner].
func (s *Strings) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*[]string)(s))
	case []byte:
		return json.Unmarshal(v, (*[]string)(s))
	default:
		return fmt.Errorf("scan list of strings: unexpected %T", src)
	}
}
