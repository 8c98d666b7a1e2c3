// Package webhook receives what Stripe delivers: POST /v1/stripe/webhook, for the platform's own endpoint and
// for the one of the connected accounts.
//
//	body, at most 512 KiB -> signature and age -> which object is meant -> recorded once, with the wish to read it
//
// The answer is 200 as soon as that transaction has committed, also for a delivery that came before and for one
// that means nothing to us: nothing is ever applied from the body itself, and Stripe is not called. What is not
// signed by Stripe, or too old, or from a clock too far ahead, is a 400 with a stable code.
//
// The scheme of the signature: https://docs.stripe.com/webhooks#verify-manually.
package webhook
