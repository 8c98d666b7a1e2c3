package idp

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Codes of what is wrong with a setting of an app.
const (
	AppCodeRequired     = "required"      // nothing was given
	AppCodeInvalid      = "invalid"       // unknown, or in a form that we do not know
	AppCodeTooMany      = "too_many"      // more entries, or a longer text, than anybody needs
	AppCodeRedirect     = "redirect"      // an address that may not be registered; Value is it
	AppCodeRepeated     = "repeated"      // an address twice; Value is it
	AppCodeKind         = "kind"          // not for an app of this kind
	AppCodeNoSecret     = "no_secret"     // wants credentials, and the app has none
	AppCodeAlone        = "alone"         // refresh tokens without a grant that yields the first
	AppCodeNeedsRefresh = "needs_refresh" // offline_access without refresh tokens
	AppCodePrivate      = "private"       // a private key where public ones belong
	AppCodeBounds       = "bounds"        // a lifetime outside its bounds
)

// AppError is one mistake in the settings of an app. Field is called as in [AppEdit], in lower camel case.
type AppError struct{ Field, Code, Value string }

func (e *AppError) Error() string {
	if e.Value == "" {
		return e.Field + " " + e.Code
	}
	return fmt.Sprintf("%s %s (%q)", e.Field, e.Code, e.Value)
}

// AppErrors are all mistakes in the settings of an app. They wrap [ErrAppInvalid] and, where an address is among
// them, [ErrRedirectInvalid].
type AppErrors []*AppError

func (e AppErrors) Error() string {
	lines := make([]string, len(e))
	for i, m := range e {
		lines[i] = m.Error()
	}
	return strings.Join(lines, ", ")
}

// Unwrap answers the sentinels.
func (e AppErrors) Unwrap() []error {
	out := []error{ErrAppInvalid}
	if slices.ContainsFunc(e, func(m *AppError) bool { return m.Code == AppCodeRedirect }) {
		out = append(out, ErrRedirectInvalid)
	}
	return out
}

// faults collects mistakes.
type faults struct{ list AppErrors }

func (e *faults) add(bad bool, field, code, value string) {
	if bad {
		e.list = append(e.list, &AppError{Field: field, Code: code, Value: value})
	}
}

// Bounds of lifetimes, in seconds: a token that lives shorter than a minute fails between two clocks, and a long
// one outlives what it says.
const (
	MinTokenSeconds   = 60
	MaxTokenSeconds   = 24 * 3600
	MinRefreshSeconds = 3600
	MaxRefreshSeconds = 365 * 24 * 3600
)

// What an app may have at most.
const (
	maxAddresses   = 50
	maxDescription = 500
	maxJWKS        = 16 << 10
)

// mistakes are all reasons why the settings cannot work together; nil for none.
func (a App) mistakes() AppErrors {
	e := &faults{}
	e.add(a.Name == "", "name", AppCodeRequired, "")
	e.add(len([]rune(a.Description)) > maxDescription, "description", AppCodeTooMany, "")
	e.add(a.Color != "" && !colorForm.MatchString(a.Color), "color", AppCodeInvalid, "")
	e.addresses(a.Kind, "redirectUris", a.RedirectURIs)
	e.addresses(a.Kind, "postLogoutRedirectUris", a.PostLogoutRedirectURIs)
	a.grantMistakes(e)
	a.proofMistakes(e)
	e.add(!slices.Contains([]AccessTokenType{AccessTokenOpaque, AccessTokenJWT}, a.AccessTokenType), "accessTokenType", AppCodeInvalid, "")
	e.add(!slices.Contains([]string{"RS256", "ES256", "EdDSA"}, a.SigningAlg), "signingAlg", AppCodeInvalid, "")
	e.add(outside(a.AccessTokenSeconds, MinTokenSeconds, MaxTokenSeconds), "accessTokenSeconds", AppCodeBounds, "")
	e.add(outside(a.IDTokenSeconds, MinTokenSeconds, MaxTokenSeconds), "idTokenSeconds", AppCodeBounds, "")
	e.add(outside(a.RefreshTokenSeconds, MinRefreshSeconds, MaxRefreshSeconds), "refreshTokenSeconds", AppCodeBounds, "")
	return e.list
}

