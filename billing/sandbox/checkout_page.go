package sandbox

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// checkoutView is the hosted checkout with what was typed and what is wrong.
type checkoutView struct {
	frame
	Form      cardForm
	ID        string
	CancelURL string
	Lines     []lineView
	Due       string
	Trial     string
	Button    string
	AskCard   bool
	AskEmail  bool
	SaveText  string
}

type lineView struct {
	Name, Detail, Amount string
}

// cardForm is the form as it was typed. Its fields are named as on Stripe's page.
type cardForm struct {
	Email, Number, Expiry, CVC, Name string
	Errors                           map[string]string
}

func readCardForm(r *http.Request) cardForm {
	field := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return cardForm{Email: field("email"), Number: field("cardNumber"), Expiry: field("cardExpiry"), CVC: field("cardCvc"), Name: field("billingName"), Errors: map[string]string{}}
}

// check reads the card, noting a message beside each wrong field.
func (c *cardForm) check(f frame, now int64, askEmail, askCard bool) *typedCard {
	if askEmail {
		if at := strings.Index(c.Email, "@"); at < 1 || at == len(c.Email)-1 || strings.ContainsAny(c.Email, " \t") {
			c.Errors["email"] = f.T("emailWrong")
		}
	}
	if !askCard {
		return nil
	}
	number, ok := digits(c.Number)
	if !ok || !luhn(number) {
		c.Errors["cardNumber"] = f.T("numberWrong")
	}
	month, year, ok := parseExpiry(c.Expiry)
	switch {
	case !ok:
		c.Errors["cardExpiry"] = f.T("expiryWrong")
	case expired(month, year, now):
		c.Errors["cardExpiry"] = f.T("expiryPast")
	}
	wanted := 3
	if strings.HasPrefix(number, "34") || strings.HasPrefix(number, "37") {
		wanted = 4
	}
	if len(c.CVC) != wanted || strings.Trim(c.CVC, "0123456789") != "" {
		c.Errors["cardCvc"] = f.T("cvcWrong")
	}
	if c.Name == "" {
		c.Errors["billingName"] = f.T("nameWrong")
	}
	return &typedCard{Number: number, Month: month, Year: year}
}

// openSession loads the session of a page, or answers with an honest page.
func (s *Sandbox) openSession(w http.ResponseWriter, r *http.Request) (obj, *tx, bool) {
	id := r.PathValue("id")
	account, err := s.accountOf(r.Context(), "checkout.session", id)
	if errors.Is(err, errAbsent) {
		s.notFound(w, r)
		return nil, nil, false
	}
	if err != nil {
		s.pageFailed(w, r, err)
		return nil, nil, false
	}
	t := s.reader(r.Context(), account)
	o, err := t.find("checkout.session", id)
	if err != nil {
		s.pageFailed(w, r, err)
		return nil, nil, false
	}
	return o, t, true
}

// closedSession answers for a session that can no longer be paid.
func (s *Sandbox) closedSession(w http.ResponseWriter, r *http.Request, t *tx, o obj) bool {
	status := o.str("status")
	if status == "open" && o.num("expires_at") <= t.now {
		status = "expired"
	}
	if status == "open" {
		return false
	}
	if status == "complete" {
		f := s.frameFor(r, t.account, o.str("locale"), "completeTitle")
		s.notice(w, r, http.StatusOK, f, f.T("completeText"), successURL(o), f.T("completeBack"))
		return true
	}
	f := s.frameFor(r, t.account, o.str("locale"), "expiredTitle")
	s.notice(w, r, http.StatusGone, f, f.T("expiredText"), o.str("cancel_url"), f.T("backToShop"))
	return true
}

func successURL(o obj) string {
	return strings.ReplaceAll(o.str("success_url"), "{CHECKOUT_SESSION_ID}", url.PathEscape(o.str("id")))
}

func (s *Sandbox) showCheckout(w http.ResponseWriter, r *http.Request) {
	o, t, ok := s.openSession(w, r)
	if !ok || s.closedSession(w, r, t, o) {
		return
	}
	view, err := s.checkoutView(r, t, o, cardForm{})
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	if r.URL.Query().Get("error") == "authentication" {
		view.Error = view.T("authFailed")
	}
	s.render(w, r, http.StatusOK, "checkout", view)
}

