package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/wolfieauth/wolfieauth/internal/column"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// maxTiers bounds the brackets of a price.
const maxTiers = 100

// NewPrice is what an owner types to sell a plan for something. ID as in [NewPlan]. Tiers need no ids and no
// positions.
type NewPrice struct {
	ID           string
	PlanID       string
	Amount       int64
	Currency     string
	Interval     Interval
	PerSeat      bool
	SeatLabel    string
	CountryCodes []string
	Scheme       Scheme // "" = flat
	Tiers        []Tier
}

// AddPrice gives a plan one more price. It answers [FieldErrors] (fields amount, currency, interval, seatLabel,
// countryCodes[i], scheme, tiers, tiers[i].upTo, tiers[i].unitAmount, tiers[i].flatAmount), or
// [ErrPlanNotFound], [ErrPlanArchived].
func (s *Service) AddPrice(ctx context.Context, in NewPrice) (Price, error) {
	what := "add price to plan " + in.PlanID
	price := in.price()
	if err := price.check().err(what); err != nil {
		return Price{}, err
	}
	err := s.changeCatalog(ctx, what, func(ctx context.Context) error {
		if in.ID != "" {
			old, err := s.store.Price(ctx, in.ID)
			if err == nil {
				price = old
				return errUnchanged
			}
			if !errors.Is(err, ErrPriceNotFound) {
				return err
			}
		}
		plan, err := s.store.Plan(ctx, in.PlanID)
		if err != nil {
			return err
		}
		if plan.ArchivedAt != nil {
			return ErrPlanArchived
		}
		if slices.ContainsFunc(plan.Prices, price.competes) {
			return FieldErrors{{Field: "currency", Code: CodeDuplicatePrice}}
		}
		if price.ID == "" {
			price.ID = newID()
		}
		price.CreatedAt, price.UpdatedAt = s.now(), s.now()
		for i := range price.Tiers {
			price.Tiers[i].PriceID = price.ID
		}
		if err := s.store.InsertPrice(ctx, price); err != nil {
			return err
		}
		return s.recordPrice(ctx, plan.OrgID, "price.added", nil, &price)
	})
	return price, err
}

func (in NewPrice) price() Price {
	p := Price{
		ID: in.ID, PlanID: in.PlanID, Amount: in.Amount, Currency: strings.ToUpper(in.Currency), Interval: in.Interval,
		PerSeat: in.PerSeat, SeatLabel: strings.TrimSpace(in.SeatLabel), Scheme: in.Scheme, CountryCodes: column.Strings{},
	}
	if p.Scheme == "" {
		p.Scheme = SchemeFlat
	}
	if p.Scheme != SchemeFlat {
		p.Amount = 0
	}
	for _, c := range in.CountryCodes {
		if c = strings.ToUpper(c); !slices.Contains(p.CountryCodes, c) {
			p.CountryCodes = append(p.CountryCodes, c)
		}
	}
	slices.Sort(p.CountryCodes)
	for i, t := range in.Tiers {
		p.Tiers = append(p.Tiers, Tier{Position: int64(i), UpTo: t.UpTo, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount})
	}
	return p
}

// competes tells whether a buyer could not tell the two prices apart: same currency and interval, and a
// country in common, "everywhere" being a country of its own.
func (p Price) competes(o Price) bool {
	if o.RetiredAt != nil || p.Currency != o.Currency || p.Interval != o.Interval {
		return false
	}
	if len(p.CountryCodes) == 0 || len(o.CountryCodes) == 0 {
		return len(p.CountryCodes) == len(o.CountryCodes)
	}
	return slices.ContainsFunc(p.CountryCodes, o.SoldIn)
}

func (p Price) check() *mistakes {
	m := &mistakes{}
	m.check(slices.Contains([]Interval{IntervalMonth, IntervalYear, IntervalOneTime}, p.Interval), "interval", CodeInvalid)
	m.check(money.Known(p.Currency), "currency", CodeUnknownCurrency)
	for i, c := range p.CountryCodes {
		m.check(knownCountry(c), fmt.Sprintf("countryCodes[%d]", i), CodeUnknownCountry)
	}
	m.text("seatLabel", p.SeatLabel, 40, p.PerSeat)
	oneTimeFlat := p.Scheme == SchemeFlat && !p.PerSeat && len(p.Tiers) == 0
	m.check(p.Interval != IntervalOneTime || oneTimeFlat, "interval", CodeOneTimeFlatOnly)
	switch p.Scheme {
	case SchemeFlat:
		m.check(len(p.Tiers) == 0, "tiers", CodeTiersUnwanted)
		m.amount("amount", p.Amount, p.Currency)
	case SchemeVolume, SchemeGraduated:
		m.check(p.PerSeat, "scheme", CodeTiersNeedSeats)
		m.tiers(p.Tiers, p.Currency)
	default:
		m.add("scheme", CodeInvalid)
	}
	return m
}

func (m *mistakes) amount(field string, amount int64, currency string) {
	switch err := money.Check(amount, currency); {
	case errors.Is(err, money.ErrNegative):
		m.add(field, CodeNegative)
	case errors.Is(err, money.ErrTooLarge):
		m.add(field, CodeTooLarge)
	case errors.Is(err, money.ErrNotPayable):
		m.add(field, CodeNotPayable)
	}
}

func (m *mistakes) tiers(tiers []Tier, currency string) {
	if len(tiers) == 0 || len(tiers) > maxTiers {
		m.add("tiers", CodeTierCount)
		return
	}
	reached := int64(0)
	for i, t := range tiers {
		at := fmt.Sprintf("tiers[%d].", i)
		last := i == len(tiers)-1
		m.check((t.UpTo == nil) == last, at+"upTo", CodeTierOpen)
		if t.UpTo != nil {
			m.check(*t.UpTo > reached, at+"upTo", CodeTierOrder)
			reached = max(reached, *t.UpTo)
		}
		m.amount(at+"unitAmount", t.UnitAmount, currency)
		m.amount(at+"flatAmount", t.FlatAmount, currency)
	}
}

// knownCountry tells an ISO 3166-1 alpha-2 code from anything else.
func knownCountry(code string) bool {
	r, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && r.IsCountry() && r.Canonicalize() == r && r.String() == code
}
