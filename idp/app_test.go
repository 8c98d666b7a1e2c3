package idp_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

func TestApps(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, _ := h.org(t, "acme")
		app, plain, err := h.CreateApp(ctx, idp.CreateApp{OrgID: org.ID, Name: "CRM", Secret: "demo", RedirectURIs: []string{"https://crm.acme.test/cb"}})
		if err != nil || app.ClientID != "acme-crm" || plain != "demo" || app.SecretHash != secret.Hash("demo") {
			t.Fatalf("%+v, %q, %v", app, plain, err)
		}
		back, err := h.App(ctx, "acme-crm")
		if err != nil || !slices.Equal(back.Scopes, app.Scopes) || !slices.Equal(back.RedirectURIs, app.RedirectURIs) || back.AuthMethod != idp.AuthBasic || !back.IDTokenUserinfo {
			t.Errorf("%+v, %v", back, err)
		}
		if _, _, err := h.CreateApp(ctx, idp.CreateApp{OrgID: org.ID, Slug: "crm", Name: "x"}); !errors.Is(err, idp.ErrSlugTaken) {
			t.Errorf("clash: %v", err)
		}
		longer, _ := h.org(t, "acme-crm")
		if _, _, err := h.CreateApp(ctx, idp.CreateApp{OrgID: org.ID, Slug: "crm-mail", Name: "x"}); err != nil {
			t.Error(err)
		}
		if _, _, err := h.CreateApp(ctx, idp.CreateApp{OrgID: longer.ID, Slug: "mail", Name: "x"}); !errors.Is(err, idp.ErrSlugTaken) {
			t.Errorf("two orgs make one client id: %v", err)
		}
		fresh, err := h.RotateSecret(ctx, "acme-crm")
		if back, _ := h.App(ctx, "acme-crm"); err != nil || len(fresh) != 43 || !secret.Matches(fresh, back.SecretHash) {
			t.Errorf("rotate: %q, %v", fresh, err)
		}
		for range 2 {
			if err := h.AddRedirectURI(ctx, "acme-crm", "http://127.0.0.1:8081/cb"); err != nil {
				t.Fatal(err)
			}
		}
		if back, _ = h.App(ctx, "acme-crm"); len(back.RedirectURIs) != 2 {
			t.Errorf("redirects %v", back.RedirectURIs)
		}
		if err := h.AddRedirectURI(ctx, "acme-crm", "http://evil.test/"); !errors.Is(err, idp.ErrRedirectInvalid) {
			t.Error(err)
		}
		spa, plain, err := h.CreateApp(ctx, idp.CreateApp{OrgID: org.ID, Name: "Board", Kind: idp.AppBrowser})
		if err != nil || !spa.Public() || plain != "" || spa.SecretHash != "" {
			t.Errorf("%+v, %v", spa, err)
		}
		if _, err := h.RotateSecret(ctx, spa.ClientID); !errors.Is(err, idp.ErrAppPublic) {
			t.Error(err)
		}
		back.DisabledAt = &back.CreatedAt
		if err := h.store.UpdateApp(ctx, back); err != nil {
			t.Fatal(err)
		}
		if _, err := h.App(ctx, "acme-crm"); !errors.Is(err, idp.ErrAppNotFound) {
			t.Errorf("disabled: %v", err)
		}
		if apps, err := h.Apps(ctx, org.ID); err != nil || len(apps) != 3 {
			t.Errorf("%d apps, %v", len(apps), err)
		}
	})
}

func TestTheReservedClientID(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		owner := h.user(t, "owner@x.test")
		wolfie, err := h.CreateOrg(t.Context(), idp.CreateOrg{Slug: "wolfie", OwnerUserID: owner.ID, PlatformOwner: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ slug, want string }{{"platform", "wolfieauth-platform"}, {"wolfiecrm", "wolfie-wolfiecrm"}} {
			if app, _, err := h.CreateApp(t.Context(), idp.CreateApp{OrgID: wolfie.ID, Slug: tt.slug}); err != nil || app.ClientID != tt.want {
				t.Errorf("%s: %s, %v", tt.slug, app.ClientID, err)
			}
		}
		rogue := idp.Org{ID: "rogue", Slug: "wolfieauth", Name: "x", CreatedAt: h.clock.now(), UpdatedAt: h.clock.now()}
		if err := h.store.InsertOrg(t.Context(), rogue); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.CreateApp(t.Context(), idp.CreateApp{OrgID: "rogue", Slug: "platform"}); !errors.Is(err, idp.ErrSlugTaken) {
			t.Errorf("another org took the reserved id: %v", err)
		}
	})
}

