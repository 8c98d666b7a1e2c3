// Package gateway is Stripe as billing sees it: [Gateway] implements billing.Gateway over Stripe's HTTP API,
// version 2023-10-16, and is the only package of the product that imports Stripe's library.
//
// The library writes the requests (form encoding, headers, retries); it does not read the answers. Answers are
// read from their raw JSON by the Decode functions, which know two shapes of each object: that of 2023-10-16
// and that of the versions from 2025-03-31 on, which moved a subscription's period onto its items and an
// invoice's subscription and payment elsewhere. So a webhook endpoint of the wrong version, or a newer library,
// never turns a date into zero.
//
// No state of the library's package is used: every mode (live, test) has a key and a connection of its own.
// Neither keys nor bodies are logged or put into errors.
package gateway
