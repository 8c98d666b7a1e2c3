package sandbox

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// invoiceView is the hosted invoice, with a card form while it is open.
type invoiceView struct {
	frame
	Form           cardForm
	Action         string
	Heading        string
	BillTo         string
	State          string
	Paid, Open     bool
	Lines          []lineView
	Total, Balance string
	Due, Button    string
	PDF            string
}

// loadInvoice finds the invoice of a hosted page by its id, in any account.
func (s *Sandbox) loadInvoice(w http.ResponseWriter, r *http.Request) (*tx, obj, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id := r.PathValue("id")
	account, err := s.accountOf(r.Context(), "invoice", id)
	if err != nil {
		s.notFound(w, r)
		return nil, nil, false
	}
	t := s.reader(r.Context(), account)
	inv, err := t.find("invoice", id)
	if err != nil || inv.str("status") == "draft" {
		s.notFound(w, r)
		return nil, nil, false
	}
	return t, inv, true
}

func (s *Sandbox) invoiceView(r *http.Request, t *tx, inv obj) invoiceView {
	f := s.frameFor(r, t.account, "", "invoiceTitle")
	currency := inv.str("currency")
	v := invoiceView{frame: f, Action: "/i/" + inv.str("id"), Heading: f.T("invoiceNumber", inv.str("number")), PDF: "/i/" + inv.str("id") + "/pdf"}
	v.BillTo = strings.Trim(inv.str("customer_name")+", "+inv.str("customer_email"), ", ")
	v.Total, v.Due = f.Money(inv.num("total"), currency), f.Money(inv.num("amount_due"), currency)
	if used := inv.num("amount_due") - inv.num("total"); used != 0 {
		v.Balance = f.Money(used, currency)
	}
	for _, line := range inv.objs("_lines") {
		v.Lines = append(v.Lines, lineView{Name: line.str("description"), Amount: f.Money(line.num("amount"), currency)})
	}
	switch inv.str("status") {
	case "paid":
		v.Paid, v.State = true, f.T("invoicePaid", f.Date(inv.sub("status_transitions").num("paid_at")))
	case "open", "uncollectible":
		v.Open, v.State, v.Button = true, f.T("invoiceOpen"), f.T("payNow", f.Money(inv.num("amount_remaining"), currency))
	default:
		v.State = f.T("invoiceVoid")
	}
	return v
}

func (s *Sandbox) showInvoice(w http.ResponseWriter, r *http.Request) {
	if t, inv, ok := s.loadInvoice(w, r); ok {
		s.render(w, r, http.StatusOK, "invoice", s.invoiceView(r, t, inv))
	}
}

// submitInvoice pays an open invoice with a typed card, which then becomes the
// customer's default: this is how a buyer repairs a failed renewal.
func (s *Sandbox) submitInvoice(w http.ResponseWriter, r *http.Request) {
	t, inv, ok := s.loadInvoice(w, r)
	if !ok {
		return
	}
	view := s.invoiceView(r, t, inv)
	if !view.Open {
		http.Redirect(w, r, view.Action, http.StatusSeeOther)
		return
	}
	view.Form = readCardForm(r)
	typed := view.Form.check(view.frame, time.Now().Unix(), false, true) // cards of the real calendar
	if len(view.Form.Errors) > 0 {
		view.Error = view.T("fixFields")
		s.render(w, r, http.StatusUnprocessableEntity, "invoice", view)
		return
	}
	err := s.write(r.Context(), t.account, func(t *tx) error {
		inv, err := t.find("invoice", inv.str("id"))
		if err != nil || inv.str("status") == "paid" {
			return err
		}
		pm, err := t.newDefaultCard(inv.str("customer"), typed, view.Form)
		if err != nil {
			return err
		}
		decline, err := t.pay(inv, paying{card: pm, onSession: true, authenticated: true})
		if err != nil {
			return err
		}
		if decline != nil {
			return declinedError{decline}
		}
		return nil
	})
	var declined declinedError
	var known *apiError
	switch {
	case errors.As(err, &declined):
		known = declined.decline
	case errors.As(err, &known):
	case err != nil:
		s.pageFailed(w, r, err)
		return
	}
	if known != nil {
		view.Error = view.declineText(known)
		s.render(w, r, http.StatusPaymentRequired, "invoice", view)
		return
	}
	http.Redirect(w, r, view.Action, http.StatusSeeOther)
}

func (s *Sandbox) invoicePDF(w http.ResponseWriter, r *http.Request) {
	t, inv, ok := s.loadInvoice(w, r)
	if !ok {
		return
	}
	v := s.invoiceView(r, t, inv)
	rows := []string{v.Seller, v.Heading, v.T("date") + ": " + v.Date(inv.num("effective_at")), v.T("billTo") + ": " + v.BillTo, ""}
	for _, line := range v.Lines {
		rows = append(rows, line.Name+"    "+line.Amount)
	}
	rows = append(rows, "", v.T("total")+": "+v.Total, v.T("amountDue")+": "+v.Due, v.State, "", v.T("bandTitle"))
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `attachment; filename="`+inv.str("number")+`.pdf"`)
	_, _ = w.Write(textPDF(rows)) // the browser may have left
}

// showReceipt is the page behind a charge's receipt_url.
func (s *Sandbox) showReceipt(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	account, err := s.accountOf(r.Context(), "charge", id)
	if err != nil {
		s.notFound(w, r)
		return
	}
	ch, err := s.reader(r.Context(), account).find("charge", id)
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	f := s.frameFor(r, account, "", "amount")
	s.notice(w, r, http.StatusOK, f, f.Money(ch.num("amount"), ch.str("currency"))+", "+f.Date(ch.num("created")), "", "")
}
