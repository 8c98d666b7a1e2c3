package sandbox

import (
	"net/http"
)

// confirmView asks before a subscription is cancelled.
type confirmView struct {
	frame
	Action, Back, Text, ID string
}

func (s *Sandbox) showCancel(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	sub, err := v.t.need("subscription", r.URL.Query().Get("subscription"))
	if err != nil || sub.str("customer") != v.customer.str("id") || !v.feature("subscription_cancel").flag("enabled") {
		s.notFound(w, r)
		return
	}
	page := confirmView{frame: s.portalFrame(r, v, "cancelTitle"), Action: v.base + "/cancel", Back: v.base + "?home=1", ID: sub.str("id")}
	page.Text = page.T("cancelText", page.Date(sub.num("current_period_end")))
	if v.feature("subscription_cancel").str("mode") == "immediately" {
		page.Text = page.T("cancelNowText")
	}
	s.render(w, r, http.StatusOK, "portal_cancel", page)
}

func (s *Sandbox) submitCancel(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	if !v.feature("subscription_cancel").flag("enabled") {
		s.notFound(w, r)
		return
	}
	op, params := updateSubscription, obj{"cancel_at_period_end": true}
	if v.feature("subscription_cancel").str("mode") == "immediately" {
		op, params = cancelSubscription, obj{}
	}
	if err := s.act(r, v, r.PostFormValue("subscription"), op, params); err != nil {
		s.portalFailed(w, r, v, err)
		return
	}
	v.leave(w, r)
}

func (s *Sandbox) submitKeep(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	if err := s.act(r, v, r.PostFormValue("subscription"), updateSubscription, obj{"cancel_at_period_end": false}); err != nil {
		s.portalFailed(w, r, v, err)
		return
	}
	v.leave(w, r)
}
