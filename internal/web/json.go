package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"
)

// DecodeJSON reads the body of an API request into v: one JSON value of known members, sent as
// application/json. Its errors are 400 invalid_json, 413 body_too_large, 415 unsupported_media_type.
func DecodeJSON(c echo.Context, v any) error {
	r := c.Request()
	if mt, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || mt != "application/json" {
		return Fail(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, tail := dec.Token(); !errors.Is(tail, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return err
	}
	if err != nil {
		return Fail(http.StatusBadRequest, "invalid_json").Because(err)
	}
	return nil
}
