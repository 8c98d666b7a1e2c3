package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

const clockPath = "/demo/clock"

// maxAdvance keeps one step to what the sandbox can live through in a request: ten years of renewals.
const maxAdvance = 10 * 366 * 24 * time.Hour

// mountClock adds the one control that moves billing, claims and sandbox together.
func (d *Demo) mountClock(edge *web.Edge) {
	edge.API().GET(clockPath, func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"now": d.Clock.Now().Format(time.RFC3339)})
	})
	edge.API().POST(clockPath, func(c echo.Context) error {
		var in struct {
			Advance string `json:"advance"`
		}
		// Whatever the content type says: this is typed by hand, with curl.
		if err := json.NewDecoder(c.Request().Body).Decode(&in); err != nil {
			return web.Fail(http.StatusBadRequest, "invalid_json").Because(err)
		}
		step, err := time.ParseDuration(in.Advance)
		if err != nil || step < 0 || step > maxAdvance {
			return web.Invalid(web.FieldError{Field: "advance", Code: "duration_invalid"}).Because(errors.Join(err, fmt.Errorf("advance %q", in.Advance)))
		}
		if err := d.advance(c, step); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]string{"now": d.Clock.Now().Format(time.RFC3339)})
	})
}

// advance moves the clock and answers when everything that fell due has happened, on both sides.
func (d *Demo) advance(c echo.Context, step time.Duration) error {
	ctx := c.Request().Context()
	if err := d.Clock.Advance(step); err != nil {
		return err
	}
	if err := d.Sandbox.Tick(ctx); err != nil {
		return fmt.Errorf("move the sandbox: %w", err)
	}
	if err := d.App.CatchUp(ctx); err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	return nil
}
