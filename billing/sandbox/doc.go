// Package sandbox is a stateful stand-in for the part of Stripe's API (version
// 2023-10-16) that this product uses. The gateway talks to it over HTTP exactly
// as it talks to Stripe; nothing here is shared with billing, and above all not
// the arithmetic, so that the two can be compared.
//
// A request and what follows from it:
//
//	POST /v1/...  --> api: key, account, form --> idempotency: saved reply? --> params: decode, refuse
//	                                                                              |
//	  one SQLite transaction:   operation --> objects --> events --> deliveries --> saved reply
//	                                                                              |
//	Run: deliver, sign, retry  <--------------------------------------------------+
//	Tick: renewals, trial ends, retries of payment, expiries, in the order of time
//
// A buyer's way: POST /v1/checkout/sessions gives a url; the hosted page at
// /c/pay/<id> takes a test card; one transaction makes the customer, the
// payment method, the subscription, its invoice, the payment and their events;
// the browser goes on to success_url.
//
// Every object lives in one account (the platform's own is ""), is stored as the
// JSON that Stripe would send (see obj), and is rendered by present. Amounts are
// minor units in int64; times are Unix seconds of the configured clock or of the
// customer's test clock. Only webhook deliveries live in real time.
//
// Three headers exist only here, for demos and tests that need fixed names:
// "Sandbox-Id" chooses the id of an account (which is then ready to sell) or of
// a webhook endpoint, and makes creation idempotent; "Sandbox-Secret" chooses an
// endpoint's signing secret.
package sandbox
