package admin_test

import (
	"bytes"
	"image"
	"image/png"
	"net/url"
	"regexp"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
)

// placeholder stands in a rule's target for an id that is known only once the data is there.
var placeholder = regexp.MustCompile(`\{(\w+) ?(\w*)\}`)

func (b *bundle) real(target string) string {
	return placeholder.ReplaceAllStringFunc(target, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		switch m[1] {
		case "org":
			return b.orgs[m[2]].ID
		case "user":
			return b.users[m[2]].ID
		default:
			return b.events[0]
		}
	})
}

// seedPlatform adds what the rules of apps, bundles and the platform's pages change.
func (b *bundle) seedPlatform() {
	b.t.Helper()
	ctx := b.t.Context()
	for _, name := range []string{"spare", "frozen"} {
		u, _, err := b.people.CreateUser(ctx, idp.CreateUser{Email: name + "@people.test", Name: name, Password: "correct horse"})
		b.must(err)
		b.users[name] = u
	}
	b.must(b.people.DisableUser(ctx, b.users["platform"].ID, b.users["frozen"].ID))
	for _, slug := range []string{"gamma", "delta"} {
		o, err := b.people.CreateOrg(ctx, idp.CreateOrg{Slug: slug, Name: slug, OwnerUserID: b.users["spare"].ID})
		b.must(err)
		b.orgs[slug] = o
	}
	b.must(b.people.SuspendOrg(ctx, b.orgs["delta"].ID))
	for _, slug := range []string{"stop", "gone"} {
		_, _, err := b.people.CreateApp(ctx, idp.CreateApp{OrgID: b.orgs["acme"].ID, Slug: slug, Name: strings.ToUpper(slug[:1]) + slug[1:], RedirectURIs: []string{"https://x.acme.test/"}})
		b.must(err)
	}
	b.must(b.people.DisableApp(ctx, "acme-gone"))
	b.must(b.people.SetLogo(ctx, spa, picture(20, 20)))
	_, err := b.people.CreateBundle(ctx, idp.CreateBundle{ID: "other-id", OrgID: b.orgs["acme"].ID, Slug: "other", Name: "Other"})
	b.must(err)
	b.deliver("evt_1", "customer.subscription.updated", "sub_1", `{"id":"evt_1","data":{"object":{"id":"sub_1","client_secret":"s3cr3t","hosted_invoice_url":"https://pay.test/s3cr3t","amount":12345678901234567}}}`)
}

// deliver records a delivery of Stripe's.
func (b *bundle) deliver(eventID, kind, object, payload string) {
	b.t.Helper()
	_, err := b.billing.Receive(b.t.Context(), billing.WebhookEvent{EventID: eventID, Type: kind, APIVersion: "2023-10-16", ObjectID: object, Payload: payload})
	b.must(err)
	page, _, err := b.billing.Events(b.t.Context(), billing.EventFilter{Limit: 1})
	b.must(err)
	b.events = append(b.events, page[0].ID)
}

// picture is a PNG of that size.
func picture(w, h int) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewNRGBA(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func word(typed string) func(*bundle) url.Values {
	return func(*bundle) url.Values { return url.Values{"word": {typed}} }
}

func newAppForm(*bundle) url.Values {
	return url.Values{"name": {"Brand new"}, "kind": {"web"}, "redirect_uris": {"https://new.acme.test/callback"}}
}

// settingsOf is the form as the owner finds it.
func (b *bundle) settingsOf(clientID string) url.Values {
	b.t.Helper()
	app, err := b.people.AnyApp(b.t.Context(), clientID)
	b.must(err)
	return url.Values{
		"seen": {b.seen("/admin/clients/" + clientID + "/settings")}, "name": {app.Name}, "redirect_uris": {strings.Join(app.RedirectURIs, "\r\n")},
		"grant_types": app.GrantTypes, "scopes": app.Scopes, "auth_method": {string(app.AuthMethod)}, "token_type": {"opaque"}, "signing_alg": {"RS256"},
		"access_seconds": {"300"}, "id_seconds": {"300"}, "refresh_seconds": {"2592000"}, "id_token_userinfo": {"1"},
	}
}

func settingsForm(b *bundle) url.Values {
	form := b.settingsOf("acme-mail")
	form.Set("description", "Written anew")
	return form
}

func logoForm(*bundle) url.Values { return url.Values{"@logo": {string(picture(300, 200))}} }

func bundleForm(*bundle) url.Values { return url.Values{"name": {"Brand new"}, "apps": {crm, spa}} }

func bundleEditForm(b *bundle) url.Values {
	return url.Values{"name": {"Other"}, "apps": {spa}, "seen": {b.seen("/admin/bundles/other-id")}}
}
