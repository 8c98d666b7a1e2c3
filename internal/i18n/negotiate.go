package i18n

import (
	"strings"

	"golang.org/x/text/language"
)

// maxAcceptLanguage bounds what is parsed of a header that anybody may send; browsers send under 200 bytes.
const maxAcceptLanguage = 512

var matcher = language.NewMatcher([]language.Tag{language.Polish, language.English})

// FromAcceptLanguage answers the supported language that the header asks for, "" when it asks for none.
func FromAcceptLanguage(header string) string {
	if header == "" || len(header) > maxAcceptLanguage {
		return ""
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return ""
	}
	return match(tags)
}

// FromUILocales answers the first supported language of an OpenID Connect ui_locales parameter (tags
// parted by spaces, most wanted first), "" when there is none. Unknown tags are passed over: the parameter
// is a wish and never an error (OpenID Connect Core 3.1.2.1).
func FromUILocales(param string) string {
	if len(param) > maxAcceptLanguage {
		return ""
	}
	var tags []language.Tag
	for f := range strings.FieldsSeq(param) {
		if tag, err := language.Parse(f); err == nil {
			tags = append(tags, tag)
		}
	}
	return match(tags)
}

func match(tags []language.Tag) string {
	if len(tags) == 0 {
		return ""
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return ""
	}
	return Languages()[index]
}
