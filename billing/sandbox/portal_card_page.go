package sandbox

import (
	"errors"
	"net/http"
	"time"
)

// cardView is the form for a new card.
type cardView struct {
	frame
	Form         cardForm
	Action, Back string
}

func (s *Sandbox) showCard(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	s.render(w, r, http.StatusOK, "portal_card", cardView{frame: s.portalFrame(r, v, "cardTitle"), Action: v.base + "/card", Back: v.base + "?home=1"})
}

func (s *Sandbox) submitCard(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	page := cardView{frame: s.portalFrame(r, v, "cardTitle"), Action: v.base + "/card", Back: v.base + "?home=1", Form: readCardForm(r)}
	typed := page.Form.check(page.frame, time.Now().Unix(), false, true) // cards of the real calendar
	if len(page.Form.Errors) > 0 {
		page.Error = page.T("fixFields")
		s.render(w, r, http.StatusUnprocessableEntity, "portal_card", page)
		return
	}
	err := s.write(r.Context(), v.t.account, func(t *tx) error {
		_, err := t.newDefaultCard(v.customer.str("id"), typed, page.Form)
		return err
	})
	if known, ok := errors.AsType[*apiError](err); ok {
		page.Error = page.declineText(known)
		s.render(w, r, http.StatusPaymentRequired, "portal_card", page)
		return
	}
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	v.leave(w, r)
}

// newDefaultCard attaches a typed card and makes the customer and the live
// subscriptions use it.
func (t *tx) newDefaultCard(customerID string, typed *typedCard, form cardForm) (obj, error) {
	customer, err := t.find("customer", customerID)
	if err != nil {
		return nil, err
	}
	if err := t.follow(customer); err != nil {
		return nil, err
	}
	known, ok := cardByNumber(typed.Number)
	if !ok {
		known = testCard{number: typed.Number, brand: "visa", trait: cardDeclined, country: "US"}
	}
	t.params = obj{}
	pm := t.newCard(known, typed.Month, typed.Year, obj{"email": customer["email"], "name": form.Name})
	pm["_authenticated"] = true // the buyer is here and confirms it
	if err := t.insert(pm); err != nil {
		return nil, err
	}
	if err := t.attachCard(pm, customer); err != nil {
		return nil, err
	}
	if err := t.change("customer.updated", customer, func() { customer.sub("invoice_settings")["default_payment_method"] = pm["id"] }); err != nil {
		return nil, err
	}
	subs, err := t.all("subscription", "customer=? AND status NOT IN ('canceled','incomplete_expired')", customerID)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if err := t.change("customer.subscription.updated", sub, func() { sub["default_payment_method"] = pm["id"] }); err != nil {
			return nil, err
		}
	}
	return pm, nil
}
