//go:build !race

package billing_test

// quoteCases is how many quotes the property is tried on.
const quoteCases = 1_000_000
