package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

const testKey = "sk_test_123"

var (
	platform  = billing.Account{}
	connected = billing.Account{ID: "acct_1acme"}
)

// sent is one request as it left, and what it got.
type sent struct {
	method string
	path   string
	form   url.Values // of the body, or of the query
	header http.Header
	status int
	answer string
}

// recorder is a transport that keeps what passes.
type recorder struct {
	mu   sync.Mutex
	all  []sent
	next http.RoundTripper
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	raw := req.URL.RawQuery
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if len(body) > 0 {
			raw = string(body)
		}
		req.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	form, err := url.ParseQuery(raw)
	if err != nil {
		return nil, err
	}
	res, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(strings.NewReader(string(answer)))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, sent{req.Method, req.URL.Path, form, req.Header.Clone(), res.StatusCode, string(answer)})
	return res, nil
}

func (r *recorder) requests() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]sent(nil), r.all...)
}

// bundle is a gateway in test mode and the record of what it sent.
type bundle struct {
	ctx context.Context
	*gateway.Gateway
	record *recorder
}

func setup(t *testing.T, base string) bundle {
	t.Helper()
	record := &recorder{next: http.DefaultTransport}
	g, err := gateway.New(gateway.Config{TestSecretKey: testKey, APIBase: base, HTTPClient: &http.Client{Transport: record}})
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	return bundle{t.Context(), g, record}
}

// answers is a Stripe that says what the test wrote down: by "METHOD path?query", else by "METHOD path". It lets
// stripe-mock judge every request first, so that each test is a test of the contract too.
func answers(t *testing.T, script map[string]reply) bundle {
	t.Helper()
	judge := stripeMock(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, _ := url.QueryUnescape(r.URL.Query().Encode()) // in the order of the names
		said, ok := script[r.Method+" "+r.URL.Path+"?"+query]
		if !ok {
			said, ok = script[r.Method+" "+r.URL.Path]
		}
		if !ok {
			t.Errorf("unexpected request %s %s", r.Method, r.URL)
		}
		accepted(t, judge, r)
		w.Header().Set("Request-Id", "req_1")
		w.WriteHeader(said.status)
		_, _ = io.WriteString(w, said.body)
	}))
	t.Cleanup(server.Close)
	return setup(t, server.URL)
}

func accepted(t *testing.T, judge string, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, judge+r.URL.RequestURI(), r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header = r.Header.Clone()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	if said, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		t.Errorf("stripe-mock refused %s %s: %s", r.Method, r.URL, said)
	}
}

type reply struct {
	status int
	body   string
}

func ok(body string) reply { return reply{http.StatusOK, body} }

func refuse(status int, code, param string) reply {
	return reply{status, `{"error":{"type":"invalid_request_error","code":"` + code + `","param":"` + param + `","message":"said no"}}`}
}