func (s *Sandbox) checkoutView(r *http.Request, t *tx, o obj, form cardForm) (checkoutView, error) {
	v := checkoutView{frame: s.frameFor(r, t.account, o.str("locale"), "checkoutTitle"), Form: form, ID: o.str("id"), CancelURL: o.str("cancel_url")}
	v.AskCard = asksCard(o)
	v.AskEmail = true
	if v.Form.Email == "" {
		v.Form.Email = o.str("customer_email")
		if id := o.str("customer"); id != "" {
			customer, err := t.find("customer", id)
			if err != nil {
				return v, err
			}
			v.Form.Email = customer.str("email")
		}
	}
	for _, line := range o.objs("_lines") {
		price, err := t.find("price", line.str("price"))
		if err != nil {
			return v, err
		}
		v.Lines = append(v.Lines, v.lineView(line, price))
	}
	if o.has("currency") {
		v.Due = v.Money(o.num("amount_total"), o.str("currency"))
	}
	data := o.sub("_subscription")
	end := data.num("trial_end")
	if n := data.num("trial_period_days"); n > 0 {
		end = t.now + n*day
	}
	switch {
	case end > 0:
		v.Trial, v.Button = v.T("trialUntil", v.Date(end)), v.T("startTrial")
	case o.str("mode") == "subscription":
		v.Button = v.T("subscribe")
	case o.str("mode") == "setup":
		v.Button = v.T("saveCard")
	default:
		v.Button = v.T("pay", v.Due)
	}
	if o.str("mode") == "subscription" {
		v.SaveText = v.T("renewNote", v.Seller)
	}
	return v, nil
}

// asksCard is false only where nothing is due and the session says that no card is needed then.
func asksCard(o obj) bool {
	if o.str("mode") == "payment" {
		return o.num("amount_total") > 0
	}
	return o.num("amount_total") > 0 || o.str("payment_method_collection") != "if_required"
}

func (f frame) lineView(line, price obj) lineView {
	quantity := line.num("quantity")
	amount := total(price, quantity)
	v := lineView{Name: line.str("description"), Amount: f.Money(amount, line.str("currency"))}
	switch {
	case price.str("billing_scheme") == "tiered":
		v.Detail = f.T("quantityTiered", quantity)
	case quantity > 1:
		v.Detail = f.T("quantityEach", quantity, f.Money(total(price, 1), line.str("currency")))
	}
	if rec := price.sub("recurring"); rec != nil {
		v.Amount += " " + f.per(rec)
	}
	return v
}

// per names a billing interval: "per month", "every 3 months".
func (f frame) per(rec obj) string {
	interval, n := rec.str("interval"), rec.num("interval_count")
	if n > 1 {
		return f.T("every_"+interval, n)
	}
	return f.T("per_" + interval)
}

// declinedError carries a decline out of a transaction that is to be undone.
type declinedError struct{ decline *apiError }

func (e declinedError) Error() string { return e.decline.message }

func (s *Sandbox) submitCheckout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	o, t, ok := s.openSession(w, r)
	if !ok {
		return
	}
	if o.str("status") == "complete" { // the second of a double click
		http.Redirect(w, r, successURL(o), http.StatusSeeOther)
		return
	}
	if s.closedSession(w, r, t, o) {
		return
	}
	form := readCardForm(r)
	view, err := s.checkoutView(r, t, o, form)
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	card := view.Form.check(view.frame, time.Now().Unix(), true, view.AskCard) // people type the cards of the real calendar
	if len(view.Form.Errors) > 0 {
		view.Error = view.T("fixFields")
		s.render(w, r, http.StatusUnprocessableEntity, "checkout", view)
		return
	}
	p := purchase{Email: form.Email, Name: form.Name, Card: card}
	if card != nil {
		if known, _ := cardByNumber(card.Number); known.trait == cardNeedsAuth {
			s.sendToBank(w, r, t.account, o.str("id"), p)
			return
		}
	}
	s.finish(w, r, t.account, view, p, false)
}

