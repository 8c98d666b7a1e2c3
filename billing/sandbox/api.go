package sandbox

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"
)

// operation is one API method: the parameters it knows, and what it does.
// It returns a stored object or a list; the reply is rendered from it.
type operation struct {
	params fields
	run    func(*tx) (obj, error)
}

// call is one API request on its way through.
type call struct {
	s       *Sandbox
	w       http.ResponseWriter
	r       *http.Request
	op      operation
	id      string
	account string
	form    *formNode
	key     string
}

// api serves one operation: authenticate, read, look for a saved reply, check
// the parameters, execute, answer.
func (s *Sandbox) api(op operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{s: s, w: w, r: r, op: op, id: newID("req_")}
		w.Header().Set("Request-Id", c.id)
		w.Header().Set("Stripe-Version", apiVersion)
		w.Header().Set("Cache-Control", "no-cache, no-store")
		if err := c.open(); err != nil {
			c.fail(r.Context(), err)
			return
		}
		if s.roll(func(f Faults) float64 { return f.APITimeoutBefore }) {
			hangUp()
		}
		if s.roll(func(f Faults) float64 { return f.APIError }) {
			c.fail(r.Context(), serverError())
			return
		}
		c.serve(r.Context())
	}
}

// hangUp drops the connection without an answer, as a network does.
func hangUp() { panic(http.ErrAbortHandler) }

func (c *call) serve(ctx context.Context) {
	run := c.execute
	if c.r.Method == http.MethodPost && c.key != "" {
		run = c.once
	}
	reply, err := run(ctx)
	if err != nil {
		c.fail(ctx, err)
		return
	}
	c.send(reply)
}

// open checks the key, the account and the form.
func (c *call) open() error {
	own, err := c.s.authenticate(c.r)
	if err != nil {
		return err
	}
	if c.account, err = c.s.actingAccount(c.r, own); err != nil {
		return err
	}
	if c.account != "" {
		c.w.Header().Set("Stripe-Account", c.account)
	}
	c.key = c.r.Header.Get("Idempotency-Key")
	if len(c.key) > 255 {
		return badRequest("", "", "Idempotency key is too long, maximum length is 255 characters")
	}
	if c.key != "" {
		c.w.Header().Set("Idempotency-Key", c.key)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, formMaxBytes))
	if err != nil {
		return badRequest("", "", "Request body could not be read.")
	}
	raw := strings.Trim(c.r.URL.RawQuery+"&"+string(body), "&")
	form, bad := parseForm(raw)
	if bad != nil {
		return bad
	}
	c.form = form
	return nil
}

// authenticate accepts the platform's key as bearer or as basic user name, and
// the keys that OAuth gave out; it returns the account that the key belongs to.
func (s *Sandbox) authenticate(r *http.Request) (string, error) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		key, _, ok = r.BasicAuth()
	}
	if !ok || key == "" {
		e := badRequest("", "", "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
		e.status = http.StatusUnauthorized
		return "", e
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(s.cfg.SecretKey)) == 1 {
		return "", nil
	}
	if account, ok := s.accountOfToken(r, key); ok {
		return account, nil
	}
	e := badRequest("", "", "Invalid API Key provided: %s", maskKey(key))
	e.status = http.StatusUnauthorized
	return "", e
}

func maskKey(key string) string {
	if len(key) < 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

// actingAccount is the connected account of the Stripe-Account header, "" for
// the platform itself.
func (s *Sandbox) actingAccount(r *http.Request, own string) (string, error) {
	asked := r.Header.Get("Stripe-Account")
	if asked == "" || asked == platformAccount || asked == own {
		return own, nil
	}
	acct, err := s.reader(r.Context(), "").find("account", asked)
	if err != nil && !errors.Is(err, errAbsent) {
		return "", err
	}
	if own != "" || err != nil || acct.flag("deleted") || acct.flag("_revoked") {
		e := badRequest("account_invalid", "", "The provided key '%s' does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", maskKey(s.cfg.SecretKey), asked)
		e.status = http.StatusForbidden
		return "", e
	}
	return asked, nil
}

// reply is a finished answer, fresh or saved.
type reply struct {
	status   int
	body     string
	replayed bool
}

// prepare decodes the parameters into a unit of work.
func (c *call) prepare(t *tx) (expands []string, err error) {
	known := c.op.params.plus(fields{"expand": list(text()).atMost(20)})
	params, bad := decodeParams(c.form, known, "")
	if bad != nil {
		return nil, bad
	}
	expands = params.strs("expand")
	delete(params, "expand")
	t.params, t.id, t.item, t.header = params, c.r.PathValue("id"), c.r.PathValue("item"), c.r.Header.Get
	t.request = obj{"id": c.id, "idempotency_key": orNil(c.key)}
	return expands, nil
}

// execute runs the operation without a saved reply: reads outside a transaction.
func (c *call) execute(ctx context.Context) (*reply, error) {
	if c.r.Method == http.MethodGet {
		return c.perform(c.s.reader(ctx, c.account))
	}
	var out *reply
	var outcome error
	err := c.s.write(ctx, c.account, func(t *tx) error {
		out, outcome = c.attempt(t)
		return nil
	})
	return out, errors.Join(outcome, err)
}

// attempt executes inside a savepoint. A failure undoes what was written,
// unless the failure itself is a fact to keep (a declined charge).
func (c *call) attempt(t *tx) (out *reply, outcome error) {
	undone := t.savepoint(func() error {
		out, outcome = c.perform(t)
		var known *apiError
		if errors.As(outcome, &known) && known.keep {
			return nil
		}
		return outcome
	})
	if outcome == nil {
		outcome = undone
	}
	return out, outcome
}

func (c *call) perform(t *tx) (*reply, error) {
	expands, err := c.prepare(t)
	if err != nil {
		return nil, err
	}
	o, err := c.op.run(t)
	if err != nil {
		return nil, err
	}
	shown, err := t.present(o, expands)
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: shown.json()}, nil
}

func (c *call) fail(ctx context.Context, err error) {
	var known *apiError
	if !errors.As(err, &known) {
		c.s.cfg.Logger.ErrorContext(ctx, "sandbox request failed", "request_id", c.id, "method", c.r.Method, "path", c.r.URL.Path, "error", err)
		known = serverError()
	}
	c.send(&reply{status: known.status, body: known.body().json()})
}

func (c *call) send(r *reply) {
	if c.s.roll(func(f Faults) float64 { return f.APITimeoutAfter }) {
		hangUp()
	}
	c.w.Header().Set("Content-Type", "application/json")
	if r.replayed {
		c.w.Header().Set("Idempotent-Replayed", "true")
	}
	c.w.WriteHeader(r.status)
	_, _ = io.WriteString(c.w, r.body+"\n") // a client that left has no use for the error
}
