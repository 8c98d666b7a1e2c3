// Package login is the pages of people who sign in: login, sign-up, reset, e-mail verification, consent,
// choice of org, device approval and the account.
//
// A sign-in that an app has asked for is led by its id in `request`; the pages take one step at a time and
// ask [SignIns] which comes next, so that no page decides on its own what is still missing:
//
//	/auth -> /login?request=ID -> (/login/org) -> (/consent) -> /auth/callback
//
// Without `request`, a local path in `next` says where to go on; everything else in it is dropped. Both
// survive sign-up, a forgotten password and a mistyped one.
package login
