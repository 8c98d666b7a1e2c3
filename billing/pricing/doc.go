// Package pricing is the shop window of an app: the public page /billing/<clientId>, the way from there to the
// hosted checkout and back, and the same as JSON for programs below /api/billing and /v1/billing.
//
// A buyer chooses a price and a number of seats; everything else (amount, currency, account, whether it may be
// bought at all) is looked up. The pages work without JavaScript: every switch is a link or a form that loads
// the page anew with the choice in its address, and static/js/pricing.js only saves the reload.
//
// The package knows people as opaque ids. Who the visitor is, whose token a program shows and what a user
// holds, it asks through the small interfaces of [Deps].
package pricing
