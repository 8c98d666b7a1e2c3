package billingtest

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
)

// PutInvoice places an invoice, or replaces the one of its id.
func (g *Gateway) PutInvoice(at billing.Account, invoice billing.RemoteInvoice) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.invoices[invoice.ID] = placed[billing.RemoteInvoice]{at, invoice}
}

// ReadInvoice implements [billing.InvoiceGateway].
func (g *Gateway) ReadInvoice(_ context.Context, at billing.Account, id string) (billing.RemoteInvoice, error) {
	return call(g, "ReadInvoice", func() (billing.RemoteInvoice, error) {
		found, ok := g.invoices[id]
		if !ok || found.at != at {
			return billing.RemoteInvoice{}, billing.ErrStripeGone
		}
		return found.spec, nil
	})
}
