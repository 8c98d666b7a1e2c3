package pricing

import (
	_ "embed" // the document below
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

// openAPI describes the JSON routes of this package; its schemas are those of docs/contracts.
//
//go:embed openapi.json
var openAPI []byte

// handleOpenAPI serves the description of the API to anybody.
func handleOpenAPI(c echo.Context) error {
	allowEverySite(c)
	return tagged(c, echo.MIMEApplicationJSON, openAPI)
}

// apiRoutes are the JSON routes, as the description must name them.
func (h *Handlers) apiRoutes() []route {
	return []route{
		{http.MethodGet, "/api/billing/:client/plans", web.Compress()(h.handlePlansJSON)},
		{http.MethodGet, "/v1/billing/plans", web.Compress()(h.handlePlansV1)},
		{http.MethodPost, "/v1/billing/checkout", h.handleCheckoutV1},
		{http.MethodPost, "/v1/billing/portal", h.handlePortalV1},
		{http.MethodGet, "/v1/billing/subscription", h.handleSubscriptionV1},
		{http.MethodGet, "/v1/billing/entitlements", h.handleEntitlementsV1},
	}
}

type route struct {
	method, path string
	handle       echo.HandlerFunc
}
