package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// multipartMemory is how much of an upload stays in memory; the body limit bounds the rest.
const multipartMemory = 1 << 20

// Form is what a person typed and what is wrong with it, so that a page answered with 422 keeps both. The
// zero Form (or nil) is an empty one.
type Form struct {
	Values url.Values
	// Errors hold a sentence by field.
	Errors map[string]string
	// Summary is a mistake of the whole form, such as a wrong password.
	Summary string
}

// NewForm reads the posted fields (never the query), also of a multipart form. It passes on the errors of an
// unreadable or too large body.
func NewForm(c echo.Context) (*Form, error) {
	r := c.Request()
	parse := r.ParseForm
	if strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm) {
		parse = func() error { return r.ParseMultipartForm(multipartMemory) }
	}
	err := parse()
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return nil, err
	}
	if err != nil {
		return nil, Fail(http.StatusBadRequest, "bad_request").Because(err)
	}
	return &Form{Values: r.PostForm}, nil
}

// Value answers what was typed into a field, without outer space.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return strings.TrimSpace(f.Values.Get(name))
}

// Raw answers what was typed as it was typed; passwords may begin with a space.
func (f *Form) Raw(name string) string {
	if f == nil {
		return ""
	}
	return f.Values.Get(name)
}

// Set puts a value into a field, to begin an edit with what is stored.
func (f *Form) Set(name, value string) {
	if f.Values == nil {
		f.Values = url.Values{}
	}
	f.Values.Set(name, value)
}

// Fail puts a sentence beside a field; the first one stays.
func (f *Form) Fail(name, sentence string) {
	if f.Errors == nil {
		f.Errors = map[string]string{}
	}
	if f.Errors[name] == "" {
		f.Errors[name] = sentence
	}
}

// Require fails every named field that is empty with sentence and tells whether all were filled.
func (f *Form) Require(sentence string, names ...string) bool {
	for _, name := range names {
		if f.Value(name) == "" {
			f.Fail(name, sentence)
		}
	}
	return f.OK()
}

// Err answers the sentence beside a field, or "".
func (f *Form) Err(name string) string {
	if f == nil {
		return ""
	}
	return f.Errors[name]
}

// OK tells whether nothing is wrong.
func (f *Form) OK() bool { return f == nil || len(f.Errors) == 0 && f.Summary == "" }

// Failed lists the fields with mistakes, by name.
func (f *Form) Failed() []string {
	if f == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(f.Errors))
}

// Field is what the partial "field" draws. In a template:
//
//	{{template "field" (field .Form "email" "label" (t "login.email") "type" "email" "autocomplete" "username" "required" true)}}
//
// Options: label, type (default text), hint, autocomplete, inputmode, placeholder, required, autofocus,
// optional, value, min, max, maxlength, pattern, rows (with type textarea), options ([]Option, with type select), prefix, suffix.
type Field struct {
	ID, Name, Label, Type, Value, Error, Hint     string
	Autocomplete, Inputmode, Placeholder, Pattern string
	Min, Max, Maxlength, Rows, Prefix, Suffix     string
	Required, Autofocus, Optional, Checked        bool
	Options                                       []Option
}

// Option is one choice of a select.
type Option struct {
	Value, Label string
}

// DescribedBy lists the ids of hint and error, for aria-describedby.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

func newField(form *Form, name string, pairs ...any) (Field, error) {
	opts, err := dict(pairs...)
	if err != nil {
		return Field{}, err
	}
	f := Field{ID: name, Name: name, Type: "text", Value: form.Raw(name), Error: form.Err(name)}
	texts := map[string]*string{
		"id": &f.ID, "label": &f.Label, "type": &f.Type, "hint": &f.Hint, "autocomplete": &f.Autocomplete, "inputmode": &f.Inputmode,
		"placeholder": &f.Placeholder, "pattern": &f.Pattern, "min": &f.Min, "max": &f.Max, "maxlength": &f.Maxlength,
		"rows": &f.Rows, "prefix": &f.Prefix, "suffix": &f.Suffix,
	}
	flags := map[string]*bool{"required": &f.Required, "autofocus": &f.Autofocus, "optional": &f.Optional}
	for opt, v := range opts {
		switch {
		case texts[opt] != nil:
			*texts[opt] = fmt.Sprint(v)
		case flags[opt] != nil:
			*flags[opt], _ = v.(bool)
		case opt == "value":
			if form == nil || !form.Values.Has(name) {
				f.Value = fmt.Sprint(v)
			}
		case opt == "options":
			if f.Options, _ = v.([]Option); f.Options == nil {
				return Field{}, fmt.Errorf("field %s: options are no []web.Option", name)
			}
		default:
			return Field{}, fmt.Errorf("field %s: unknown option %s", name, opt)
		}
	}
	if f.Type == "password" {
		f.Value = "" // a password is never written back into a page
	}
	f.Checked = f.Type == "checkbox" && f.Value != ""
	return f, nil
}
