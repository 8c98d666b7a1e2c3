package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

// Problem maps a domain sentinel to what the outside sees: a status, a stable snake_case code, and the
// sentence "problem.<code>" of the catalogue. Err is matched with errors.Is.
type Problem struct {
	Err    error
	Status int
	Code   string
}

// builtinProblems come after every room's list.
func builtinProblems() []Problem {
	return []Problem{
		{db.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
		{db.ErrNotFound, http.StatusNotFound, "not_found"},
		{ErrSessionEnded, http.StatusUnauthorized, "session_ended"},
	}
}

func (e *Edge) checkProblems() error {
	var errs []error
	for _, p := range e.problems {
		for _, lang := range i18n.Languages() {
			if !e.catalog.Has(lang, "problem."+p.Code) {
				errs = append(errs, fmt.Errorf("web: catalogue %s lacks problem.%s", lang, p.Code))
			}
		}
		if p.Err == nil || p.Status < 400 || p.Status > 599 {
			errs = append(errs, fmt.Errorf("web: problem %s has no error or a status that is none", p.Code))
		}
	}
	return errors.Join(errs...)
}

// Error is an error that knows how it looks from outside. Make one with [Fail] or [Invalid].
type Error struct {
	Status int
	// Code is stable and snake_case; its sentence is the catalogue's "problem.<code>".
	Code string
	// Args are the arguments of the sentence.
	Args []any
	// Fields are mistakes of single values, for programs ("errors" in problem+json).
	Fields []FieldError
	// RetryAfter becomes the header of that name when positive.
	RetryAfter time.Duration
	// Extra are members added to the problem+json document, such as a URL that helps.
	Extra map[string]any
	cause error
}

// FieldError is a mistake in one value of an API request. Key is the catalogue key of its sentence.
type FieldError struct {
	Field string
	Code  string
	Key   string
	Args  []any
}

// Error names the code and the cause; it is for the log.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.cause.Error()
	}
	return e.Code
}

// Unwrap answers the cause.
func (e *Error) Unwrap() error { return e.cause }

// Because attaches the cause, which goes to the log and never outside.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// With adds a member to the problem+json document.
func (e *Error) With(name string, value any) *Error {
	if e.Extra == nil {
		e.Extra = map[string]any{}
	}
	e.Extra[name] = value
	return e
}

// Fail is an error of the edge or of a page itself; args fill the sentence "problem.<code>" as in
// [i18n.Catalog.T].
func Fail(status int, code string, args ...any) *Error {
	return &Error{Status: status, Code: code, Args: args}
}

// TooMany answers 429 with Retry-After.
func TooMany(after time.Duration) *Error {
	return &Error{Status: http.StatusTooManyRequests, Code: "too_many_requests", RetryAfter: after}
}

// Invalid answers 422 "invalid_input" with the mistakes of single values.
func Invalid(fields ...FieldError) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Code: "invalid_input", Fields: fields}
}

// problemOf finds how err looks from outside. What nobody knows is a 500 "internal".
func (e *Edge) problemOf(err error) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	for _, p := range e.problems {
		if errors.Is(err, p.Err) {
			out := Fail(p.Status, p.Code).Because(err)
			if p.Status == http.StatusServiceUnavailable {
				out.RetryAfter = 5 * time.Second
			}
			var extra interface{ ProblemExtra() map[string]any }
			if errors.As(err, &extra) {
				out.Extra = extra.ProblemExtra()
				out.Args = []any{out.Extra}
			}
			return out
		}
	}
	return frameworkProblem(err).Because(err)
}

// frameworkProblem reads the errors of net/http and Echo.
func frameworkProblem(err error) *Error {
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return Fail(http.StatusRequestEntityTooLarge, "body_too_large")
	}
	var he *echo.HTTPError
	if !errors.As(err, &he) {
		return Fail(http.StatusInternalServerError, "internal")
	}
	codes := map[int]string{
		http.StatusBadRequest: "bad_request", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden",
		http.StatusNotFound: "not_found", http.StatusMethodNotAllowed: "method_not_allowed", http.StatusConflict: "conflict",
		http.StatusRequestEntityTooLarge: "body_too_large", http.StatusUnsupportedMediaType: "unsupported_media_type",
		http.StatusUnprocessableEntity: "invalid_input", http.StatusTooManyRequests: "too_many_requests", http.StatusServiceUnavailable: "unavailable",
	}
	if code := codes[he.Code]; code != "" {
		return Fail(he.Code, code)
	}
	if he.Code >= 400 && he.Code < 500 {
		return Fail(he.Code, "bad_request")
	}
	return Fail(http.StatusInternalServerError, "internal")
}
