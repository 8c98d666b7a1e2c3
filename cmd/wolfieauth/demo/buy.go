package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
)

// subscriptions lets two of the people buy, through the hosted checkout as anybody would.
func (d *Demo) subscriptions(ctx context.Context) error {
	for _, s := range []struct{ email, clientID, scope, plan string }{
		{"subscriber@example.test", "acme-crm", "acme-crm", "Pro"},
		{"bundled@example.test", "acme-crm", "acme-suite", "Premium"},
	} {
		if err := d.subscribe(ctx, s.email, s.clientID, id("price", s.scope, s.plan, "pln-month")); err != nil {
			return fmt.Errorf("seed subscription of %s: %w", s.email, err)
		}
	}
	return nil
}

func (d *Demo) subscribe(ctx context.Context, email, clientID, priceID string) error {
	user, err := d.App.Identity().UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	org, err := d.App.Identity().PersonalOrg(ctx, user.ID)
	if err != nil {
		return err
	}
	buyer := billing.Buyer{UserID: user.ID, OrgID: org.ID, Email: user.Email, OrgName: org.Name, Lang: user.Locale}
	checkout, err := d.App.Billing().StartCheckout(ctx, buyer, billing.CheckoutRequest{ClientID: clientID, PriceID: priceID})
	if errors.Is(err, billing.ErrAlreadySubscribed) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := pay(ctx, checkout.URL, user.Email, user.Name); err != nil {
		return err
	}
	_, err = d.App.Billing().FinishCheckout(ctx, checkout.ID, org.ID)
	return err
}

// pay fills in the hosted checkout with the card that always works.
func pay(ctx context.Context, page, email, name string) error {
	form := url.Values{
		"email": {email}, "cardNumber": {"4242424242424242"}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {name},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("pay: %w", err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("pay: the hosted checkout answers %d", res.StatusCode)
	}
	return nil
}
