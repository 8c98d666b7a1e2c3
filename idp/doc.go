// Package idp is the identity wing: users, organisations, memberships, apps (OIDC clients), bundles, and the
// services that change them.
//
// The package holds plain structs that the store saves as they are, the rules that decide, and the small
// store interfaces that the rules need. It imports neither its pages (idp/login, idp/provider) nor its store.
//
//	cmd -> idp/login, idp/provider -> idp <- idp/store
//
// The wing knows nothing of money; it meets billing only at the claims package.
package idp
