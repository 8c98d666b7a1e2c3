package app_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// TestSeatsFromQuoteToInvoice: an org buys seats, is told what one more will cost, gets a member, and pays exactly
// that on the invoice that it was told of.
func TestSeatsFromQuoteToInvoice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.teamOrg(t)
		ctx := audit.WithRequest(t.Context(), audit.Request{ActorKind: audit.ActorUser, ActorID: owner.ID})
		h.advance(t, 10*24*time.Hour+time.Hour)
		quote, err := h.App.Billing().QuoteSeats(ctx, org.ID, 1)
		must(t, err)
		if len(quote.Lines) != 1 {
			t.Fatalf("quoted %+v", quote)
		}
		line := quote.Lines[0]
		if line.From != 1 || line.To != 2 || line.Prorated <= 0 || line.Prorated >= 3000 || line.RenewalBefore != 3000 || line.RenewalAfter != 6000 || line.AppName != "Acme CRM" {
			t.Errorf("quoted %+v", line)
		}
		h.advance(t, 20*time.Minute)
		h.join(billing.WithConfirmedQuote(ctx, quote), t, org)
		h.settle(t)
		rows, _, err := h.App.Billing().SeatLedger(ctx, org.ID, "", 10)
		must(t, err)
		if r := rows[0]; len(rows) != 2 || r.Status != billing.SeatDone || r.Amount != line.Prorated || r.ActorID != owner.ID || r.InvoiceID != "" || len(strings.Fields(r.InvoiceLine)) != 2 {
			t.Errorf("ledger %+v", rows)
		}
		h.advance(t, 22*24*time.Hour) // into the next period
		h.settle(t)
		h.invoiced(t, org, line)

		// A quantity that somebody sets at Stripe does not stay.
		sub := h.seatState(t, org).Subscription
		form := url.Values{"items[0][id]": {sub.ItemID}, "items[0][quantity]": {"1"}}
		header := bearer(h.line.SandboxKey)
		header.Set("Stripe-Account", "acct_demo_acme")
		if res := post(t, h.line.SandboxURL+"/v1/subscriptions/"+sub.StripeID, "application/x-www-form-urlencoded", form.Encode(), header); res.status != http.StatusOK {
			t.Fatalf("change at Stripe: %d %s", res.status, res.body)
		}
		eventually(t, "the quantity is that of the members again", func() bool {
			must(t, h.App.CatchUp(ctx))
			return h.stripeQuantity(t, sub.StripeID) == 2
		})
		h.capped(t, org)
	})
}

// teamOrg makes an org of one owner that has bought the plan for teams.
func (h *house) teamOrg(t *testing.T) (idp.Org, idp.User) {
	t.Helper()
	ctx := t.Context()
	owner, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Name: "Olga Owner", Verified: true, Locale: "pl"})
	must(t, err)
	org, err := h.App.Identity().CreateOrg(ctx, idp.CreateOrg{Name: "Seats " + owner.ID[len(owner.ID)-6:], OwnerUserID: owner.ID})
	must(t, err)
	c, err := h.App.Billing().StartCheckout(ctx, billing.Buyer{UserID: owner.ID, OrgID: org.ID, Email: owner.Email, OrgName: org.Name, Lang: "pl"},
		billing.CheckoutRequest{ClientID: "acme-crm", PriceID: priceOf(t, h.line.Issuer, "acme-crm", "team")})
	must(t, err)
	res := post(t, c.URL, "application/x-www-form-urlencoded", url.Values{
		"email": {owner.Email}, "cardNumber": {apptest.CardPays}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"Olga"},
	}.Encode(), http.Header{"Sec-Fetch-Site": {"same-origin"}})
	if res.status != http.StatusSeeOther {
		t.Fatalf("payment: %d %s", res.status, res.body)
	}
	_, err = h.App.Billing().FinishCheckout(ctx, c.ID, org.ID)
	must(t, err)
	return org, owner
}

func (h *house) seatState(t *testing.T, org idp.Org) billing.SeatState {
	t.Helper()
	states, err := h.App.Billing().SeatStates(t.Context(), org.ID)
	must(t, err)
	if len(states) != 1 {
		t.Fatalf("states %+v", states)
	}
	return states[0]
}

