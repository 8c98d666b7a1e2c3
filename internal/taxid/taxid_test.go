package taxid_test

import (
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/taxid"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for nip, want := range map[string]bool{
		"9999999999": true, "1234563218": true, "9999999998": false, "999999999": false, "99999999995": false, "999-999-99-99": false, "0000000000": false, "": false,
		"１２３４５６７８９０": false,
	} {
		if taxid.ValidNIP(nip) != want {
			t.Errorf("ValidNIP(%q) is not %v", nip, want)
		}
	}
	for _, tc := range []struct {
		country, number string
		want            bool
	}{
		{"DE", "DE123456789", true},
		{"DE", "123456789", false},
		{"DE", "DE12345678", false},
		{"DE", "FR12345678901", false},
		{"AT", "ATU12345678", true},
		{"GR", "EL123456789", true},
		{"GR", "GR123456789", false},
		{"NL", "NL123456789B01", true},
		{"IE", "IE1A23456B", true},
		{"PL", "PL9999999999", true},
		{"PL", "PL9999999998", false},
		{"US", "US12", false},
		{"GB", "GB123456789", false},
		{"DE", "de123456789", false},
	} {
		if taxid.ValidVATNumber(tc.country, tc.number) != tc.want {
			t.Errorf("ValidVATNumber(%s, %s) is not %v", tc.country, tc.number, tc.want)
		}
	}
}
