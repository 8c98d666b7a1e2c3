package i18n

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country names the country of an ISO 3166-1 code in a language; what is no code is answered as it is.
func Country(lang, code string) string {
	tag := language.English
	if lang == Polish {
		tag = language.Polish
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return display.Regions(tag).Name(region)
}
