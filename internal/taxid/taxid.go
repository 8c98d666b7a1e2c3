// Package taxid knows the numbers by which companies are known to tax offices: whether a text can be one, never
// whether it is in use.
package taxid

import (
	"regexp"
	"strings"
)

var nipForm = regexp.MustCompile(`^[1-9]((\d[1-9])|([1-9]\d))\d{7}$`)

// ValidNIP tells whether a text is a NIP: ten digits whose last one is the weighted sum of the others.
func ValidNIP(nip string) bool {
	if !nipForm.MatchString(nip) {
		return false
	}
	sum := 0
	for i, weight := range []int{6, 5, 7, 2, 3, 4, 5, 6, 7} {
		sum += weight * int(nip[i]-'0')
	}
	return sum%11 == int(nip[9]-'0') // a sum of 10 matches no digit: such numbers are not given out
}

// vatForms are the VAT numbers of the Union's countries without their prefix, as the Commission lists them.
var vatForms = compiled(map[string]string{
	"AT": `U\d{8}`, "BE": `[01]\d{9}`, "BG": `\d{9,10}`, "CY": `\d{8}[A-Z]`, "CZ": `\d{8,10}`, "DE": `\d{9}`, "DK": `\d{8}`, "EE": `\d{9}`,
	"ES": `[0-9A-Z]\d{7}[0-9A-Z]`, "FI": `\d{8}`, "FR": `[0-9A-HJ-NP-Z]{2}\d{9}`, "GR": `\d{9}`, "HR": `\d{11}`, "HU": `\d{8}`,
	"IE": `\d[0-9A-Z+*]\d{5}[A-Z]{1,2}`, "IT": `\d{11}`, "LT": `(\d{9}|\d{12})`, "LU": `\d{8}`, "LV": `\d{11}`, "MT": `\d{8}`,
	"NL": `\d{9}B\d{2}`, "PL": `\d{10}`, "PT": `\d{9}`, "RO": `\d{2,10}`, "SE": `\d{12}`, "SI": `\d{8}`, "SK": `\d{10}`,
})

func compiled(forms map[string]string) map[string]*regexp.Regexp {
	out := make(map[string]*regexp.Regexp, len(forms))
	for country, form := range forms {
		out[country] = regexp.MustCompile(`^` + form + `$`)
	}
	return out
}

// InUnion tells whether a country belongs to the VAT area of the Union.
func InUnion(country string) bool { return vatForms[country] != nil }

// VATPrefix is the country's code as VAT numbers write it: Greece has another one.
func VATPrefix(country string) string {
	if country == "GR" {
		return "EL"
	}
	return country
}

// ValidVATNumber tells whether a text has the form of a VAT number of the country, with its prefix. Whether it is
// in use is another question.
func ValidVATNumber(country, number string) bool {
	rest, ok := strings.CutPrefix(number, VATPrefix(country))
	if !ok || !InUnion(country) || !vatForms[country].MatchString(rest) {
		return false
	}
	return country != "PL" || ValidNIP(rest)
}
