package browsertest_test

import (
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
)

// TestConsoleOfAppsAndPlatform looks at the pages where apps and bundles are set up, and at the platform's lists, in
// both languages and schemes, as their owners see them.
func TestConsoleOfAppsAndPlatform(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "pl"} {
		t.Run(lang+"/apps", func(t *testing.T) {
			t.Parallel()
			lookAtApps(t, lang)
		})
		t.Run(lang+"/platform", func(t *testing.T) {
			t.Parallel()
			lookAtPlatform(t, lang)
		})
	}
}

func lookAtApps(t *testing.T, lang string) {
	t.Helper()
	b, admin := newTab(t, lang), house.line.AdminURL
	b.signIn("admin@acme.test")
	b.survey(lang, []visit{
		at("console-app-new", admin+"/apps/new?org=acme"),
		{"console-app-new-error", func(b *tab) {
			b.fill("name", "Kasa "+lang)
			b.fill("redirect_uris", "http://kasa.example.test/callback")
			b.refused(422, "#save")
		}},
		{"console-secret-once", func(b *tab) {
			b.fill("redirect_uris", "https://kasa.example.test/callback")
			b.press("#save")
			if len(b.text("#secret")) < 40 {
				b.t.Error("no secret is shown")
			}
		}},
		at("console-app-made", admin+"/clients/acme-kasa-"+lang),
		at("console-settings", admin+"/clients/acme-kasa-"+lang+"/settings"),
		{"console-settings-error", func(b *tab) {
			b.fill("name", "")
			b.fill("color", "teal")
			b.fill("redirect_uris", "https://kasa.example.test/*")
			b.fill("jwks", "keys")
			b.fill("access_seconds", "5")
			b.fill("id_seconds", "now")
			b.fill("refresh_seconds", "0")
			b.refused(422, "#save")
		}},
		at("console-disable", admin+"/clients/acme-kasa-"+lang+"/disable"),
		{"console-disabled", func(b *tab) {
			b.fill("word", "Kasa "+lang)
			b.press("#confirm")
		}},
		{"console-enabled", func(b *tab) {
			b.open(admin + "/clients/acme-kasa-" + lang + "/settings")
			b.press("#enable")
		}},
		at("console-bundles", admin+"/bundles?org=acme"),
		at("console-bundle-new", admin+"/bundles/new?org=acme"),
		{"console-bundle", func(b *tab) {
			b.open(admin + "/bundles?org=acme")
			b.press(`tbody a[href^="/admin/bundles/"]`)
		}},
	})
}

func lookAtPlatform(t *testing.T, lang string) {
	t.Helper()
	b, platform := newTab(t, lang), house.line.AdminURL+"/platform"
	crowded(t, lang)
	b.signIn("platform@wolfie.test")
	b.survey(lang, []visit{
		at("platform-orgs", platform+"/orgs"),
		at("platform-orgs-none", platform+"/orgs?q=nobody-at-all"),
		{"platform-suspend", func(b *tab) {
			b.open(platform + "/orgs?q=crowd-" + lang)
			b.press(`a[href$="/suspend"]`)
		}},
		{"platform-suspended", func(b *tab) {
			b.fill("word", "crowd-"+lang)
			b.press("#confirm")
		}},
		at("platform-apps", platform+"/apps"),
		at("platform-users", platform+"/users"),
		{"platform-user", func(b *tab) {
			b.open(platform + "/users?q=subscriber")
			b.press(`tbody a[href^="/admin/platform/users/"]`)
		}},
		{"platform-user-disable", func(b *tab) { b.press("#disable") }},
		at("platform-webhooks", platform+"/webhooks"),
		{"platform-webhook", func(b *tab) { b.press(`tbody a[href^="/admin/platform/webhooks/"]`) }},
		{"platform-webhook-read", func(b *tab) { b.press("#read") }},
		at("platform-audit", platform+"/audit"),
		answering(422, "platform-audit-error", platform+"/audit?from=yesterday"),
		at("platform-jobs", platform+"/jobs?kind=mail"),
	})
}

// crowded adds orgs enough for a second page, with long names.
func crowded(t *testing.T, lang string) {
	t.Helper()
	owner := house.demo.App.Identity()
	user, err := owner.UserByEmail(t.Context(), newcomer(t))
	if err == nil {
		_, err = owner.CreateOrg(t.Context(), idp.CreateOrg{Slug: "crowd-" + lang, Name: "Przedsiębiorstwo Wielobranżowe Konstantynopolitańczykowianeczka i Wspólnicy", OwnerUserID: user.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
}