func TestAppsThatCannotWork(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, _ := h.org(t, "acme")
		for i, in := range []idp.CreateApp{
			{Kind: "toaster"},
			{AuthMethod: "tls"},
			{Kind: idp.AppBrowser, AuthMethod: idp.AuthBasic},
			{Kind: idp.AppMachine, AuthMethod: idp.AuthNone},
			{AuthMethod: idp.AuthPrivateKeyJWT},
			{GrantTypes: []string{"implicit"}},
			{GrantTypes: []string{"password"}},
			{SigningAlg: "none"},
			{SigningAlg: "HS256"},
			{AccessTokenType: "paper"},
			{Color: "red;}"},
			{AccessTokenSeconds: -1},
		} {
			in.OrgID, in.Slug = org.ID, fmt.Sprint("app", i)
			if _, _, err := h.CreateApp(t.Context(), in); !errors.Is(err, idp.ErrAppInvalid) {
				t.Errorf("%+v: %v", in, err)
			}
		}
		if _, _, err := h.CreateApp(t.Context(), idp.CreateApp{OrgID: "nowhere", Slug: "x"}); !errors.Is(err, idp.ErrOrgNotFound) {
			t.Error(err)
		}
	})
}

func TestBundles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, _ := h.org(t, "acme")
		other, _ := h.org(t, "other")
		var ids []string
		for _, slug := range []string{"crm", "mail"} {
			app, _, err := h.CreateApp(ctx, idp.CreateApp{OrgID: org.ID, Slug: slug})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, app.ClientID)
		}
		foreign, _, err := h.CreateApp(ctx, idp.CreateApp{OrgID: other.ID, Slug: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := h.CreateBundle(ctx, idp.CreateBundle{OrgID: org.ID, Name: "Acme Suite", ClientIDs: ids})
		if err != nil || b.Slug != "acme-suite" {
			t.Fatalf("%+v, %v", b, err)
		}
		apps, err := h.BundleApps(ctx, b.ID)
		if err != nil || len(apps) != 2 || apps[0].ClientID != "acme-crm" {
			t.Errorf("%+v, %v", apps, err)
		}
		if held, err := h.BundlesHolding(ctx, "acme-mail"); err != nil || len(held) != 1 || held[0].ID != b.ID {
			t.Errorf("%+v, %v", held, err)
		}
		if all, err := h.Bundles(ctx, org.ID); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		if got, err := h.Bundle(ctx, b.ID); err != nil || got.Name != "Acme Suite" {
			t.Errorf("%+v, %v", got, err)
		}
		for _, tt := range []struct {
			in   idp.CreateBundle
			want error
		}{
			{idp.CreateBundle{OrgID: org.ID, Slug: "acme-suite"}, idp.ErrSlugTaken},
			{idp.CreateBundle{OrgID: org.ID, Slug: "x", ClientIDs: []string{foreign.ClientID}}, idp.ErrAppNotFound},
			{idp.CreateBundle{OrgID: org.ID, Slug: "y", ClientIDs: []string{"nothing"}}, idp.ErrAppNotFound},
		} {
			if _, err := h.CreateBundle(ctx, tt.in); !errors.Is(err, tt.want) {
				t.Errorf("%+v: %v, want %v", tt.in, err, tt.want)
			}
		}
		if _, err := h.Bundle(ctx, "nothing"); !errors.Is(err, idp.ErrBundleNotFound) {
			t.Error(err)
		}
	})
}

func TestAChangedAppIsSeenByAnotherReplica(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, _ := h.org(t, "acme")
		if _, _, err := h.CreateApp(t.Context(), idp.CreateApp{OrgID: org.ID, Slug: "crm", Name: "Old"}); err != nil {
			t.Fatal(err)
		}
		versions := db.NewVersions(h.db)
		there := setupWith(t, h.db, versions)
		if app, err := there.App(t.Context(), "acme-crm"); err != nil || app.Name != "Old" {
			t.Fatal(app, err)
		}
		go versions.Run(t.Context())
		app, _ := h.App(t.Context(), "acme-crm")
		app.Name = "New"
		if err := h.store.UpdateApp(t.Context(), app); err != nil {
			t.Fatal(err)
		}
		if app, err := h.App(t.Context(), "acme-crm"); err != nil || app.Name != "New" {
			t.Errorf("here: %s, %v", app.Name, err)
		}
		deadline := time.Now().Add(10 * time.Second)
		for {
			if app, err := there.App(t.Context(), "acme-crm"); err == nil && app.Name == "New" {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("the other replica still answers the old app")
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
}
