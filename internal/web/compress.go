package web

import (
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// leastCompressed is the size in bytes below which compression does not pay.
const leastCompressed = 1024

// Compress sends the answers of a route with gzip to who accepts it, and says so in Vary. It is for large answers
// that are the same for everybody. A page that holds a person's secrets beside something that a link can put into it
// must stay as it is: its compressed length tells, guess by guess, what the secret is (the BREACH attack). So no
// answer to a signed-in person is compressed. An entity tag beside it must be a weak one: it stands for two
// representations of the same thing.
func Compress() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{
		MinLength: leastCompressed,
		Skipper: func(c echo.Context) bool {
			st := stateOf(c)
			return st.loaded && st.session.Authenticated()
		},
	})
}
