package pricing

import (
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Handlers are the routes of the shop window. Make one with [New].
type Handlers struct {
	deps Deps
	edge *web.Edge
	log  *slog.Logger
	now  func() time.Time
}

// New makes the handlers; [Handlers.Mount] gives them an edge.
func New(deps Deps) *Handlers {
	h := &Handlers{deps: deps, log: deps.Logger, now: deps.Now}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	return h
}

// TemplateNames are the pages that the handlers render.
func TemplateNames() []string {
	return []string{"pricing/plans", "pricing/closed", "pricing/return", "pricing/account", "pricing/cancel", "pricing/switch"}
}

// Mount registers all routes on the edge's groups. It fails when a template is missing.
func (h *Handlers) Mount(edge *web.Edge) error {
	if err := edge.Renderer().Must(TemplateNames()...); err != nil {
		return err
	}
	h.edge = edge
	pages := edge.Pages()
	pages.GET("/billing/:client", h.handlePlans, web.Compress())
	pages.GET("/billing/:client/checkout", h.handleCheckoutAgain)
	pages.POST("/billing/:client/checkout", h.handleCheckout)
	pages.POST("/billing/:client/portal", h.handlePortal)
	pages.GET("/billing/:client/switch", h.handleSwitch)
	pages.POST("/billing/:client/switch", h.handleSwitchConfirm)
	pages.GET("/billing/:client/return", h.handleReturn)
	pages.GET("/billing/:client/return/:checkout", h.handleReturn)
	h.mountAccount(pages)
	edge.Raw().GET("/billing/:client/brand.css", h.handleBrand, web.Compress())
	edge.Raw().GET("/billing/:client/preview.css", h.handlePreviewCSS)
	h.mountAPI(edge.API())
	return nil
}

func (h *Handlers) mountAPI(api *echo.Group) {
	for _, r := range h.apiRoutes() {
		api.Add(r.method, r.path, r.handle)
	}
	api.OPTIONS("/api/billing/:client/plans", handlePreflight)
	api.OPTIONS("/v1/billing/plans", handlePreflight)
	api.GET("/openapi.json", handleOpenAPI)
}
