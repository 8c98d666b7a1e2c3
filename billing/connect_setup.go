package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SalesSetup is where an app sells, and in what it begins to: what an owner chooses when billing is switched on,
// and may change later.
type SalesSetup struct {
	ClientID string
	// Expected is the settings' UpdatedAt as the owner saw it, zero where there were none.
	Expected        time.Time
	Gateway         GatewayKind
	Livemode        bool
	DefaultCurrency string
	DefaultCountry  string // or ""
}

// SetUpBilling switches an app's billing on, or changes where it sells; what the pricing page says stays. The same
// again changes nothing. It answers [FieldErrors] (gateway, livemode, defaultCurrency, defaultCountry),
// [ErrAppNotFound], [ErrConflict], or [ErrLiveSubscriptions] for another gateway or mode while people pay through
// the present one.
func (s *Service) SetUpBilling(ctx context.Context, in SalesSetup) error {
	what := "set up billing of " + in.ClientID
	in.DefaultCurrency, in.DefaultCountry = strings.ToUpper(strings.TrimSpace(in.DefaultCurrency)), strings.ToUpper(strings.TrimSpace(in.DefaultCountry))
	checked := EnableBilling{Gateway: in.Gateway, Livemode: in.Livemode, DefaultCurrency: in.DefaultCurrency, DefaultCountry: in.DefaultCountry}
	if err := checked.check().err(what); err != nil {
		return err
	}
	app, err := s.apps.App(ctx, in.ClientID)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return s.changeCatalog(ctx, what, func(ctx context.Context) error {
		before, err := s.store.Settings(ctx, in.ClientID)
		fresh := errors.Is(err, ErrBillingOff)
		if err != nil && !fresh {
			return err
		}
		if fresh != in.Expected.IsZero() {
			return ErrConflict
		}
		if err := unconflicted(before.UpdatedAt, in.Expected); err != nil {
			return err
		}
		after, now := before, s.stamp(before.UpdatedAt)
		if fresh {
			after = AppSettings{ClientID: app.ClientID, OrgID: app.OrgID, CreatedAt: now}
		}
		after.Enabled, after.Gateway, after.Livemode = true, in.Gateway, in.Livemode
		after.DefaultCurrency, after.DefaultCountry = in.DefaultCurrency, in.DefaultCountry
		if sameSettings(before, after) {
			return errUnchanged
		}
		if moved := before.Gateway != after.Gateway || before.Livemode != after.Livemode; moved && !fresh {
			if err := s.nobodyPays(ctx, in.ClientID); err != nil {
				return err
			}
		}
		after.UpdatedAt = now
		if err := s.store.SaveSettings(ctx, after); err != nil {
			return err
		}
		return s.recordSettings(ctx, "billing.enabled", before, after)
	})
}

// SalesStatus is how an app sells now.
type SalesStatus struct {
	Settings AppSettings // the zero value where billing never was on
	Account  string      // the connected account that it sells on, "" for none or for the platform's
	Ready    bool        // it is on, and has an account to sell on
	Paying   int64       // live-mode subscriptions: while there are any, gateway and mode stay
}

// BillingStatus reads it anew, past what is kept in memory. It answers [ErrAppNotFound].
func (s *Service) BillingStatus(ctx context.Context, clientID string) (SalesStatus, error) {
	if _, err := s.apps.App(ctx, clientID); err != nil {
		return SalesStatus{}, fmt.Errorf("billing of %s: %w", clientID, err)
	}
	settings, err := s.store.Settings(ctx, clientID)
	if errors.Is(err, ErrBillingOff) {
		return SalesStatus{}, nil
	}
	if err != nil {
		return SalesStatus{}, err
	}
	status := SalesStatus{Settings: settings}
	at, err := s.chargingAccount(ctx, settings)
	if err != nil && !errors.Is(err, ErrStripeNotConfigured) {
		return SalesStatus{}, err
	}
	status.Account, status.Ready = at.ID, err == nil && settings.Enabled
	status.Paying, err = s.paying(ctx, clientID)
	return status, err
}
