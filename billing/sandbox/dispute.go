package sandbox

import "net/http"

// A dispute begins when a buyer complains to the bank. Stripe begins one by a
// test card; here the control POST /_sandbox/disputes {"charge","account"} does,
// and {"status":"won"|"lost"} ends it.
type disputeRequest struct {
	Account string `json:"account"`
	Charge  string `json:"charge"`
	Reason  string `json:"reason"`
	Status  string `json:"status"`
}

func (s *Sandbox) controlDispute(r *http.Request) (any, error) {
	var req disputeRequest
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	var out obj
	err := s.write(r.Context(), req.Account, func(t *tx) error {
		t.params = obj{}
		ch, err := t.needParam("charge", req.Charge, "charge")
		if err != nil {
			return err
		}
		existing, err := t.all("dispute", "parent=?", req.Charge)
		if err != nil {
			return err
		}
		if len(existing) > 0 {
			out = existing[0]
			return t.settleDispute(out, ch, req.Status)
		}
		if out, err = t.openDispute(ch, req.Reason); err != nil {
			return err
		}
		return t.settleDispute(out, ch, req.Status)
	})
	if err != nil {
		return nil, err
	}
	return strip(out, s.base()), nil
}

func (t *tx) openDispute(ch obj, reason string) (obj, error) {
	if ch.str("status") != "succeeded" {
		return nil, badRequest("", "charge", "Charge %s has not succeeded and cannot be disputed.", ch.str("id"))
	}
	if reason == "" {
		reason = "fraudulent"
	}
	o := t.base("dispute", "dp_")
	o["amount"], o["balance_transactions"], o["charge"], o["currency"] = ch.num("amount")-ch.num("amount_refunded"), []any{}, ch["id"], ch["currency"]
	evidence := obj{}
	for _, k := range []string{
		"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
		"customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
		"refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
		"shipping_tracking_number", "uncategorized_file", "uncategorized_text",
	} {
		evidence[k] = nil
	}
	o["evidence"], o["evidence_details"] = evidence, obj{"due_by": t.now + 7*day, "has_evidence": false, "past_due": false, "submission_count": int64(0)}
	o["is_charge_refundable"], o["payment_intent"], o["reason"], o["status"] = false, ch["payment_intent"], reason, "needs_response"
	ch["disputed"] = true
	if err := t.save(ch); err != nil {
		return nil, err
	}
	if err := t.create("charge.dispute.created", o); err != nil {
		return nil, err
	}
	return o, t.emit("charge.dispute.funds_withdrawn", o)
}

// settleDispute closes a dispute as won or lost.
func (t *tx) settleDispute(o, ch obj, status string) error {
	if status != "won" && status != "lost" || o.str("status") == status {
		return nil
	}
	o["status"] = status
	ch["_disputed_lost"] = status == "lost"
	if err := t.save(ch); err != nil {
		return err
	}
	if err := t.save(o); err != nil {
		return err
	}
	if status == "won" {
		if err := t.emit("charge.dispute.funds_reinstated", o); err != nil {
			return err
		}
	}
	return t.emit("charge.dispute.closed", o)
}

var listDisputes = operation{
	params: listParams(fields{"charge": text(), "payment_intent": text()}),
	run: func(t *tx) (obj, error) {
		return t.page("dispute", "/v1/disputes", t.where(map[string]string{"charge": "parent=?", "payment_intent": jsonPath("payment_intent")})...)
	},
}
