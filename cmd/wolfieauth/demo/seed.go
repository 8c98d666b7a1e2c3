package demo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/idp"
)

// seeder puts the demo's data into an app. Each step looks first, so that a second start changes nothing.
type seeder struct {
	app       *app.App
	now       func() time.Time
	rpURL     string
	redirects []string // --redirect-uri
	orgIDs    map[string]string
	bundleIDs map[string]string
	planIDs   map[string]string // scope/name -> id
}

func (s *seeder) seed(ctx context.Context) error {
	s.orgIDs, s.bundleIDs, s.planIDs = map[string]string{}, map[string]string{}, map[string]string{}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"people", s.people},
		{"orgs", s.orgs},
		{"apps", s.apps},
		{"bundles", s.bundles},
		{"billing", s.billing},
		{"features", s.features},
		{"plans", s.plans},
		{"comps", s.comps},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("seed %s: %w", step.what, err)
		}
	}
	return nil
}

func (s *seeder) people(ctx context.Context) error {
	for _, p := range people {
		_, err := s.app.Identity().UserByEmail(ctx, p.email)
		if err == nil {
			continue
		}
		if !errors.Is(err, idp.ErrUserNotFound) {
			return err
		}
		_, _, err = s.app.Identity().CreateUser(ctx, idp.CreateUser{
			ID: id("user", p.email), Email: p.email, Name: p.name, Password: Password, Locale: p.locale, Verified: true,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) orgs(ctx context.Context) error {
	for _, o := range orgs {
		org, err := s.app.Identity().OrgBySlug(ctx, o.slug)
		if errors.Is(err, idp.ErrOrgNotFound) {
			org, err = s.app.Identity().CreateOrg(ctx, idp.CreateOrg{
				ID: id("org", o.slug), Slug: o.slug, Name: o.name, OwnerUserID: id("user", o.owner), PlatformOwner: o.platformOwner,
			})
		}
		if err != nil {
			return err
		}
		s.orgIDs[o.slug] = org.ID
	}
	return nil
}

// clientSecret is fixed by the client id.
func clientSecret(clientID string) string {
	sum := sha256.Sum256([]byte(clientSecretSalt + clientID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *seeder) apps(ctx context.Context) error {
	for _, a := range apps {
		redirects := append([]string{s.rpURL + "/callback"}, s.redirects...)
		logouts := append([]string{s.rpURL + "/"}, rootsOf(s.redirects)...)
		_, err := s.app.Identity().App(ctx, a.clientID)
		if errors.Is(err, idp.ErrAppNotFound) {
			_, _, err = s.app.Identity().CreateApp(ctx, idp.CreateApp{
				OrgID: s.orgIDs[a.org], Slug: a.slug, Name: a.name, Description: a.description, Color: a.color,
				Kind: idp.AppWeb, AuthMethod: idp.AuthBasic, RedirectURIs: redirects, PostLogoutRedirectURIs: logouts,
				Secret: clientSecret(a.clientID), Trusted: true, // the orgs' own apps: nobody need consent
			})
		}
		if err != nil {
			return err
		}
		if err := s.addresses(ctx, a.clientID, redirects, logouts); err != nil {
			return err
		}
	}
	return nil
}

// addresses adds what this start's ports and flags bring; a start on other ports finds the app there already.
func (s *seeder) addresses(ctx context.Context, clientID string, redirects, logouts []string) error {
	for _, uri := range redirects {
		if err := s.app.Identity().AddRedirectURI(ctx, clientID, uri); err != nil {
			return err
		}
	}
	for _, uri := range logouts {
		if err := s.app.Identity().AddPostLogoutRedirectURI(ctx, clientID, uri); err != nil {
			return err
		}
	}
	return nil
}

// rootsOf answers the front pages of the sites that the redirect URIs belong to, where logout may lead.
func rootsOf(uris []string) []string {
	var out []string
	for _, uri := range uris {
		scheme, rest, ok := strings.Cut(uri, "://")
		if !ok {
			continue
		}
		host, _, _ := strings.Cut(rest, "/")
		out = append(out, scheme+"://"+host+"/")
	}
	return out
}

func (s *seeder) bundles(ctx context.Context) error {
	for _, b := range bundles {
		held, err := s.app.Identity().Bundles(ctx, s.orgIDs[b.org])
		if err != nil {
			return err
		}
		bundleID := ""
		for _, h := range held {
			if h.Slug == b.slug {
				bundleID = h.ID
			}
		}
		if bundleID == "" {
			made, err := s.app.Identity().CreateBundle(ctx, idp.CreateBundle{
				ID: id("bundle", b.slug), OrgID: s.orgIDs[b.org], Slug: b.slug, Name: b.name, ClientIDs: b.apps,
			})
			if err != nil {
				return err
			}
			bundleID = made.ID
		}
		s.bundleIDs[b.slug] = bundleID
	}
	return nil
}

// scope reads a seed's scope: a bundle's slug or a client id.
func (s *seeder) scope(name string) billing.Scope {
	if bundleID, ok := s.bundleIDs[name]; ok {
		return billing.Scope{Kind: billing.ScopeBundle, ID: bundleID}
	}
	return billing.Scope{Kind: billing.ScopeApp, ID: name}
}

func (s *seeder) billing(ctx context.Context) error {
	test, _, err := s.app.Billing().ConnectionsOf(ctx, s.orgIDs["acme"])
	if err == nil && test.Account == "" { // one that was disconnected since stays so
		err = s.app.Billing().ConnectAccount(ctx, s.orgIDs["acme"], acmeAccount, false)
	}
	if err == nil && test.ReadAt == nil {
		_, err = s.app.Billing().RefreshAccount(ctx, s.orgIDs["acme"], false)
	}
	if err != nil {
		return err
	}
	for _, a := range apps {
		err := s.app.Billing().EnableBilling(ctx, billing.EnableBilling{
			ClientID: a.clientID, Gateway: a.gateway, DefaultCurrency: a.currency, DefaultCountry: "PL",
			Headline: a.headline, Sentence: a.sentence,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) features(ctx context.Context) error {
	for _, f := range features {
		_, err := s.app.Billing().CreateFeature(ctx, billing.NewFeature{ID: id("feature", f.scope, f.key), Scope: s.scope(f.scope), Key: f.key, Name: f.name})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) plans(ctx context.Context) error {
	for i, p := range plans {
		plan, err := s.app.Billing().CreatePlan(ctx, billing.NewPlan{
			ID: id("plan", p.scope, p.name), Scope: s.scope(p.scope), Name: p.name, Description: p.description,
			Position: int64(i + 1), Recommended: p.recommended, FeatureKeys: p.features,
		})
		if err != nil {
			return err
		}
		s.planIDs[p.scope+"/"+p.name] = plan.ID
		for _, price := range p.prices {
			_, err := s.app.Billing().AddPrice(ctx, billing.NewPrice{
				ID: id("price", p.scope, p.name, price.key), PlanID: plan.ID, Amount: price.amount, Currency: price.currency,
				Interval: price.interval, PerSeat: price.seats != "", SeatLabel: price.seats, Scheme: price.scheme, Tiers: price.tiers,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// comps gives one pass without an end and one that ended yesterday.
func (s *seeder) comps(ctx context.Context) error {
	now := s.now()
	yesterday := now.Add(-24 * time.Hour)
	for _, c := range []struct {
		email string
		end   *time.Time
		given time.Time
	}{
		{"comped@example.test", nil, now},
		{"expired@example.test", &yesterday, yesterday.Add(-30 * 24 * time.Hour)},
	} {
		held, err := s.app.Comps().CompsOf(ctx, id("user", c.email), "acme-crm")
		if err != nil || len(held) > 0 {
			if err != nil {
				return err
			}
			continue
		}
		err = s.app.Comps().GiveAt(ctx, claims.Comp{
			UserID: id("user", c.email), ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary",
			ExpiresAt: c.end, GivenBy: id("user", "platform@wolfie.test"), Reason: "Demo",
		}, c.given)
		if err != nil {
			return err
		}
	}
	return nil
}
