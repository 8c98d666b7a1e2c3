package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// control guards the sandbox's own controls with the platform key.
func (s *Sandbox) control(run func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{s: s, w: w, r: r, id: newID("req_")}
		if own, err := s.authenticate(r); err != nil || own != "" {
			e := badRequest("", "", "The sandbox's controls need the platform's secret key.")
			e.status = http.StatusUnauthorized
			s.answer(w, e.status, e.body())
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		out, err := run(r)
		if err != nil {
			c.fail(r.Context(), err)
			return
		}
		s.answer(w, http.StatusOK, out)
	}
}

func (s *Sandbox) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have left
}

func readJSON(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badRequest("", "", "Invalid JSON: %v", err)
	}
	return nil
}

func (s *Sandbox) controlFaults(r *http.Request) (any, error) {
	var f Faults
	if err := readJSON(r, &f); err != nil {
		return nil, err
	}
	s.SetFaults(f)
	return f, nil
}

func (s *Sandbox) controlTick(r *http.Request) (any, error) {
	if err := s.Tick(r.Context()); err != nil {
		return nil, err
	}
	return obj{"now": s.cfg.Now().UTC().Format("2006-01-02T15:04:05Z")}, nil
}

// controlDunning sets what an account (?account=) does with failed renewals.
func (s *Sandbox) controlDunning(r *http.Request) (any, error) {
	rules := Dunning{}
	if err := readJSON(r, &rules); err != nil {
		return nil, err
	}
	if rules.Action != "cancel" && rules.Action != "unpaid" && rules.Action != "past_due" {
		return nil, badRequest("", "action", "Invalid action: must be one of cancel, unpaid or past_due")
	}
	err := s.write(r.Context(), r.URL.Query().Get("account"), func(t *tx) error { return t.setDunning(rules) })
	return rules, err
}

// Delivery is one planned or made webhook delivery, as GET /_sandbox/deliveries lists it.
type Delivery struct {
	Seq      int64  `json:"seq"`
	Account  string `json:"account"`
	Event    string `json:"event"`
	Type     string `json:"type"`
	Endpoint string `json:"endpoint"`
	Attempts int    `json:"attempts"`
	State    string `json:"state"` // pending, delivered, failed, dropped or abandoned
	Response int    `json:"response"`
	Error    string `json:"error"`
	Fault    string `json:"fault"`
}

// controlDeliveries lists the newest deliveries first, at most 1000 (?state= filters).
func (s *Sandbox) controlDeliveries(r *http.Request) (any, error) {
	rows, err := s.db.QueryContext(r.Context(), `SELECT seq, account, event, type, endpoint, attempts, state, response, error, fault
		FROM deliveries WHERE ?='' OR state=? ORDER BY seq DESC LIMIT 1000`, r.URL.Query().Get("state"), r.URL.Query().Get("state"))
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := []Delivery{}
	for rows.Next() {
		var d Delivery
		if err := rows.Scan(&d.Seq, &d.Account, &d.Event, &d.Type, &d.Endpoint, &d.Attempts, &d.State, &d.Response, &d.Error, &d.Fault); err != nil {
			return nil, fmt.Errorf("list deliveries: %w", err)
		}
		out = append(out, d)
	}
	return obj{"deliveries": out}, rows.Err()
}
