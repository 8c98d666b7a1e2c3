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
	// What the `claims` parameter asks for beyond the scopes: known claims whose scope the app may have.
	IDTokenClaims  column.Strings `gorm:"column:id_token_claims"`
	UserinfoClaims column.Strings
	Prompt         column.Strings
	MaxAge         int64          // seconds, or NoMaxAge
	ACRValues      column.Strings `gorm:"column:acr_values"`
	LoginHint      string
	HintUserID     string         // the subject of id_token_hint, or ""
	UILocales      column.Strings `gorm:"column:ui_locales"`
	OrgHint        string         // slug or id of the org to act for, or ""

	// What the steps have settled, all of it for UserID ("" for nothing yet).
	UserID      string
	OrgID       string
	SessionID   string
	AuthTime    *time.Time
	AMR         column.Strings `gorm:"column:amr"`
	ConsentedAt *time.Time
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

// NextStep is the one decision on what a sign-in still needs, for /auth, its callback and the pages alike.
// who is the browser's session, app the asking app, orgs what the user may act for, consent what the user has
// allowed the app before.
func (r AuthRequest) NextStep(who SignedIn, app App, orgs []OrgChoice, consent Consent, now time.Time) Step {
	switch {
	case r.needsLogin(who, now):
		return StepLogin
	case r.Org(who, orgs) == "":
		return StepOrg
	case r.needsConsent(who, app, consent):
		return StepConsent
	default:
		return StepDone
	}
}

// Org settles the org that who acts for in this request: the one that was chosen for it, else as [ChooseOrg].
func (r AuthRequest) Org(who SignedIn, orgs []OrgChoice) string {
	if r.settledFor(who) && r.OrgID != "" {
		return ChooseOrg(orgs, r.OrgID, "")
	}
	return ChooseOrg(orgs, r.OrgHint, who.OrgID)
}

func (r AuthRequest) needsLogin(who SignedIn, now time.Time) bool {
	if who.UserID == "" || r.HintUserID != "" && r.HintUserID != who.UserID {
		return true
	}
	if r.settledFor(who) && r.SessionID == who.SessionID && r.AuthTime != nil {
		return false // the login page has recorded a login, or a choice, made for this very request
	}
	if slices.Contains(r.Prompt, PromptLogin) || slices.Contains(r.Prompt, PromptSelectAccount) {
		return true
	}
	return r.stale(who, now)
}

// stale tells whether max_age asks for a login newer than the session's (OIDC Core section 3.1.2.1).
func (r AuthRequest) stale(who SignedIn, now time.Time) bool {
	return r.MaxAge != NoMaxAge && now.Sub(who.AuthTime) > time.Duration(r.MaxAge)*time.Second
}

// NeedsFreshLogin tells whether only proving again who they are will do for who; if not, a signed-in person
// may also just choose to go on.
func (r AuthRequest) NeedsFreshLogin(who SignedIn, now time.Time) bool {
	if who.UserID == "" || r.HintUserID != "" && r.HintUserID != who.UserID {
		return true
	}
	if !who.AuthTime.Before(r.CreatedAt.Truncate(time.Second)) { // sessions keep whole seconds
		return false
	}
	return slices.Contains(r.Prompt, PromptLogin) || r.stale(who, now)
}

func (r AuthRequest) settledFor(who SignedIn) bool { return r.UserID != "" && r.UserID == who.UserID }

func (r AuthRequest) needsConsent(who SignedIn, app App, consent Consent) bool {
	if r.settledFor(who) && r.ConsentedAt != nil {
		return false
	}
	if slices.Contains(r.Prompt, PromptConsent) {
		return true
	}
	return !app.Trusted && !consent.Covers(r.ConsentScopes())
}

// ConsentScopes are the scopes that the person is asked to allow: those of the request and those that single
// claims of the `claims` parameter stand for.
func (r AuthRequest) ConsentScopes() []string {
	out := slices.Clone([]string(r.Scopes))
	for _, name := range slices.Concat(r.IDTokenClaims, r.UserinfoClaims) {
		if scope := ClaimScope(name); !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	return out
}

// ClaimScope answers the scope that a claim about the user belongs to, "" for a claim that is not known.
func ClaimScope(claim string) string {
	switch claim {
	case "name", "locale", "updated_at":
		return ScopeProfile
	case "email", "email_verified":
		return ScopeEmail
	case "org_id", "org_slug", "org_name", "org_role":
		return ScopeOrg
	default:
		return ""
	}
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
