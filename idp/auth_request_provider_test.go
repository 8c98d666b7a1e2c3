package idp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/idp"
)

// TestNextStep tells for each question of a sign-in which page comes next.
func TestNextStep(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) *time.Time { when := now.Add(-ago); return &when }
	who := idp.SignedIn{UserID: "u1", SessionID: "s1", AuthTime: now.Add(-time.Hour)}
	orgs := []idp.OrgChoice{{ID: "o1", Slug: "u1", Personal: true}, {ID: "o2", Slug: "acme"}}
	allowed := idp.Consent{Scopes: []string{"email"}}
	request := func(change func(*idp.AuthRequest)) idp.AuthRequest {
		r := idp.AuthRequest{ID: "r1", Scopes: []string{"openid", "email"}, MaxAge: idp.NoMaxAge, CreatedAt: now}
		if change != nil {
			change(&r)
		}
		return r
	}
	settled := func(r *idp.AuthRequest) { r.UserID, r.SessionID, r.AuthTime = "u1", "s1", at(time.Hour) }
	for _, tt := range []struct {
		name    string
		request idp.AuthRequest
		who     idp.SignedIn
		app     idp.App
		orgs    []idp.OrgChoice
		consent idp.Consent
		want    idp.Step
	}{
		{"nobody is signed in", request(nil), idp.SignedIn{}, idp.App{}, nil, idp.Consent{}, idp.StepLogin},
		{"signed in, allowed before", request(nil), who, idp.App{}, orgs, allowed, idp.StepDone},
		{"signed in, never asked", request(nil), who, idp.App{}, orgs, idp.Consent{}, idp.StepConsent},
		{"only openid is asked", request(func(r *idp.AuthRequest) { r.Scopes = []string{"openid"} }), who, idp.App{}, orgs, idp.Consent{}, idp.StepDone},
		{"a trusted app", request(nil), who, idp.App{Trusted: true}, orgs, idp.Consent{}, idp.StepDone},
		{"a trusted app that asks for consent", request(func(r *idp.AuthRequest) { r.Prompt = []string{"consent"} }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepConsent},
		{"consent given for this request", request(func(r *idp.AuthRequest) { settled(r); r.Prompt, r.ConsentedAt = []string{"consent"}, at(0) }), who, idp.App{}, orgs, allowed, idp.StepDone},
		{"consent given by another user", request(func(r *idp.AuthRequest) { r.UserID, r.ConsentedAt = "u2", at(0) }), who, idp.App{}, orgs, idp.Consent{}, idp.StepConsent},
		{"a single claim that was not allowed", request(func(r *idp.AuthRequest) { r.UserinfoClaims = []string{"name"} }), who, idp.App{}, orgs, allowed, idp.StepConsent},
		{"prompt=login", request(func(r *idp.AuthRequest) { r.Prompt = []string{"login"} }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"prompt=select_account", request(func(r *idp.AuthRequest) { r.Prompt = []string{"select_account"} }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"prompt=login, done", request(func(r *idp.AuthRequest) { settled(r); r.Prompt = []string{"login"} }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepDone},
		{"prompt=login, done in another session", request(func(r *idp.AuthRequest) { settled(r); r.SessionID, r.Prompt = "s9", []string{"login"} }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"max_age that the session meets", request(func(r *idp.AuthRequest) { r.MaxAge = 3600 }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepDone},
		{"max_age that it does not", request(func(r *idp.AuthRequest) { r.MaxAge = 3599 }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"max_age=0", request(func(r *idp.AuthRequest) { r.MaxAge = 0 }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"a hint at another user", request(func(r *idp.AuthRequest) { r.HintUserID = "u2" }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"a hint at another user, after logging in as this one", request(func(r *idp.AuthRequest) { settled(r); r.HintUserID = "u2" }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepLogin},
		{"a hint at an org of the user", request(func(r *idp.AuthRequest) { r.OrgHint = "acme" }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepDone},
		{"a hint at a foreign org", request(func(r *idp.AuthRequest) { r.OrgHint = "other" }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepOrg},
		{"a hint at a foreign org, another one chosen", request(func(r *idp.AuthRequest) { settled(r); r.OrgHint, r.OrgID = "other", "o2" }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepDone},
		{"an org that was left since", request(func(r *idp.AuthRequest) { settled(r); r.OrgID = "o3" }), who, idp.App{Trusted: true}, orgs, allowed, idp.StepOrg},
		{"no org at all", request(nil), who, idp.App{Trusted: true}, nil, allowed, idp.StepOrg},
	} {
		if got := tt.request.NextStep(tt.who, tt.app, tt.orgs, tt.consent, now); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if idp.ChooseOrg(orgs, "", "o2") != "o2" || idp.ChooseOrg(orgs, "", "gone") != "o1" || idp.ChooseOrg(orgs, "o2", "o1") != "o2" {
		t.Error("the org that is chosen by itself")
	}
	r := request(func(r *idp.AuthRequest) { r.Prompt = []string{"login"} })
	fresh := who
	fresh.AuthTime = now
	if !r.NeedsFreshLogin(who, now) || r.NeedsFreshLogin(fresh, now) || request(nil).NeedsFreshLogin(who, now) || !r.NeedsFreshLogin(idp.SignedIn{}, now) {
		t.Error("who must prove again who they are")
	}
}

func TestNarrowScopes(t *testing.T) {
	t.Parallel()
	granted := []string{"openid", "email", "org"}
	for _, tt := range []struct {
		asked, want []string
		ok          bool
	}{
		{nil, granted, true},
		{[]string{"org", "openid"}, []string{"openid", "org"}, true},
		{[]string{"openid", "profile"}, nil, false},
	} {
		got, ok := idp.NarrowScopes(granted, tt.asked)
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
			t.Errorf("asked %v: %v %s", tt.asked, ok, diff)
		}
	}
}

func TestUserCodesAsTyped(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"BCDF-GHJK": "BCDFGHJK", "bcdf ghjk": "BCDFGHJK", " b-c-d-f-g-h-j-k ": "BCDFGHJK",
		"": "", "BCDFGHJ": "", "BCDFGHJKL": "", "BCDFGHJA": "", "BCDF_GHJK": "", "ＢCDFGHJK": "",
	} {
		if got := idp.NormalUserCode(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := idp.ShownUserCode("BCDFGHJK"); got != "BCDF-GHJK" {
		t.Error(got)
	}
}
