package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ref is a reference to another object: an id, the object itself where it was expanded, or null.
type ref struct {
	id  string
	raw json.RawMessage // the object, when expanded
}

// UnmarshalJSON accepts all three forms.
func (r *ref) UnmarshalJSON(b []byte) error {
	*r = ref{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if b[0] == '"' {
		return json.Unmarshal(b, &r.id)
	}
	var object struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(b, &object); err != nil {
		return err
	}
	*r = ref{id: object.ID, raw: append(json.RawMessage(nil), b...)}
	return nil
}

// unix is a moment in seconds since 1970; absent and null are nil.
type unix struct{ at *time.Time }

// The bounds of what is believed to be a moment: 1970 to 9999. RFC 3339 ends there.
const lastMoment = 253402300799

// UnmarshalJSON reads whole seconds.
func (u *unix) UnmarshalJSON(b []byte) error {
	u.at = nil
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var seconds int64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	if seconds < 0 || seconds > lastMoment {
		return fmt.Errorf("moment %d out of range", seconds)
	}
	at := time.Unix(seconds, 0).UTC()
	u.at = &at
	return nil
}

// value is the moment, or the zero time.
func (u unix) value() time.Time {
	if u.at == nil {
		return time.Time{}
	}
	return *u.at
}

func firstOf(a, b unix) unix {
	if a.at != nil {
		return a
	}
	return b
}

// need reports which of the named texts are empty.
func need(object string, named map[string]string) error {
	var all []error
	for name, value := range named {
		if value == "" {
			all = append(all, fmt.Errorf("%s without %s", object, name))
		}
	}
	return errors.Join(all...)
}
