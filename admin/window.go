package admin

import (
	"context"
	"html/template"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Window draws plans as buyers see them; the composition root puts the pricing page behind it.
type Window interface {
	// Card draws the card of a plan that is in the look's catalogue, saved or not; billing.ErrPlanNotFound for
	// another one.
	Card(ctx context.Context, look Look) (Card, error)
}

// Look is a plan and the visitor who would look at it. "" leaves a choice to the pricing page.
type Look struct {
	Catalog                 billing.Catalog
	PlanID                  string
	Interval                billing.Interval
	Lang, Country, Currency string
	Seats                   int64
}

// Card is what such a visitor sees.
type Card struct {
	HTML template.HTML // holds a form and ids of its own, so it may stand inside no form
	// StylesheetURL paints what stands in an element of the class "shop-preview".
	StylesheetURL string
	Summary       string // the choice in one line, or ""
}

// PreviewPane shows a plan as it is typed the way buyers would see it, and lets the owner choose who looks.
type PreviewPane struct {
	Card
	Lang, Seats, Country, Currency string
	Langs, Countries, Currencies   []web.Option
	OwnSeats                       bool   // the form has a field for seats already
	Note                           string // what the card cannot show, and why
}

// sketch is a plan as typed, for the preview.
type sketch struct {
	plan     billing.Plan
	interval billing.Interval
	// Where the owner chose nothing, the preview shows what the edited price is for.
	country, currency string
	note              string
}

// sketchPlan reads a plan's form as far as it can be read; p is the plan as it is saved, nil for a new one.
func (s *shelf) sketchPlan(c echo.Context, typed *web.Form, p *billing.EditorPlan) sketch {
	form := &web.Form{Values: typed.Values} // mistakes are told at the fields when the form is sent
	read := s.readPlan(c, form)
	out := sketch{plan: billing.Plan{ID: "preview", Scope: read.Scope, Slug: billing.PlanSlug(read.Name), OrgID: s.Settings.OrgID}}
	if p != nil {
		out.plan = p.Plan
		out.plan.Prices = activePrices(*p)
	}
	plan := &out.plan
	if plan.Name = read.Name; plan.Name == "" {
		plan.Name = web.T(c, "shop.preview.unnamed")
	}
	if plan.Slug == "" {
		plan.Slug = "preview"
	}
	plan.Description, plan.Color, plan.Recommended = read.Description, read.Color, read.Recommended
	plan.TrialDays, plan.LastsDays, plan.Features = read.TrialDays, read.LastsDays, s.named(read.FeatureKeys)
	switch {
	case len(plan.Prices) == 0:
		out.note = web.T(c, "shop.preview.no_price")
	case read.Hidden:
		out.note = web.T(c, "shop.preview.hidden")
	}
	return out
}

// sketchPrice puts a price as typed into its plan; old is the price that it changes, nil for a new one.
func (s *shelf) sketchPrice(c echo.Context, typed *web.Form, p billing.EditorPlan, old *billing.EditorPrice) sketch {
	form := &web.Form{Values: typed.Values}
	in := readPrice(c, form, p.ID)
	price := billing.Price{
		ID: "preview", PlanID: p.ID, Amount: in.Amount, Currency: in.Currency, Interval: in.Interval, PerSeat: in.PerSeat, SeatLabel: in.SeatLabel,
		CountryCodes: in.CountryCodes, Scheme: in.Scheme, Tiers: in.Tiers,
	}
	out := sketch{plan: p.Plan, interval: in.Interval, currency: in.Currency}
	out.plan.Prices = slices.DeleteFunc(activePrices(p), func(o billing.Price) bool { return old != nil && o.ID == old.ID })
	_, err := billing.QuotePrice(price, 1)
	if !form.OK() || !rising(in) || err != nil || in.PerSeat && in.SeatLabel == "" {
		out.note = web.T(c, "shop.preview.price_unfinished")
		return out
	}
	if len(in.CountryCodes) > 0 {
		out.country = in.CountryCodes[0]
	}
	// First, so that it stands before a price of the same terms, which saving would refuse.
	out.plan.Prices = slices.Insert(out.plan.Prices, 0, price)
	return out
}

func activePrices(p billing.EditorPlan) (out []billing.Price) {
	for _, price := range p.EditorPrices {
		if price.RetiredAt == nil {
			out = append(out, price.Price)
		}
	}
	return out
}

// named finds features by key, in the order of the keys.
func (s *shelf) named(keys []string) (out []billing.Feature) {
	for _, key := range keys {
		for _, part := range s.parts {
			if i := slices.IndexFunc(part.Features, func(f billing.Feature) bool { return f.Key == key }); i >= 0 {
				out = append(out, part.Features[i])
				break
			}
		}
	}
	return out
}

// preview draws the pane; nil where the server shows no shop window.
func (k *Console) preview(c echo.Context, s *shelf, form *web.Form, sk sketch, ownSeats bool) (*PreviewPane, error) {
	if k.deps.Window == nil {
		return nil, nil //nolint:nilnil // a form without a pane is what no window means
	}
	sk.plan.Hidden, sk.plan.ArchivedAt = false, nil
	catalog := s.with(sk.plan)
	pane := &PreviewPane{
		Lang: form.Value("look_lang"), Country: form.Value("look_country"), Currency: form.Value("look_currency"), Seats: form.Value("look_seats"),
		OwnSeats: ownSeats, Note: sk.note,
	}
	if !i18n.Supported(pane.Lang) {
		pane.Lang = web.Lang(c)
	}
	typedSeats := form.Value("seats")
	if !ownSeats {
		if pane.Seats == "" {
			pane.Seats = "1"
		}
		typedSeats = pane.Seats
	}
	seats, err := strconv.ParseInt(typedSeats, 10, 64)
	if err != nil || seats < 1 || seats > billing.MaxQuantity {
		seats = 1
	}
	look := Look{
		Catalog: catalog, PlanID: sk.plan.ID, Interval: sk.interval, Lang: pane.Lang, Seats: seats,
		Country: orElse(pane.Country, sk.country), Currency: orElse(pane.Currency, sk.currency),
	}
	pane.options(c, catalog, look)
	pane.Card, err = k.deps.Window.Card(c.Request().Context(), look)
	return pane, err
}

// orElse is what was chosen, and otherwise what was not.
func orElse(chosen, otherwise string) string {
	if chosen != "" {
		return chosen
	}
	return otherwise
}

// with answers the catalogue with a plan in the place of the saved one.
func (s *shelf) with(plan billing.Plan) billing.Catalog {
	catalog := s.Catalog
	catalog.Plans = slices.Clone(catalog.Plans) // the catalogue is everybody's
	if i := slices.IndexFunc(catalog.Plans, func(p billing.Plan) bool { return p.ID == plan.ID }); i >= 0 {
		catalog.Plans[i] = plan
	} else {
		catalog.Plans = append(catalog.Plans, plan)
	}
	return catalog
}

// elsewhere are countries to look from that have no price of their own.
var elsewhere = []string{"US", "GB", "FR", "JP", "BR", "CA", "AU"}

// options are the choices of the pane. The first leaves the choice to the pricing page.
func (p *PreviewPane) options(c echo.Context, catalog billing.Catalog, look Look) {
	lang := web.Lang(c)
	p.Langs = []web.Option{{Value: i18n.Polish, Label: web.T(c, "shop.lang.pl")}, {Value: i18n.English, Label: web.T(c, "shop.lang.en")}}
	automatic := web.Option{Label: web.T(c, "shop.preview.automatic")}
	p.Countries, p.Currencies = []web.Option{automatic}, []web.Option{automatic}
	codes := namedCountries(catalog)
	for _, code := range codes {
		p.Countries = append(p.Countries, web.Option{Value: code, Label: i18n.Country(lang, code)})
	}
	for _, code := range elsewhere {
		if !slices.Contains(codes, code) {
			p.Countries = append(p.Countries, web.Option{Value: code, Label: web.T(c, "shop.preview.elsewhere", "Country", i18n.Country(lang, code))})
			break
		}
	}
	for _, currency := range catalog.Choose(billing.Visitor{Country: look.Country, Currency: look.Currency}).Currencies {
		p.Currencies = append(p.Currencies, web.Option{Value: currency, Label: currency})
	}
}

// namedCountries are the app's own country and those that some price names, sorted.
func namedCountries(catalog billing.Catalog) []string {
	var codes []string
	if catalog.Settings.DefaultCountry != "" {
		codes = append(codes, catalog.Settings.DefaultCountry)
	}
	for _, plan := range catalog.Plans {
		for _, price := range plan.Prices {
			codes = append(codes, price.CountryCodes...)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
