// Package claims owns the wolfieauth_plans claim: its shape, the sources that
// it is made of (paid subscriptions, comps, platform-owner grants) and the one
// pure rule that turns sources into the claim.
//
// # Issuing
//
// Load every candidate row into an [Input] (package claims/store does it in a
// single statement), call [Assemble], and put the result into a token with
// [SafeMerge]. Assemble reads no clock and no database: the same input gives
// the same bytes, whatever the order of its sources. ID token, userinfo, JWT
// access token, introspection and the entitlements endpoint all go through it,
// so they cannot disagree.
//
// # Reading, in a relying party
//
// Verify the token first; this package does not. Then decode its claims into
// [TokenClaims] (it fits go-oidc's IDToken.Claims), or call [Parse] or
// [ParseMap], and ask [HasActiveFeature] or [HasActivePlan]. Gate on features
// rather than plan names: plans are renamed and recombined, features are not.
//
// The package imports the standard library alone, so that a relying party can
// depend on it without depending on the provider.
package claims
