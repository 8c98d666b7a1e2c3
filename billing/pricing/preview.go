package pricing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Preview is a plan, saved or not, and the visitor who would look at it.
type Preview struct {
	// Catalog holds the plan among all others that are for sale.
	Catalog billing.Catalog
	PlanID  string
	// Interval is the side of the switch that is open; "" is the one that the page opens with.
	Interval billing.Interval
	Lang     string
	Country  string // ISO 3166-1, or "": the app's default
	Currency string // ISO 4217, or "": what the page chooses
	Seats    int64
}

// PreviewCard is what such a visitor sees.
type PreviewCard struct {
	// HTML is the card of the pricing page. It holds a form and ids.
	HTML template.HTML
	// StylesheetURL paints what stands in an element of the class "shop-preview" in the colours of app and plan.
	StylesheetURL string
	// Summary says in a line what the card's button would buy; "" where there is nothing to buy.
	Summary string
}

// Preview draws the card of one plan for an anonymous visitor, by the code and the template of the page itself. It
// answers [billing.ErrPlanNotFound] for a plan that is not in the catalogue. Mount first.
func (h *Handlers) Preview(_ context.Context, p Preview) (PreviewCard, error) {
	plan, err := p.Catalog.Plan(p.PlanID)
	if err != nil {
		return PreviewCard{}, err
	}
	sel := selection{Interval: p.Interval, Currency: p.Currency, Country: readCountry(p.Country), Seats: p.Seats}
	w := words{lang: p.Lang, t: func(key string, args ...any) string { return h.edge.T(p.Lang, key, args...) }}
	b := cards{offer: newOffer(p.Catalog, sel, ""), words: w, seats: max(1, p.Seats)}
	c := b.card(plan)
	base := "/billing/" + url.PathEscape(p.Catalog.App.ClientID)
	html, err := h.edge.Renderer().Part(p.Lang, "pricing/plans", "plan-card", map[string]any{"Card": c, "Page": &plansPage{PageURL: base}})
	if err != nil {
		return PreviewCard{}, fmt.Errorf("draw the card of %s: %w", plan.Slug, err)
	}
	out := PreviewCard{HTML: html, StylesheetURL: base + "/preview.css", Summary: c.Summary}
	if web.ValidColor(plan.Color) {
		out.StylesheetURL += "?color=" + url.QueryEscape(plan.Color)
	}
	return out, nil
}

// handlePreviewCSS is [Handlers.handleBrand] for a card that stands on another page, whose plan may have a colour
// that is not saved.
func (h *Handlers) handlePreviewCSS(c echo.Context) error {
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), c.Param("client"))
	if err != nil && !errors.Is(err, billing.ErrBillingOff) {
		return err
	}
	var css bytes.Buffer
	css.Write(web.BrandCSSIn(".shop-preview", catalog.App.Color))
	if color := c.QueryParam("color"); web.ValidColor(color) {
		fmt.Fprintf(&css, ".shop-preview .plan{--plan:%s}\n", color)
	}
	return tagged(c, "text/css; charset=utf-8", css.Bytes())
}
