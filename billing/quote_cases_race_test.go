//go:build race

package billing_test

// quoteCases is smaller under the race detector, which makes arithmetic slow and finds nothing in it.
const quoteCases = 50_000
