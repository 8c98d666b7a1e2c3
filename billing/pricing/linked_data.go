package pricing

import (
	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// linkedData tells search engines what is sold, in the words of https://schema.org. It is written into the page
// as a data block, which browsers neither run nor hold against the content security policy.
type linkedData struct {
	Context string `json:"@context"`
	Graph   []any  `json:"@graph"`
}

// linkedFAQ are the owner's questions, as they stand on the page.
type linkedFAQ struct {
	Type     string           `json:"@type"`
	Entities []linkedQuestion `json:"mainEntity"`
}

type linkedQuestion struct {
	Type   string       `json:"@type"`
	Name   string       `json:"name"`
	Answer linkedAnswer `json:"acceptedAnswer"`
}

type linkedAnswer struct {
	Type string `json:"@type"`
	Text string `json:"text"`
}

type linkedProduct struct {
	Type        string        `json:"@type"`
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	Brand       linkedBrand   `json:"brand"`
	Offers      []linkedOffer `json:"offers"`
}

type linkedBrand struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

type linkedOffer struct {
	Type          string           `json:"@type"`
	Price         string           `json:"price"`
	PriceCurrency string           `json:"priceCurrency"`
	Availability  string           `json:"availability"`
	URL           string           `json:"url"`
	Regions       []string         `json:"eligibleRegion,omitempty"`
	Specification *linkedUnitPrice `json:"priceSpecification,omitempty"`
}

// linkedUnitPrice says that a price comes back; unitCode is UN/CEFACT's: MON, ANN.
type linkedUnitPrice struct {
	Type            string `json:"@type"`
	Price           string `json:"price"`
	PriceCurrency   string `json:"priceCurrency"`
	BillingDuration int    `json:"billingDuration"`
	UnitCode        string `json:"unitCode"`
	UnitText        string `json:"unitText,omitempty"`
}

// unitCodes are the intervals that come back.
var unitCodes = map[billing.Interval]string{billing.IntervalMonth: "MON", billing.IntervalYear: "ANN"}

// linked describes the listed plans in the currency of the page, and the questions that stand below them; nil where
// nothing is sold in it. site is the issuer, without a slash at its end.
func (o *offer) linked(site string, questions []question) *linkedData {
	d := &linkedData{Context: "https://schema.org"}
	app := o.catalog.App
	for _, plan := range o.catalog.Listed() {
		p := linkedProduct{
			Type: "Product", Name: app.Name + " " + plan.Name, Description: plan.Description,
			Brand: linkedBrand{Type: "Brand", Name: app.Name},
		}
		page := site + selection{Plan: plan.Slug, Currency: o.choice.Currency}.url(app.ClientID)
		for _, price := range billing.PricesFor(plan.Prices, o.choice.Country) {
			if price.Currency == o.choice.Currency {
				p.offer(price, page)
			}
		}
		if len(p.Offers) > 0 {
			d.Graph = append(d.Graph, p)
		}
	}
	if len(d.Graph) == 0 {
		return nil
	}
	if len(questions) > 0 {
		faq := linkedFAQ{Type: "FAQPage"}
		for _, q := range questions {
			faq.Entities = append(faq.Entities, linkedQuestion{Type: "Question", Name: q.Question, Answer: linkedAnswer{Type: "Answer", Text: q.Answer}})
		}
		d.Graph = append(d.Graph, faq)
	}
	return d
}

// offer adds what one seat costs, or the whole where seats do not count.
func (p *linkedProduct) offer(price billing.Price, page string) {
	q, err := billing.QuotePrice(price, 1)
	if err != nil {
		return
	}
	amount := money.Decimal(q.Total, q.Currency)
	o := linkedOffer{
		Type: "Offer", Price: amount, PriceCurrency: q.Currency, Availability: "https://schema.org/InStock", URL: page, Regions: price.CountryCodes,
	}
	if code, ok := unitCodes[price.Interval]; ok {
		o.Specification = &linkedUnitPrice{
			Type: "UnitPriceSpecification", Price: amount, PriceCurrency: q.Currency, BillingDuration: 1, UnitCode: code, UnitText: price.SeatLabel,
		}
	}
	p.Offers = append(p.Offers, o)
}
