package billing

import (
	"context"
	"fmt"
)

// CatalogFileVersion is the version of [CatalogFile] that is written and read.
const CatalogFileVersion = 1

// CatalogFile is the price list of one app or bundle as a document, without ids, so that it can live beside code
// and move from one app to another. Its shape is docs/contracts/catalog.schema.json.
type CatalogFile struct {
	Version  int           `json:"version"`
	Features []FileFeature `json:"features"`
	Plans    []FilePlan    `json:"plans"` // what is on sale, in order
}

// FileFeature is a feature of the scope itself.
type FileFeature struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// FilePlan is a plan, found again by its slug; a slug that is left out is made from the name.
type FilePlan struct {
	Slug        string      `json:"slug,omitempty"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Color       string      `json:"color,omitempty"`
	Hidden      bool        `json:"hidden,omitempty"`
	Recommended bool        `json:"recommended,omitempty"`
	TrialDays   int64       `json:"trialDays,omitempty"`
	GraceDays   *int64      `json:"graceDays,omitempty"` // left out = 7
	LastsDays   int64       `json:"lastsDays,omitempty"`
	MaxSeats    int64       `json:"maxSeats,omitempty"` // left out = no maximum
	FeatureKeys []string    `json:"featureKeys"`
	Prices      []FilePrice `json:"prices"`
}

// FilePrice is a price on sale, found again by its currency, interval and countries.
type FilePrice struct {
	Amount       int64      `json:"amount,omitempty"` // minor units; left out when tiered
	Currency     string     `json:"currency"`
	Interval     Interval   `json:"interval"`
	PerSeat      bool       `json:"perSeat,omitempty"`
	SeatLabel    string     `json:"seatLabel,omitempty"`
	CountryCodes []string   `json:"countryCodes,omitempty"`
	Scheme       Scheme     `json:"scheme,omitempty"` // left out = flat
	Tiers        []FileTier `json:"tiers,omitempty"`
}

// FileTier is one bracket.
type FileTier struct {
	UpTo       *int64 `json:"upTo"` // null = open
	UnitAmount int64  `json:"unitAmount"`
	FlatAmount int64  `json:"flatAmount,omitempty"`
}

// ExportCatalog answers what a scope sells as a document; archived plans and retired prices are left out. It
// answers [ErrAppNotFound].
func (s *Service) ExportCatalog(ctx context.Context, scope Scope) (CatalogFile, error) {
	c, err := s.EditorCatalog(ctx, scope)
	if err != nil {
		return CatalogFile{}, fmt.Errorf("export catalogue: %w", err)
	}
	out := CatalogFile{Version: CatalogFileVersion, Features: []FileFeature{}, Plans: []FilePlan{}}
	for _, f := range c.Features {
		if f.Scope == scope {
			out.Features = append(out.Features, FileFeature{Key: f.Key, Name: f.Name, Description: f.Description})
		}
	}
	for _, p := range c.Plans {
		if p.ArchivedAt == nil {
			out.Plans = append(out.Plans, p.file())
		}
	}
	return out, nil
}

func (p EditorPlan) file() FilePlan {
	out := FilePlan{
		Slug: p.Slug, Name: p.Name, Description: p.Description, Color: p.Color, Hidden: p.Hidden, Recommended: p.Recommended,
		TrialDays: p.TrialDays, LastsDays: p.LastsDays, MaxSeats: p.MaxSeats, FeatureKeys: append([]string{}, p.Edit().FeatureKeys...), Prices: []FilePrice{},
	}
	if p.GraceDays != defaultGraceDays {
		days := p.GraceDays
		out.GraceDays = &days
	}
	for _, e := range p.EditorPrices {
		if e.RetiredAt == nil {
			out.Prices = append(out.Prices, e.Price.file())
		}
	}
	return out
}

func (p Price) file() FilePrice {
	out := FilePrice{
		Amount: p.Amount, Currency: p.Currency, Interval: p.Interval, PerSeat: p.PerSeat, SeatLabel: p.SeatLabel, CountryCodes: p.CountryCodes, Scheme: p.Scheme,
	}
	for _, t := range p.Tiers {
		out.Tiers = append(out.Tiers, FileTier{UpTo: t.UpTo, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount})
	}
	return out
}

func (p FilePrice) terms(planID string) NewPrice {
	in := NewPrice{
		PlanID: planID, Amount: p.Amount, Currency: p.Currency, Interval: p.Interval, PerSeat: p.PerSeat, SeatLabel: p.SeatLabel,
		CountryCodes: p.CountryCodes, Scheme: p.Scheme,
	}
	for _, t := range p.Tiers {
		in.Tiers = append(in.Tiers, Tier{UpTo: t.UpTo, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount})
	}
	return in
}
