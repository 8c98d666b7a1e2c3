package sandbox

import (
	"net/http"
	"strconv"
)

// switchView lets the customer choose another price or quantity.
type switchView struct {
	frame
	Action, Back, ID string
	Choices          []priceChoice
	Quantity         int64
	AskQuantity      bool
}

type priceChoice struct {
	ID, Text string
	Current  bool
}

func (s *Sandbox) showSwitch(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	sub, err := v.t.need("subscription", r.URL.Query().Get("subscription"))
	confirm := v.session.sub("flow").sub("subscription_update_confirm")
	if err != nil || sub.str("customer") != v.customer.str("id") || !v.feature("subscription_update").flag("enabled") && confirm == nil {
		s.notFound(w, r)
		return
	}
	page := switchView{frame: s.portalFrame(r, v, "switchTitle"), Action: v.base + "/switch", Back: v.base + "?home=1", ID: sub.str("id")}
	if err := v.choices(&page, sub, confirm); err != nil {
		s.pageFailed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "portal_switch", page)
}

// choices lists the prices on offer: the one that the flow names, or all that
// the configuration allows in the subscription's currency.
func (v *portalVisit) choices(page *switchView, sub, confirm obj) error {
	seats, err := v.t.seats(sub)
	if err != nil {
		return err
	}
	current := seats[0]
	page.Quantity, page.AskQuantity = current.quantity(), confirm == nil
	ids := []string{current.price.str("id")}
	if confirm != nil {
		if items := confirm.objs("items"); len(items) > 0 {
			ids[0] = items[0].or("price", ids[0]).(string)
			page.Quantity = items[0].or("quantity", page.Quantity).(int64)
		}
	} else {
		for _, product := range v.feature("subscription_update").objs("products") {
			ids = append(ids, product.strs("prices")...)
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		price, err := v.t.find("price", id)
		if err != nil {
			return err
		}
		if seen[id] || price.str("currency") != sub.str("currency") || !price.flag("active") && id != current.price.str("id") {
			continue
		}
		seen[id] = true
		name, err := v.t.productName(price)
		if err != nil {
			return err
		}
		text := name + ": " + page.Money(total(price, page.Quantity), price.str("currency")) + " " + page.per(price.sub("recurring"))
		page.Choices = append(page.Choices, priceChoice{id, text, id == current.price.str("id") || confirm != nil})
	}
	return nil
}

func (s *Sandbox) submitSwitch(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	id, price := r.PostFormValue("subscription"), r.PostFormValue("price")
	confirm := v.session.sub("flow").sub("subscription_update_confirm")
	if !v.feature("subscription_update").flag("enabled") && confirm == nil {
		s.notFound(w, r)
		return
	}
	quantity, err := strconv.ParseInt(r.PostFormValue("quantity"), 10, 64)
	if err != nil || quantity < 1 || quantity > 1_000_000 {
		s.portalFailed(w, r, v, badRequest("", "quantity", "Invalid integer: %s", r.PostFormValue("quantity")))
		return
	}
	sub, err := v.t.need("subscription", id)
	if err != nil {
		s.notFound(w, r)
		return
	}
	allowed := switchView{frame: s.portalFrame(r, v, "switchTitle")}
	if err := v.choices(&allowed, sub, confirm); err != nil {
		s.pageFailed(w, r, err)
		return
	}
	offered := false
	for _, c := range allowed.Choices {
		offered = offered || c.ID == price
	}
	seats, err := v.t.seats(sub)
	if err != nil || !offered {
		s.notFound(w, r)
		return
	}
	if confirm != nil {
		quantity = allowed.Quantity
	}
	behavior := v.feature("subscription_update").or("proration_behavior", "create_prorations")
	params := obj{"items": []any{obj{"id": seats[0].item["id"], "price": price, "quantity": quantity}}, "proration_behavior": behavior, "payment_behavior": "error_if_incomplete"}
	if err := s.act(r, v, id, updateSubscription, params); err != nil {
		s.portalFailed(w, r, v, err)
		return
	}
	v.leave(w, r)
}
