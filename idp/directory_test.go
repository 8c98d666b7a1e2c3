package idp_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
)

func TestSuspendedOrgsAppsAreNotInUse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		app := newApp(t, h)
		if err := h.SuspendOrg(t.Context(), app.OrgID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.App(t.Context(), app.ClientID); !errors.Is(err, idp.ErrAppNotFound) {
			t.Errorf("the app of a suspended org: %v", err)
		}
		if _, err := h.AnyApp(t.Context(), app.ClientID); err != nil {
			t.Errorf("to the platform: %v", err)
		}
		if err := h.SuspendOrg(t.Context(), app.OrgID); err != nil { // a second time changes nothing
			t.Fatal(err)
		}
		if err := h.ResumeOrg(t.Context(), app.OrgID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.App(t.Context(), app.ClientID); err != nil {
			t.Errorf("after the suspension: %v", err)
		}
		for _, err := range []error{h.SuspendOrg(t.Context(), "none"), h.ResumeOrg(t.Context(), "none")} {
			if !errors.Is(err, idp.ErrOrgNotFound) {
				t.Errorf("an unknown org: %v", err)
			}
		}
		for _, err := range []error{h.DisableUser(t.Context(), "x", "none"), h.EnableUser(t.Context(), "none"), h.EndUserSessions(t.Context(), "none")} {
			if !errors.Is(err, idp.ErrUserNotFound) {
				t.Errorf("an unknown person: %v", err)
			}
		}
	})
}

func TestDirectoryFindsPartsOfNamesInAnyCase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		app := newApp(t, h)
		for _, search := range []string{"ACM", "me", ""} {
			orgs, next, err := h.ListOrgs(t.Context(), idp.DirectoryFilter{Search: search, Limit: 10})
			if err != nil || next != "" || len(orgs) != 1 || orgs[0].Apps != 1 || orgs[0].Members != 1 || orgs[0].Org.ID != app.OrgID {
				t.Errorf("%q: %+v, %q, %v", search, orgs, next, err)
			}
		}
		all, next, err := h.ListOrgs(t.Context(), idp.DirectoryFilter{Limit: 1, Personal: true})
		if err != nil || len(all) != 1 || next != all[0].Org.Slug {
			t.Errorf("%+v, %q, %v", all, next, err)
		}
		apps, _, err := h.ListApps(t.Context(), idp.DirectoryFilter{Search: "crm", Limit: 10})
		if err != nil || len(apps) != 1 || apps[0].App.ClientID != app.ClientID || apps[0].OrgSlug != "acme" || apps[0].App.SecretHash != "" {
			t.Errorf("%+v, %v", apps, err)
		}
		users, _, err := h.ListUsers(t.Context(), idp.DirectoryFilter{Search: "OWNER@", Limit: 10})
		if err != nil || len(users) != 1 || users[0].PasswordHash != "" {
			t.Errorf("%+v, %v", users, err)
		}
		orgs, err := h.OrgsOfUsers(t.Context(), []string{users[0].ID})
		if err != nil || len(orgs) != 2 || !orgs[0].Personal || orgs[1].Slug != "acme" || orgs[1].Role != "owner" {
			t.Errorf("%+v, %v", orgs, err)
		}
	})
}

func TestDisabledPersonLosesEverything(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		u := h.user(t, "a@x.test")
		if err := h.DisableUser(t.Context(), u.ID, u.ID); !errors.Is(err, idp.ErrOneself) {
			t.Errorf("oneself: %v", err)
		}
		if err := h.DisableUser(t.Context(), "an admin", u.ID); err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"sessions " + u.ID + " but ", "grants " + u.ID} {
			if !slices.Contains(h.revoked.calls, call) {
				t.Errorf("%q was not asked for: %v", call, h.revoked.calls)
			}
		}
		entries, _, err := h.log.List(t.Context(), audit.Filter{TargetID: u.ID, Action: "user.disabled"})
		if err != nil || len(entries) != 1 || entries[0].BeforeJSON == entries[0].AfterJSON {
			t.Errorf("%+v, %v", entries, err)
		}
	})
}
