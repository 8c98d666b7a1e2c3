package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// portalView is the customer's page: plans, card, invoices.
type portalView struct {
	frame
	Base      string
	ReturnURL string
	Plans     []planView
	Card      string
	Invoices  []invoiceRow
	Features  portalSwitches
}

type portalSwitches struct{ Cancel, Card, Update, History bool }

type planView struct {
	ID, Name, Price, State string
	PastDue, Ending, Live  bool
}

type invoiceRow struct {
	Number, Date, Status, Total, URL string
}

// portalVisit is one request to the portal: its session and customer.
type portalVisit struct {
	t                         *tx
	session, customer, config obj
	base                      string
}

func (s *Sandbox) visit(w http.ResponseWriter, r *http.Request) (*portalVisit, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id := r.PathValue("id")
	account, err := s.accountOf(r.Context(), "billing_portal.session", id)
	if err != nil {
		s.notFound(w, r)
		return nil, false
	}
	v := &portalVisit{t: s.reader(r.Context(), account), base: "/p/session/" + id}
	if v.session, err = v.t.find("billing_portal.session", id); err == nil {
		if v.customer, err = v.t.find("customer", v.session.str("customer")); err == nil {
			v.config, err = v.t.find("billing_portal.configuration", v.session.str("configuration"))
		}
	}
	if err == nil {
		err = v.t.follow(v.customer)
	}
	if err != nil || v.customer.flag("deleted") {
		s.notFound(w, r)
		return nil, false
	}
	return v, true
}

func (v *portalVisit) feature(name string) obj { return v.config.sub("features").sub(name) }

func (s *Sandbox) portalFrame(r *http.Request, v *portalVisit, title string) frame {
	return s.frameFor(r, v.t.account, v.session.str("locale"), title)
}

func (s *Sandbox) showPortal(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	if flow := v.session.sub("flow"); flow != nil && r.URL.Query().Get("home") == "" {
		if target := flowTarget(v.base, flow); target != "" {
			http.Redirect(w, r, target, http.StatusSeeOther)
			return
		}
	}
	page := portalView{frame: s.portalFrame(r, v, "portalTitle"), Base: v.base, ReturnURL: v.session.str("return_url")}
	page.Features = portalSwitches{v.feature("subscription_cancel").flag("enabled"), v.feature("payment_method_update").flag("enabled"), v.feature("subscription_update").flag("enabled"), v.feature("invoice_history").flag("enabled")}
	if err := v.fill(&page); err != nil {
		s.pageFailed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "portal", page)
}

// flowTarget is the page that a session with a flow begins on.
func flowTarget(base string, flow obj) string {
	switch kind := flow.str("type"); kind {
	case "payment_method_update":
		return base + "/card"
	case "subscription_cancel":
		return base + "/cancel?subscription=" + flow.sub(kind).str("subscription")
	case "subscription_update", "subscription_update_confirm":
		return base + "/switch?subscription=" + flow.sub(kind).str("subscription")
	default:
		return ""
	}
}

func (v *portalVisit) fill(page *portalView) error {
	subs, err := v.t.all("subscription", "customer=? AND status<>'incomplete_expired'", v.customer.str("id"))
	if err != nil {
		return err
	}
	for _, sub := range subs {
		plan, err := v.plan(page.frame, sub)
		if err != nil {
			return err
		}
		page.Plans = append(page.Plans, plan)
	}
	card, err := v.currentCard(subs)
	if err != nil {
		return err
	}
	if card != nil {
		c := card.sub("card")
		expiry := strconv.FormatInt(c.num("exp_month"), 10) + "/" + strconv.FormatInt(c.num("exp_year"), 10)
		page.Card = page.T("cardEnding", strings.ToUpper(c.str("brand")[:1])+c.str("brand")[1:], c.str("last4"), expiry)
	}
	invoices, err := v.t.all("invoice", "customer=? AND status<>'draft'", v.customer.str("id"))
	if err != nil {
		return err
	}
	for _, inv := range slices.Backward(invoices) {
		page.Invoices = append(page.Invoices, invoiceRow{inv.str("number"), page.Date(inv.num("created")), page.T("status_" + inv.str("status")), page.Money(inv.num("total"), inv.str("currency")), "/i/" + inv.str("id")})
	}
	return nil
}

func (v *portalVisit) currentCard(subs []obj) (obj, error) {
	for _, sub := range subs {
		if sub.str("status") != "canceled" {
			return v.t.cardFor(v.customer, sub)
		}
	}
	return v.t.cardFor(v.customer, nil)
}

func (v *portalVisit) plan(f frame, sub obj) (planView, error) {
	seats, err := v.t.seats(sub)
	if err != nil {
		return planView{}, err
	}
	out := planView{ID: sub.str("id"), Live: sub.str("status") != "canceled", PastDue: sub.str("status") == "past_due" || sub.str("status") == "unpaid"}
	var names []string
	var sum int64
	for _, s := range seats {
		name, err := v.t.productName(s.price)
		if err != nil {
			return planView{}, err
		}
		if s.quantity() > 1 {
			name += " × " + strconv.FormatInt(s.quantity(), 10)
		}
		names = append(names, name)
		sum += s.total()
	}
	out.Name = strings.Join(names, ", ")
	out.Price = f.Money(sum, sub.str("currency")) + " " + f.per(seats[0].price.sub("recurring"))
	switch {
	case !out.Live:
		out.State = f.T("endedOn", f.Date(sub.num("ended_at")))
	case sub.has("cancel_at"):
		out.Ending, out.State = true, f.T("endsOn", f.Date(sub.num("cancel_at")))
	case sub.str("status") == "trialing":
		out.State = f.T("trialEnds", f.Date(sub.num("trial_end")))
	default:
		out.State = f.T("renewsOn", f.Date(sub.num("current_period_end")))
	}
	return out, nil
}

// act runs an API operation on a subscription of this customer, from a page.
func (s *Sandbox) act(r *http.Request, v *portalVisit, sub string, op operation, params obj) error {
	return s.write(r.Context(), v.t.account, func(t *tx) error {
		t.params, t.id = params, sub
		t.header = func(string) string { return "" }
		o, err := t.need("subscription", sub)
		if err != nil {
			return err
		}
		if o.str("customer") != v.customer.str("id") {
			return noSuch("subscription", sub)
		}
		_, err = op.run(t)
		return err
	})
}

// leave goes where the session's flow or its return says after an action.
func (v *portalVisit) leave(w http.ResponseWriter, r *http.Request) {
	target := v.base + "?home=1"
	if after := v.session.sub("flow").sub("after_completion"); after.str("type") == "redirect" {
		target = after.sub("redirect").str("return_url")
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

func (s *Sandbox) portalFailed(w http.ResponseWriter, r *http.Request, v *portalVisit, err error) {
	var known *apiError
	if !errors.As(err, &known) {
		s.pageFailed(w, r, err)
		return
	}
	f := s.portalFrame(r, v, "failedTitle")
	s.notice(w, r, known.status, f, known.message, v.base+"?home=1", f.T("goBack"))
}
