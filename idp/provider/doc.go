// Package provider is the OpenID provider: discovery, keys, authorization, tokens, userinfo, introspection,
// revocation, device authorization and logout. It is the only importer of the OIDC library; what it exports
// speaks in types of this house.
//
//	browser -> /auth -> (/login, /login/org, /consent) -> /auth/callback -> its app
//	server  -> /token, /me, /introspect, /revoke, /device_authorization
//
// # The library's part
//
// The library parses the requests of the app's endpoints, finds the client's credentials and writes the
// answers; [server] is its op.Server, in which each grant is one method and so one transaction of ours. /auth,
// its callback and /end_session belong to the browser and are wholly ours, as are discovery and the key set.
//
// # The pages' part
//
// /auth saves an [idp.AuthRequest], ties it to the browser by a cookie, and sends the browser to what
// [idp.AuthRequest.NextStep] says is missing. A page reads the request with [Provider.SignIn] and records what
// it settled with [Provider.SignedIn], [Provider.ChooseOrg] or [Provider.Consent]; each answers where the
// browser goes next. [Provider.Deny] gives up. The /device page uses [Provider.Device],
// [Provider.ApproveDevice] and [Provider.DenyDevice].
package provider
