package app

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
)

// facts tells billing what it may know of apps and people: the one seam where the two wings' words meet.
type facts struct {
	people *idp.Service
	base   string // the issuer, for logo addresses
}

var (
	_ billing.Apps    = facts{}
	_ billing.Members = facts{}
	_ billing.Crowd   = facts{}
)

// App answers [billing.ErrAppNotFound] for an unknown or disabled app.
func (f facts) App(ctx context.Context, clientID string) (billing.AppInfo, error) {
	a, err := f.people.App(ctx, clientID)
	if err != nil {
		return billing.AppInfo{}, translate(err)
	}
	return f.info(a), nil
}

// BundlesHolding answers the bundles that hold the app.
func (f facts) BundlesHolding(ctx context.Context, clientID string) ([]billing.BundleInfo, error) {
	held, err := f.people.BundlesHolding(ctx, clientID)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]billing.BundleInfo, 0, len(held))
	for _, b := range held {
		info, err := f.bundle(ctx, b)
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

// Bundle answers [billing.ErrAppNotFound] for an unknown id.
func (f facts) Bundle(ctx context.Context, bundleID string) (billing.BundleInfo, error) {
	b, err := f.people.Bundle(ctx, bundleID)
	if err != nil {
		return billing.BundleInfo{}, translate(err)
	}
	return f.bundle(ctx, b)
}

func (f facts) bundle(ctx context.Context, b idp.Bundle) (billing.BundleInfo, error) {
	apps, err := f.people.BundleApps(ctx, b.ID)
	if err != nil {
		return billing.BundleInfo{}, translate(err)
	}
	info := billing.BundleInfo{ID: b.ID, OrgID: b.OrgID, Slug: b.Slug, Name: b.Name}
	for _, a := range apps {
		info.Apps = append(info.Apps, f.info(a))
	}
	return info, nil
}

// ActiveMembers counts the seats of an org.
func (f facts) ActiveMembers(ctx context.Context, orgID string) (int64, error) {
	return f.people.ActiveMembers(ctx, orgID)
}

// ActiveMembersOf counts the people of many orgs at once.
func (f facts) ActiveMembersOf(ctx context.Context, orgIDs []string) (int64, error) {
	return f.people.ActiveMembersOf(ctx, orgIDs)
}

func (f facts) info(a idp.App) billing.AppInfo {
	info := billing.AppInfo{ClientID: a.ClientID, OrgID: a.OrgID, Name: a.Name, Color: a.Color, Origins: origins(a.RedirectURIs)}
	if len(a.Logo) > 0 {
		info.LogoURL = logoURL(f.base, a)
	}
	return info
}

// origins are where a buyer may be sent back to: those of the registered redirect URIs.
func origins(uris []string) []string {
	var out []string
	for _, raw := range uris {
		u, err := url.Parse(raw)
		if err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
			out = append(out, strings.ToLower(u.Scheme+"://"+u.Host))
		}
	}
	return out
}

func translate(err error) error {
	if errors.Is(err, idp.ErrAppNotFound) || errors.Is(err, idp.ErrBundleNotFound) {
		return errors.Join(billing.ErrAppNotFound, err)
	}
	return err
}