func (h *house) stripeQuantity(t *testing.T, id string) int64 {
	t.Helper()
	for _, s := range h.stripe(t, "/v1/subscriptions?limit=100") {
		if s["id"] == id {
			return int64(s["items"].(map[string]any)["data"].([]any)[0].(map[string]any)["quantity"].(float64))
		}
	}
	return 0
}

// invoiced compares the invoice of the renewal with what the quote said, and with what the ledger says.
func (h *house) invoiced(t *testing.T, org idp.Org, line billing.SeatQuoteLine) {
	t.Helper()
	sub := h.seatState(t, org).Subscription
	for _, inv := range h.stripe(t, "/v1/invoices?limit=100&subscription="+sub.StripeID) {
		if inv["period_end"].(float64) != float64(line.InvoiceAt.Unix()) {
			continue
		}
		if total := int64(inv["total"].(float64)); total != line.Prorated+line.RenewalAfter {
			t.Errorf("told %d and %d, invoiced %d", line.Prorated, line.RenewalAfter, total)
		}
		rows, _, err := h.App.Billing().SeatLedger(t.Context(), org.ID, "", 10)
		must(t, err)
		if rows[0].InvoiceID != inv["id"] {
			t.Errorf("the ledger names %q, the invoice is %s", rows[0].InvoiceID, inv["id"])
		}
		return
	}
	t.Errorf("no invoice of %s", line.InvoiceAt)
}

// join makes a newcomer a member.
func (h *house) join(ctx context.Context, t *testing.T, org idp.Org) {
	t.Helper()
	person, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Verified: true})
	must(t, err)
	_, err = h.App.Identity().AddMember(ctx, org.ID, person.ID, "member")
	must(t, err)
}

// capped lets the org forbid itself a third seat.
func (h *house) capped(t *testing.T, org idp.Org) {
	t.Helper()
	ctx := t.Context()
	must(t, h.App.Billing().SetSeatLimits(ctx, billing.SeatLimits{OrgID: org.ID, MaxMonthlyAmount: 8999, Currency: "PLN"}))
	person, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Verified: true})
	must(t, err)
	_, err = h.App.Identity().AddMember(ctx, org.ID, person.ID, "member")
	limit, _ := errors.AsType[*idp.SeatCapError](err)
	if diff := cmp.Diff(&idp.SeatCapError{Reason: "org_amount", Currency: "PLN", Amount: 8999}, limit); diff != "" || !errors.Is(err, idp.ErrSeatCap) {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestSeatsStuckAtStripe: Stripe answers nothing any more; the member stays, the org sees why, its people are told
// once after a day, each in their own language, and all comes right when Stripe is back.
func TestSeatsStuckAtStripe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.teamOrg(t)
		ctx := t.Context()
		admin, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Verified: true, Locale: "en"})
		must(t, err)
		_, err = h.App.Identity().AddMember(ctx, org.ID, admin.ID, "admin")
		must(t, err)
		h.settle(t)
		h.Sandbox.SetFaults(sandbox.Faults{APIError: 1})
		h.join(ctx, t, org)
		eventually(t, "the reason is known", func() bool { return h.seatState(t, org).Reason == billing.SeatReasonUnavailable })
		if s := h.seatState(t, org); !s.Pending || s.Members != 3 || s.Wanted != 3 || s.Quantity != 2 || s.Since == nil {
			t.Errorf("%+v", s)
		}
		must(t, h.Clock.Advance(25*time.Hour))
		told := func() (texts []string) {
			page := apptest.NewBrowser(t).Get(h.line.OutboxURL)
			for _, want := range []string{owner.Email, admin.Email} {
				if strings.Contains(page.Body, want) {
					texts = append(texts, want)
				}
			}
			return texts
		}
		eventually(t, "both are told", func() bool { return len(told()) == 2 })
		page := apptest.NewBrowser(t).Get(h.line.OutboxURL).Text()
		for _, want := range []string{org.Name + ": the number of seats has not reached billing", org.Name + ": zmiana liczby stanowisk czeka na rozliczenie"} {
			if strings.Count(page, want) != 1 {
				t.Errorf("%d mails say %q", strings.Count(page, want), want)
			}
		}
		h.Sandbox.SetFaults(sandbox.Faults{})
		must(t, h.Clock.Advance(time.Hour))
		eventually(t, "the seats have arrived", func() bool { return !h.seatState(t, org).Pending })
	})
}