// finish completes the session in one transaction, once.
func (s *Sandbox) finish(w http.ResponseWriter, r *http.Request, account string, view checkoutView, p purchase, authenticated bool) {
	var done obj
	err := s.write(r.Context(), account, func(t *tx) error {
		o, err := t.find("checkout.session", view.ID)
		if err != nil {
			return err
		}
		done = o
		if o.str("status") != "open" {
			return nil
		}
		decline, err := t.complete(o, p, authenticated)
		if err != nil {
			return err
		}
		if decline != nil {
			return declinedError{decline}
		}
		return nil
	})
	var declined declinedError
	var refused *apiError
	switch {
	case errors.As(err, &declined):
		view.Error = view.declineText(declined.decline)
		s.render(w, r, http.StatusPaymentRequired, "checkout", view)
	case errors.As(err, &refused):
		view.Error = refused.message
		s.render(w, r, http.StatusBadRequest, "checkout", view)
	case err != nil:
		s.pageFailed(w, r, err)
	case done.str("status") != "complete":
		s.closedSession(w, r, s.reader(r.Context(), account), done)
	default:
		http.Redirect(w, r, successURL(done), http.StatusSeeOther)
	}
}

func (f frame) declineText(e *apiError) string {
	if e.decline == "insufficient_funds" {
		return f.T("insufficientFunds")
	}
	return f.T("cardDeclined")
}

// sendToBank keeps the form (never the whole card number of a page is needed
// again, only which test card it was) and leads to the bank's page.
func (s *Sandbox) sendToBank(w http.ResponseWriter, r *http.Request, account, id string, p purchase) {
	err := s.write(r.Context(), account, func(t *tx) error {
		o, err := t.find("checkout.session", id)
		if err != nil || o.str("status") != "open" {
			return err
		}
		o["_pending"] = obj{"email": p.Email, "name": p.Name, "number": p.Card.Number, "month": p.Card.Month, "year": p.Card.Year}
		return t.save(o)
	})
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	http.Redirect(w, r, "/c/pay/"+url.PathEscape(id)+"/authenticate", http.StatusSeeOther)
}

// authView is the bank's page between the checkout and its end.
type authView struct {
	frame
	Action string
	Amount string
}

func (s *Sandbox) showAuthenticate(w http.ResponseWriter, r *http.Request) {
	o, t, ok := s.openSession(w, r)
	if !ok || s.closedSession(w, r, t, o) {
		return
	}
	if o.sub("_pending") == nil {
		http.Redirect(w, r, "/c/pay/"+url.PathEscape(o.str("id")), http.StatusSeeOther)
		return
	}
	v := authView{frame: s.frameFor(r, t.account, o.str("locale"), "authTitle"), Action: "/c/pay/" + o.str("id") + "/authenticate"}
	if o.has("currency") {
		v.Amount = v.Money(o.num("amount_total"), o.str("currency"))
	}
	s.render(w, r, http.StatusOK, "authenticate", v)
}

func (s *Sandbox) submitAuthenticate(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	o, t, ok := s.openSession(w, r)
	if !ok {
		return
	}
	if o.str("status") == "complete" {
		http.Redirect(w, r, successURL(o), http.StatusSeeOther)
		return
	}
	if s.closedSession(w, r, t, o) {
		return
	}
	pending := o.sub("_pending")
	if pending == nil || r.PostFormValue("outcome") != "complete" {
		http.Redirect(w, r, "/c/pay/"+url.PathEscape(o.str("id"))+"?error=authentication", http.StatusSeeOther)
		return
	}
	p := purchase{Email: pending.str("email"), Name: pending.str("name"), Card: &typedCard{Number: pending.str("number"), Month: int(pending.num("month")), Year: int(pending.num("year"))}}
	view, err := s.checkoutView(r, t, o, cardForm{Email: p.Email, Name: p.Name})
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	s.finish(w, r, t.account, view, p, true)
}
