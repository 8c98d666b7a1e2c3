package idp

import (
	"errors"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// ErrDeviceCodeNotFound means that a user code is unknown, past its time, or decided already.
var ErrDeviceCodeNotFound = errors.New("device code not found")

// DeviceState is where a device's request stands.
type DeviceState string

// The states of a device's request.
const (
	DevicePending  DeviceState = "pending"
	DeviceApproved DeviceState = "approved"
	DeviceDenied   DeviceState = "denied"
	DeviceRedeemed DeviceState = "redeemed"
)

// DeviceCode is a device that waits for a person to let it in (RFC 8628).
type DeviceCode struct {
	CodeHash        string `gorm:"primaryKey"`
	UserCode        string // eight letters of [UserCodeAlphabet], without the dash
	ClientID        string
	Scopes          column.Strings
	State           DeviceState
	IntervalSeconds int64
	PolledAt        *time.Time
	UserID          string
	OrgID           string
	AuthTime        *time.Time
	AMR             column.Strings `gorm:"column:amr"`
	GrantID         string
	CreatedAt       time.Time
	ExpiresAt       time.Time
}

// UserCodeAlphabet has no vowels, so that no words appear, and nothing that is read as something else.
const UserCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"

// UserCodeLength is the number of letters: 20^8 codes, of which few live at a time.
const UserCodeLength = 8

// NormalUserCode reads a code as a person typed it: any case, with dashes or spaces. It is "" for what can be
// no code.
func NormalUserCode(typed string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch {
		case strings.ContainsRune(UserCodeAlphabet, r):
			b.WriteRune(r)
		case r == '-' || r == ' ':
		default:
			return ""
		}
	}
	if b.Len() != UserCodeLength {
		return ""
	}
	return b.String()
}

// ShownUserCode puts the dash in the middle.
func ShownUserCode(code string) string {
	if len(code) != UserCodeLength {
		return code
	}
	return code[:UserCodeLength/2] + "-" + code[UserCodeLength/2:]
}
