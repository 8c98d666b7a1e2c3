package billing

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/money"
)

// EnableBilling is what an app needs to sell.
type EnableBilling struct {
	ClientID        string
	Gateway         GatewayKind
	Livemode        bool
	DefaultCurrency string
	DefaultCountry  string // or ""
	Headline        string
	Sentence        string
}

// EnableBilling switches an app's billing on, or changes its settings; the same settings again change nothing.
// It answers [FieldErrors], [ErrAppNotFound], or [ErrLiveSubscriptions] for another gateway or mode while people
// pay through the present one.
func (s *Service) EnableBilling(ctx context.Context, in EnableBilling) error {
	what := "enable billing of " + in.ClientID
	app, err := s.apps.App(ctx, in.ClientID)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := in.check().err(what); err != nil {
		return err
	}
	return s.changeCatalog(ctx, what, func(ctx context.Context) error {
		now := s.now()
		next := AppSettings{
			ClientID: app.ClientID, OrgID: app.OrgID, Enabled: true, Gateway: in.Gateway, Livemode: in.Livemode,
			DefaultCurrency: strings.ToUpper(in.DefaultCurrency), DefaultCountry: strings.ToUpper(in.DefaultCountry),
			Headline: in.Headline, Sentence: in.Sentence, CreatedAt: now, UpdatedAt: now,
		}
		old, err := s.store.Settings(ctx, in.ClientID)
		if err != nil && !errors.Is(err, ErrBillingOff) {
			return err
		}
		if err == nil {
			next.CreatedAt, next.UpdatedAt, next.Shop, next.ChangeMode = old.CreatedAt, old.UpdatedAt, old.Shop, old.ChangeMode
			// Words of the owner's own are not overwritten by those that the billing comes with.
			if old.Headline == "" && old.Sentence == "" && !reflect.DeepEqual(old.Shop, Shop{}) {
				next.Headline, next.Sentence = "", ""
			}
			if sameSettings(next, old) {
				return errUnchanged
			}
			next.UpdatedAt = now
			if next.Gateway != old.Gateway || next.Livemode != old.Livemode {
				if err := s.nobodyPays(ctx, in.ClientID); err != nil {
					return err
				}
			}
		}
		if err := s.store.SaveSettings(ctx, next); err != nil {
			return err
		}
		return s.recordSettings(ctx, "billing.enabled", old, next)
	})
}

// DisableBilling switches an app's billing off; its plans stay for another day, and a second time changes nothing.
// It answers [ErrBillingOff] where it never was on, or [ErrLiveSubscriptions].
func (s *Service) DisableBilling(ctx context.Context, clientID string) error {
	return s.changeCatalog(ctx, "disable billing of "+clientID, func(ctx context.Context) error {
		settings, err := s.store.Settings(ctx, clientID)
		if err != nil {
			return err
		}
		if !settings.Enabled {
			return errUnchanged
		}
		if err := s.nobodyPays(ctx, clientID); err != nil {
			return err
		}
		before := settings
		settings.Enabled, settings.UpdatedAt = false, s.stamp(before.UpdatedAt)
		if err := s.store.SaveSettings(ctx, settings); err != nil {
			return err
		}
		return s.recordSettings(ctx, "billing.disabled", before, settings)
	})
}

// nobodyPays refuses what would cut people off for whom real money was paid.
func (s *Service) nobodyPays(ctx context.Context, clientID string) error {
	n, err := s.paying(ctx, clientID)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: %d", ErrLiveSubscriptions, n)
	}
	return err
}

// paying counts the live-mode subscriptions of an app and of the bundles that hold it.
func (s *Service) paying(ctx context.Context, clientID string) (int64, error) {
	bundles, err := s.apps.BundlesHolding(ctx, clientID)
	if err != nil {
		return 0, err
	}
	return s.store.LiveModeHolders(ctx, Catalog{App: AppInfo{ClientID: clientID}, Bundles: bundles}.Scopes())
}

func sameSettings(a, b AppSettings) bool {
	a.CreatedAt, a.UpdatedAt, b.CreatedAt, b.UpdatedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

func (in EnableBilling) check() *mistakes {
	m := &mistakes{}
	switch in.Gateway {
	case GatewayConnect, GatewayPlatform:
	case GatewayManaged:
		m.check(!in.Livemode, "livemode", CodeInvalid) // the shared account is a test account
	default:
		m.add("gateway", CodeInvalid)
	}
	m.check(money.Known(in.DefaultCurrency), "defaultCurrency", CodeUnknownCurrency)
	m.check(in.DefaultCountry == "" || knownCountry(strings.ToUpper(in.DefaultCountry)), "defaultCountry", CodeUnknownCountry)
	m.text("headline", in.Headline, 120, false)
	m.text("sentence", in.Sentence, 400, false)
	return m
}

// ArchivePlan ends the sale of a plan; its buyers keep it. It answers [ErrPlanNotFound]; a second time changes
// nothing.
func (s *Service) ArchivePlan(ctx context.Context, planID string) error {
	return s.changeCatalog(ctx, "archive plan "+planID, func(ctx context.Context) error {
		before, err := s.editedPlan(ctx, planID, time.Time{})
		if err != nil {
			return err
		}
		if before.ArchivedAt != nil {
			return errUnchanged
		}
		after, now := before, s.now()
		after.ArchivedAt = &now
		return s.savePlan(ctx, "plan.archived", before, &after)
	})
}

// RetirePrice ends the sale of a price; its buyers keep it. It answers [ErrPriceNotFound]; a second time changes
// nothing.
func (s *Service) RetirePrice(ctx context.Context, priceID string) error {
	return s.changeCatalog(ctx, "retire price "+priceID, func(ctx context.Context) error {
		before, err := s.store.Price(ctx, priceID)
		if err != nil {
			return err
		}
		if before.RetiredAt != nil {
			return errUnchanged
		}
		plan, err := s.store.Plan(ctx, before.PlanID)
		if err != nil {
			return err
		}
		after, now := before, s.stamp(before.UpdatedAt)
		after.RetiredAt, after.UpdatedAt = &now, now
		if err := s.store.RetirePrice(ctx, priceID, now); err != nil {
			return err
		}
		return s.recordPrice(ctx, plan.OrgID, "price.retired", &before, &after)
	})
}

// errUnchanged ends a change that found everything as it should be; nobody needs to forget anything.
var errUnchanged = errors.New("unchanged")

// changeCatalog runs one change. The version row is written first: it is the lock that keeps two changes
// apart, so that a check inside (a slug that no plan of a bundle has, say) still holds when the row is written.
func (s *Service) changeCatalog(ctx context.Context, what string, change func(ctx context.Context) error) error {
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.versions.Bump(ctx, VersionCatalog); err != nil {
			return err
		}
		return change(ctx)
	})
	if err == nil || errors.Is(err, errUnchanged) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
