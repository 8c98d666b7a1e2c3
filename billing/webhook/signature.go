package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far a delivery's stamp may lie from our clock, behind or ahead.
const Tolerance = 300 * time.Second

// Why a delivery is not believed.
var (
	// ErrUnsigned means that there is no Stripe-Signature header, or none that can be read.
	ErrUnsigned = errors.New("delivery is not signed")
	// ErrForged means that no secret of ours made any of the signatures.
	ErrForged = errors.New("signature is not ours")
	// ErrStale means that the stamp lies outside the tolerance.
	ErrStale = errors.New("delivery is too old or from the future")
)

// maxSignatures bounds the work that a header can ask for; Stripe sends one per secret in force.
const maxSignatures = 16

// signature is a Stripe-Signature header taken apart.
type signature struct {
	stamp string // as signed
	at    time.Time
	v1    [][]byte
}

// parseSignature reads "t=1492774577,v1=5257a8...,v1=...,v0=..."; other schemes are passed over.
func parseSignature(header string) (signature, error) {
	var sig signature
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || sig.stamp != "" || seconds < 0 || len(value) > 12 {
				return signature{}, fmt.Errorf("%w: stamp", ErrUnsigned)
			}
			sig.stamp, sig.at = value, time.Unix(seconds, 0)
		case "v1":
			mac, err := hex.DecodeString(value)
			if err == nil && len(mac) == sha256.Size {
				sig.v1 = append(sig.v1, mac)
			}
		}
	}
	if sig.stamp == "" || len(sig.v1) == 0 || len(sig.v1) > maxSignatures {
		return signature{}, fmt.Errorf("%w: no stamp or no v1", ErrUnsigned)
	}
	return sig, nil
}

// madeBy tells whether any of the secrets signed the body.
func (sig signature) madeBy(secrets []string, body []byte) bool {
	for _, secret := range secrets {
		want := mac(secret, sig.stamp, body)
		for _, got := range sig.v1 {
			if hmac.Equal(got, want) {
				return true
			}
		}
	}
	return false
}

func mac(secret, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}

// fresh tells whether the stamp lies within the tolerance, on either side.
func (sig signature) fresh(now time.Time) bool {
	return now.Sub(sig.at).Abs() <= Tolerance
}
