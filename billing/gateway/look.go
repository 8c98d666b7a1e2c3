package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// invoicesShown is how many invoices of a customer are read.
const invoicesShown = 24

// ListInvoices reads the newest invoices of a customer, drafts left out.
func (g *Gateway) ListInvoices(ctx context.Context, at billing.Account, customerID string) ([]billing.ShownInvoice, error) {
	op := operation{what: "list invoices", method: http.MethodGet, path: "/v1/invoices", at: at}
	if customerID == "" {
		return nil, emptyID(op)
	}
	raw, err := g.do(ctx, op, &query{Customer: stripe.String(customerID), Limit: stripe.Int64(invoicesShown)})
	if err != nil {
		return nil, customerGone(err)
	}
	var out []billing.ShownInvoice
	_, err = visitPage(raw, func(object json.RawMessage) error {
		var i shownInvoice
		if err := json.Unmarshal(object, &i); err != nil {
			return err
		}
		if i.Status != string(stripe.InvoiceStatusDraft) {
			out = append(out, i.remote())
		}
		return nil
	})
	if err != nil {
		return nil, unreadable(op, err)
	}
	return out, nil
}

type shownInvoice struct {
	ID           string `json:"id"`
	Number       string `json:"number"`
	Status       string `json:"status"`
	Currency     string `json:"currency"`
	Total        int64  `json:"total"`
	Remaining    int64  `json:"amount_remaining"`
	Created      unix   `json:"created"`
	URL          string `json:"hosted_invoice_url"`
	PDF          string `json:"invoice_pdf"`
	Subscription ref    `json:"subscription"`
	Parent       struct {
		Details struct {
			Subscription ref `json:"subscription"`
		} `json:"subscription_details"`
	} `json:"parent"`
}

func (i shownInvoice) remote() billing.ShownInvoice {
	sub := i.Subscription.id
	if sub == "" {
		sub = i.Parent.Details.Subscription.id
	}
	return billing.ShownInvoice{
		ID: i.ID, SubscriptionID: sub, Number: i.Number, Status: i.Status, Currency: strings.ToUpper(i.Currency),
		Total: i.Total, Due: i.Remaining, Created: i.Created.value(), URL: i.URL, PDF: i.PDF,
	}
}

// PaymentCard reads the subscription's own payment method, else its customer's.
func (g *Gateway) PaymentCard(ctx context.Context, at billing.Account, subscriptionID string) (billing.RemoteCard, error) {
	op := operation{what: "read payment method", at: at}
	q := &query{Expand: stripe.StringSlice([]string{"default_payment_method", "customer.invoice_settings.default_payment_method"})}
	raw, err := g.read(ctx, op, subscriptionsPath+"/", subscriptionID, q)
	if err != nil {
		return billing.RemoteCard{}, err
	}
	var s struct {
		Own      ref `json:"default_payment_method"`
		Customer struct {
			Settings struct {
				Default ref `json:"default_payment_method"`
			} `json:"invoice_settings"`
		} `json:"customer"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return billing.RemoteCard{}, unreadable(op, err)
	}
	method := s.Own.raw
	if method == nil {
		method = s.Customer.Settings.Default.raw
	}
	if method == nil {
		return billing.RemoteCard{}, nil
	}
	var m struct {
		Type string `json:"type"`
		Card struct {
			Brand    string `json:"brand"`
			Last4    string `json:"last4"`
			ExpMonth int64  `json:"exp_month"`
			ExpYear  int64  `json:"exp_year"`
		} `json:"card"`
		Sepa struct {
			Last4 string `json:"last4"`
		} `json:"sepa_debit"`
	}
	if err := json.Unmarshal(method, &m); err != nil {
		return billing.RemoteCard{}, unreadable(op, err)
	}
	card := billing.RemoteCard{Kind: m.Type, Brand: m.Card.Brand, Last4: m.Card.Last4, ExpMonth: m.Card.ExpMonth, ExpYear: m.Card.ExpYear}
	if card.Last4 == "" {
		card.Last4 = m.Sepa.Last4
	}
	return card, nil
}