func outside(n, least, most int64) bool { return n < least || n > most }

func (e *faults) addresses(kind AppKind, field string, uris []string) {
	if kind == AppMachine {
		e.add(len(uris) > 0, field, AppCodeKind, "")
		return
	}
	e.add(len(uris) > maxAddresses, field, AppCodeTooMany, "")
	for i, uri := range uris {
		e.add(CheckRedirectURI(kind, uri) != nil, field, AppCodeRedirect, uri)
		e.add(slices.Contains(uris[:i], uri), field, AppCodeRepeated, uri)
	}
}

// grantMistakes are those of grants and scopes, and of the addresses that a grant needs.
func (a App) grantMistakes(e *faults) {
	const field = "grantTypes"
	e.add(len(a.GrantTypes) == 0, field, AppCodeRequired, "")
	for _, g := range a.GrantTypes {
		e.add(!slices.Contains(KnownGrants(), g), field, AppCodeInvalid, g)
		e.add(a.Kind == AppMachine && g != grantClientCredentials, field, AppCodeKind, g)
	}
	e.add(a.AllowsGrant(grantClientCredentials) && (a.Kind == AppBrowser || a.Kind == AppNative), field, AppCodeKind, grantClientCredentials)
	e.add(a.AllowsGrant(grantClientCredentials) && a.AuthMethod == AuthNone, field, AppCodeNoSecret, grantClientCredentials)
	first := a.AllowsGrant("authorization_code") || a.AllowsGrant(grantDevice)
	e.add(a.AllowsGrant("refresh_token") && !first, field, AppCodeAlone, "")
	e.add(a.AllowsGrant("authorization_code") && len(a.RedirectURIs) == 0 && a.Kind != AppMachine, "redirectUris", AppCodeRequired, "")
	for _, s := range a.Scopes {
		e.add(!slices.Contains(userScopes, s), "scopes", AppCodeInvalid, s)
		e.add(a.Kind == AppMachine, "scopes", AppCodeKind, s)
	}
	e.add(a.Kind != AppMachine && slices.Contains(a.Scopes, ScopeOfflineAccess) && !a.AllowsGrant("refresh_token"), "scopes", AppCodeNeedsRefresh, "")
}

// proofMistakes are those of how the client proves itself.
func (a App) proofMistakes(e *faults) {
	const field = "authMethod"
	e.add(!slices.Contains(AuthMethods(a.Kind), a.AuthMethod), field, AppCodeKind, "")
	switch {
	case a.AuthMethod == AuthPrivateKeyJWT && a.JWKS == "":
		e.add(true, "jwks", AppCodeRequired, "")
	case a.JWKS != "":
		code := keyMistake(a.JWKS)
		e.add(code != "", "jwks", code, "")
	}
}

// keyMistake answers what is wrong with a set of public keys, "" for nothing.
func keyMistake(text string) string {
	if len(text) > maxJWKS {
		return AppCodeTooMany
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(text), &set); err != nil || len(set.Keys) == 0 {
		return AppCodeInvalid
	}
	for _, key := range set.Keys {
		if !key.IsPublic() { // symmetric ones are not, either
			return AppCodePrivate
		}
		if !key.Valid() {
			return AppCodeInvalid
		}
		if k, ok := key.Key.(*rsa.PublicKey); ok && k.N.BitLen() < 2048 {
			return AppCodeInvalid
		}
	}
	return ""
}

// KnownGrants are the grant types that an app can be allowed.
func KnownGrants() []string {
	return []string{"authorization_code", "refresh_token", grantDevice, grantClientCredentials}
}

// KnownScopes are the scopes that an app of people can be allowed.
func KnownScopes() []string { return slices.Clone(userScopes) }

// AuthMethods are the ways in which an app of the kind may prove itself: a browser app keeps no secret, a machine
// must have one.
func AuthMethods(kind AppKind) []AuthMethod {
	switch kind {
	case AppBrowser:
		return []AuthMethod{AuthNone}
	case AppMachine:
		return []AuthMethod{AuthBasic, AuthPost, AuthPrivateKeyJWT}
	default:
		return []AuthMethod{AuthBasic, AuthPost, AuthPrivateKeyJWT, AuthNone}
	}
}
