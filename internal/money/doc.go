// Package money counts in integer minor units, exactly as Stripe does: the exponent of every currency, how an
// amount is written for people, how people write one, and the little integer arithmetic that prices, taxes
// and fees need. There are no floats in it.
//
// Currency codes are ISO 4217; every function takes them in upper or lower case, and [Canonical] answers the
// upper case form to store.
//
// The facts come from Stripe's page "Supported currencies" (https://docs.stripe.com/currencies): its lists of
// zero-decimal and three-decimal currencies, and its special cases. They differ from ISO 4217: ISK and UGX
// have no minor unit in ISO, yet Stripe counts them in hundredths that must be whole; HUF and TWD have two
// decimals in charges (only manual payouts must be whole); amounts in a three-decimal currency end in zero.
package money
