package sandbox

import "net/http"

// The bank's page of a payment intent that waits for authentication, where a
// subscription was made through the API rather than through checkout.

func (s *Sandbox) openIntent(w http.ResponseWriter, r *http.Request) (string, obj, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id := r.PathValue("id")
	account, err := s.accountOf(r.Context(), "payment_intent", id)
	if err != nil {
		s.notFound(w, r)
		return "", nil, false
	}
	intent, err := s.reader(r.Context(), account).find("payment_intent", id)
	if err != nil {
		s.pageFailed(w, r, err)
		return "", nil, false
	}
	if intent.str("status") != "requires_action" {
		f := s.frameFor(r, account, "", "completeTitle")
		s.notice(w, r, http.StatusOK, f, f.T("completeText"), "", "")
		return "", nil, false
	}
	return account, intent, true
}

func (s *Sandbox) showIntent(w http.ResponseWriter, r *http.Request) {
	account, intent, ok := s.openIntent(w, r)
	if !ok {
		return
	}
	v := authView{frame: s.frameFor(r, account, "", "authTitle"), Action: "/pay/" + intent.str("id") + "/authenticate"}
	v.Amount = v.Money(intent.num("amount"), intent.str("currency"))
	s.render(w, r, http.StatusOK, "authenticate", v)
}

func (s *Sandbox) submitIntent(w http.ResponseWriter, r *http.Request) {
	account, intent, ok := s.openIntent(w, r)
	if !ok {
		return
	}
	passed := r.PostFormValue("outcome") == "complete"
	err := s.write(r.Context(), account, func(t *tx) error {
		intent, err := t.find("payment_intent", intent.str("id"))
		if err != nil || intent.str("status") != "requires_action" {
			return err
		}
		card, err := t.find("payment_method", intent.str("payment_method"))
		if err != nil {
			return err
		}
		if !passed {
			_, err := t.declined(intent, card, cardError("payment_intent_authentication_failure", "", "The provided PaymentMethod has failed authentication."))
			return err
		}
		if intent.str("invoice") == "" {
			_, err := t.charge(intent, paying{card: card, onSession: true, authenticated: true})
			return err
		}
		inv, err := t.find("invoice", intent.str("invoice"))
		if err != nil {
			return err
		}
		_, err = t.pay(inv, paying{card: card, onSession: true, authenticated: true})
		return err
	})
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	title, text := "completeTitle", "completeText"
	if !passed {
		title, text = "failedTitle", "authFailed"
	}
	f := s.frameFor(r, account, "", title)
	s.notice(w, r, http.StatusOK, f, f.T(text), "", "")
}
