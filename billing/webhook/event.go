package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
)

// APIVersion is the version of Stripe's API that our endpoints are made with. Events of another one are
// recorded and handled by reading the object again, but an operator should know.
const APIVersion = billing.APIVersion

// ErrMalformed means that a signed body is no event of Stripe.
var ErrMalformed = errors.New("body is not an event")

var (
	eventForm   = regexp.MustCompile(`^evt_[A-Za-z0-9_]{1,250}$`)
	accountForm = regexp.MustCompile(`^acct_[A-Za-z0-9_]{1,250}$`)
	objectForm  = regexp.MustCompile(`^(cs|sub|pi|in|acct)_[A-Za-z0-9_]{1,250}$`)
)

// envelope is what every version of the API agrees on.
type envelope struct {
	ID         string `json:"id"`
	Object     string `json:"object"`
	Type       string `json:"type"`
	APIVersion string `json:"api_version"`
	Account    string `json:"account"`
	Livemode   *bool  `json:"livemode"`
	Data       struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// parseEvent reads a body and decides which object it is about; ObjectID is "" where the event means nothing
// to us.
func parseEvent(body []byte) (billing.WebhookEvent, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return billing.WebhookEvent{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if e.Object != "event" || !eventForm.MatchString(e.ID) || e.Type == "" || len(e.Type) > 200 || len(e.APIVersion) > 100 || e.Livemode == nil ||
		(e.Account != "" && !accountForm.MatchString(e.Account)) || strings.ContainsRune(e.Type+e.APIVersion, 0) {
		return billing.WebhookEvent{}, fmt.Errorf("%w: envelope", ErrMalformed)
	}
	object, err := objectOf(e.Type, e.Account, e.Data.Object)
	if err != nil {
		return billing.WebhookEvent{}, err
	}
	return billing.WebhookEvent{
		Account: e.Account, Livemode: *e.Livemode, EventID: e.ID, Type: e.Type, APIVersion: e.APIVersion,
		ObjectID: object, Payload: strings.ToValidUTF8(string(body), "\uFFFD"), // PostgreSQL takes nothing else
	}, nil
}

// subject is every place where an event's object may name what must be read again, in the shape of 2023-10-16
// and in that of 2025-03-31 and later. Reading an invoice reads what it is for, too.
type subject struct {
	ID            string    `json:"id"`
	PaymentIntent reference `json:"payment_intent"`
}

// reference is an id, or the object itself where Stripe expanded it.
type reference string

// UnmarshalJSON takes both forms; null is "".
func (r *reference) UnmarshalJSON(raw []byte) error {
	var expanded struct {
		ID string `json:"id"`
	}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &expanded); err != nil {
			return err
		}
		*r = reference(expanded.ID)
		return nil
	}
	return json.Unmarshal(raw, (*string)(r))
}

// EventObject names the object that an event is about, "" where it means nothing to us: [ErrMalformed]. An account
// names itself; its application does not, and is not found in the list of an account that was closed either.
func EventObject(eventType string, object []byte) (string, error) {
	var own struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(object, &own) != nil || !accountForm.MatchString(own.ID) {
		own.ID = ""
	}
	return objectOf(eventType, own.ID, object)
}

func objectOf(eventType, account string, raw json.RawMessage) (string, error) {
	kind := kindOf(eventType)
	if kind == "" {
		return "", nil
	}
	var s subject
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrMalformed, eventType, err)
	}
	id := map[string]string{
		"own":     s.ID,
		"payment": string(s.PaymentIntent),
		"account": account,
	}[kind]
	if id == "" {
		return "", nil // a charge without payment intent, an invoice that only previews, the platform's own account
	}
	if !objectForm.MatchString(id) {
		return "", fmt.Errorf("%w: %s names no object that it could be about", ErrMalformed, eventType)
	}
	return id, nil
}

// kindOf says where an event of this type names its object: "own" id, through a "payment", or in its envelope's
// "account"; "" for types without meaning for us.
func kindOf(eventType string) string {
	for _, k := range []struct{ prefix, kind string }{
		{"checkout.session.", "own"},
		{"customer.subscription.", "own"},
		{"payment_intent.", "own"},
		{"invoice.", "own"},
		{"charge.", "payment"},
		{"refund.", "payment"},
		{"account.updated", "account"},
		{"account.application.", "account"},
	} {
		if strings.HasPrefix(eventType, k.prefix) {
			return k.kind
		}
	}
	return ""
}
