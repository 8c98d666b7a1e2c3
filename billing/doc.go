// Package billing is the money wing: plans, prices, quotes, checkouts, subscriptions and what Stripe says of
// them.
//
// The package holds plain structs that the store saves as they are, the rules that decide, and the small
// interfaces that the rules need: stores, [Gateway] (Stripe), and the few facts about people and apps that
// the composition root supplies. People are opaque ids here. Amounts are integer minor units as Stripe counts
// them; every id that comes from Stripe is stored with its account ("" is the platform's own) and livemode.
//
//	pricing page -> checkout row -> gateway -> hosted checkout
//	webhook -> event row + wake-up -> re-read from Stripe -> subscription row -> claim
package billing
