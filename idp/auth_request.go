package idp

import (
	"errors"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// Errors of auth requests.
var (
	// ErrAuthRequestNotFound means that the sign-in is unknown, over, past its time, or was begun in another
	// browser. The page says to start again from the app.
	ErrAuthRequestNotFound = errors.New("auth request not found")
	// ErrAuthRequestPending means that a step is still missing.
	ErrAuthRequestPending = errors.New("auth request not complete")
)

// Prompts of OIDC Core section 3.1.2.1.
const (
	PromptNone          = "none"
	PromptLogin         = "login"
	PromptConsent       = "consent"
	PromptSelectAccount = "select_account"
)

// NoMaxAge is the MaxAge of a request that set none.
const NoMaxAge = -1

// AuthRequest is one sign-in that an app has asked for at /auth, until its code is issued.
type AuthRequest struct {
	ID            string `gorm:"primaryKey"`
	ClientID      string
	BindingHash   string `audit:"-"` // SHA-256 of the cookie of the browser that began it
	RedirectURI   string `gorm:"column:redirect_uri"`
	State         string
	Nonce         string
	Scopes        column.Strings // allowed and known ones
	CodeChallenge string         // S256, or ""
	ClaimsRequest string         // the `claims` parameter, or ""
	Prompt        column.Strings
	MaxAge        int64          // seconds, or NoMaxAge
	ACRValues     column.Strings `gorm:"column:acr_values"`
	LoginHint     string
	HintUserID    string         // the subject of id_token_hint, or ""
	UILocales     column.Strings `gorm:"column:ui_locales"`
	OrgHint       string         // slug or id of the org to act for, or ""

	// What the steps have settled.
	UserID      string
	OrgID       string
	SessionID   string
	AuthTime    *time.Time
	AMR         column.Strings `gorm:"column:amr"`
	ConsentedAt *time.Time
	DoneAt      *time.Time // every step was taken
	FinishedAt  *time.Time // the code, or the refusal, was handed out

	CreatedAt time.Time
	ExpiresAt time.Time
}

// SignedIn is who the browser belongs to; the zero value is nobody.
type SignedIn struct {
	UserID    string
	SessionID string
	OrgID     string // the session's org
	AuthTime  time.Time
	AMR       []string
}

// Step is what a sign-in still needs.
type Step string

// The steps, in the order in which they are taken.
const (
	StepLogin   Step = "login"   // prove who you are
	StepOrg     Step = "org"     // choose the org to act for
	StepConsent Step = "consent" // allow the app what it asks for
	StepDone    Step = "done"
)

// Path is where the browser goes for the step.
func (s Step) Path(requestID string) string {
	switch s {
	case StepLogin:
		return "/login?request=" + requestID
	case StepOrg:
		return "/login/org?request=" + requestID
	case StepConsent:
		return "/consent?request=" + requestID
	default:
		return "/auth/callback?id=" + requestID
	}
}

// OAuthError is what `prompt=none` answers where the step would have been shown.
func (s Step) OAuthError() string {
	switch s {
	case StepLogin:
		return "login_required"
	case StepConsent:
		return "consent_required"
	default:
		return "interaction_required"
	}
}

// NextStep is the one decision on what a sign-in still needs, for /auth and for the pages alike. who is the
// browser's session, app the asking app, orgID the org that was settled ("" when the hint names none of the
// user's orgs), consent what the user has allowed the app before.
func (r AuthRequest) NextStep(who SignedIn, app App, orgID string, consent Consent, now time.Time) Step {
	switch {
	case r.needsLogin(who, now):
		return StepLogin
	case orgID == "":
		return StepOrg
	case r.needsConsent(app, consent):
		return StepConsent
	default:
		return StepDone
	}
}

// needsLogin compares with the second in which the request came: sessions keep whole seconds, and a request
// that asks for a fresh login is satisfied by one of the same second only if it was made after it.
func (r AuthRequest) needsLogin(who SignedIn, now time.Time) bool {
	if who.UserID == "" {
		return true
	}
	if r.HintUserID != "" && r.HintUserID != who.UserID {
		return true
	}
	if r.freshFor(who) {
		return false
	}
	if slices.Contains(r.Prompt, PromptLogin) || slices.Contains(r.Prompt, PromptSelectAccount) {
		return true
	}
	return r.MaxAge != NoMaxAge && now.Sub(who.AuthTime) > time.Duration(r.MaxAge)*time.Second || r.MaxAge == 0
}

// freshFor tells whether the user proved who they are for this very request: the login page records it.
func (r AuthRequest) freshFor(who SignedIn) bool {
	return r.AuthTime != nil && r.UserID == who.UserID && r.SessionID == who.SessionID
}

func (r AuthRequest) needsConsent(app App, consent Consent) bool {
	if r.ConsentedAt != nil {
		return false
	}
	if slices.Contains(r.Prompt, PromptConsent) {
		return true
	}
	return !app.Trusted && !consent.Covers(r.Scopes)
}

// OrgChoice is an org that a user may act for.
type OrgChoice struct {
	ID       string
	Slug     string
	Name     string
	Role     string
	Personal bool
}

// ChooseOrg settles the org to act for: the one that hint names by slug or id, else current (the session's),
// else the personal one. It answers "" when the hint names none of choices, or when there are none.
func ChooseOrg(choices []OrgChoice, hint, current string) string {
	if hint != "" {
		for _, o := range choices {
			if o.ID == hint || o.Slug == hint {
				return o.ID
			}
		}
		return ""
	}
	for _, o := range choices {
		if o.ID == current {
			return o.ID
		}
	}
	for _, o := range choices {
		if o.Personal {
			return o.ID
		}
	}
	return ""
}
