package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	for _, tc := range []struct {
		how    string
		status int
		code   string
		retry  string
	}{
		{"unknown", 500, "internal", ""},
		{"panic", 500, "internal", ""},
		{"down", 503, "unavailable", "5"},
		{"domain", 409, "conflict", ""},
		{"own", 403, "forbidden", ""},
		{"many", 429, "too_many_requests", "90"},
		{"fields", 422, "invalid_input", ""},
		{"echo", 404, "not_found", ""},
	} {
		res := b.do("GET", "/v1/fail/"+tc.how, nil, header("Accept-Language", "pl"))
		body := text(t, res)
		var doc map[string]any
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%s: %v in %s", tc.how, err, body)
		}
		if res.StatusCode != tc.status || doc["code"] != tc.code || doc["status"] != float64(tc.status) || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", tc.how, res.StatusCode, body)
		}
		if res.Header.Get("Retry-After") != tc.retry || res.Header.Get("Cache-Control") != "no-store" || len(res.Cookies()) != 0 {
			t.Errorf("%s: headers %v", tc.how, res.Header)
		}
		if id := res.Header.Get("X-Request-Id"); id == "" || doc["instance"] != "urn:uuid:"+id {
			t.Errorf("%s: request id %q, instance %v", tc.how, id, doc["instance"])
		}
		for _, secret := range []string{"/dev/sda1", "boom", "inside", "stock", "goroutine"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: the answer gives away %q", tc.how, secret)
			}
		}
		page := b.do("GET", "/fail/"+tc.how, nil, header("Accept-Language", "pl"))
		shown := text(t, page)
		if page.StatusCode != tc.status || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") || !strings.Contains(shown, tc.code) || !strings.Contains(shown, page.Header.Get("X-Request-Id")) {
			t.Errorf("%s: page %d\n%s", tc.how, page.StatusCode, shown)
		}
		if detail, _ := doc["detail"].(string); detail == "" || !strings.Contains(shown, html.EscapeString(detail)) {
			t.Errorf("%s: page and problem must say the same sentence %q", tc.how, detail)
		}
	}
	log := b.log.String()
	if n := strings.Count(log, "disk on fire"); n != 2 {
		t.Errorf("the chain of two failures is logged %d times", n)
	}
	if !strings.Contains(log, "cause kept inside") {
		t.Error("the cause of a refusal must reach the log")
	}
}

func TestProblemMembers(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	var doc struct {
		Errors []map[string]string
		URL    string
	}
	if err := json.Unmarshal([]byte(text(t, b.do("GET", "/v1/fail/fields", nil))), &doc); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"field": "quantity", "code": "required", "detail": "Fill in this field"}}
	if diff := cmp.Diff(want, doc.Errors); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(text(t, b.do("GET", "/v1/fail/own", nil))), &doc); err != nil || doc.URL != "/switch" {
		t.Errorf("extra member: %q (%v)", doc.URL, err)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	for _, tc := range []struct {
		method, target string
		status         int
		kind, allow    string
	}{
		{"GET", "/nothing", 404, "text/html", ""},
		{"GET", "/v1/nothing", 404, "application/problem+json", ""},
		{"GET", "/api/nothing", 404, "application/problem+json", ""},
		{"GET", "/static/abc/nothing", 404, "application/problem+json", ""},
		{"GET", "/login", 405, "text/html", "POST"},
		{"DELETE", "/hello", 405, "text/html", "GET, POST"},
		{"GET", "/v1/json", 405, "application/problem+json", "POST"},
		{"HEAD", "/hello", 200, "text/html", ""},
	} {
		res := b.do(tc.method, tc.target, nil)
		if res.StatusCode != tc.status || !strings.HasPrefix(res.Header.Get("Content-Type"), tc.kind) || res.Header.Get("Allow") != tc.allow {
			t.Errorf("%s %s: %d %s, Allow %q", tc.method, tc.target, res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Allow"))
		}
	}
	if res := b.do("GET", "/raw/fail/down", nil, header("Accept", "text/html")); !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Error("a browser on a raw endpoint must see a page")
	}
	if res := b.do("GET", "/raw/fail/down", nil); res.Header.Get("Content-Type") != "application/problem+json" {
		t.Error("a program on a raw endpoint must see a problem")
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	asJSON := header("Content-Type", "application/json; charset=utf-8")
	for name, tc := range map[string]struct {
		target, body string
		change       func(*http.Request)
		status       int
		code         string
	}{
		"good JSON":           {"/v1/json", `{"name":"x"}`, asJSON, 200, ""},
		"broken JSON":         {"/v1/json", `{"name":`, asJSON, 400, "invalid_json"},
		"two values":          {"/v1/json", `{"name":"x"} {}`, asJSON, 400, "invalid_json"},
		"an unknown member":   {"/v1/json", `{"price":1}`, asJSON, 400, "invalid_json"},
		"the wrong type":      {"/v1/json", `{"name":5}`, asJSON, 400, "invalid_json"},
		"a form":              {"/v1/json", `name=x`, header("Content-Type", "application/x-www-form-urlencoded"), 415, "unsupported_media_type"},
		"a large body":        {"/v1/json", `{"name":"` + strings.Repeat("x", 2000) + `"}`, asJSON, 413, "body_too_large"},
		"a large form":        {"/hello", "email=" + strings.Repeat("x", 2000), header("Sec-Fetch-Site", "same-origin"), 413, "body_too_large"},
		"a form that is none": {"/hello", "%zz=1", header("Sec-Fetch-Site", "same-origin"), 400, "bad_request"},
	} {
		res := b.do("POST", tc.target, strings.NewReader(tc.body), tc.change)
		if got := text(t, res); res.StatusCode != tc.status || !strings.Contains(got, tc.code) {
			t.Errorf("%s: %d %s", name, res.StatusCode, got)
		}
	}
}

func TestFormKeepsInputButNoPassword(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	res := b.do("POST", "/hello", strings.NewReader("email=ada%40x.test%22%3E&password=hunter2secret"), header("Sec-Fetch-Site", "same-origin"))
	body := text(t, res)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", res.StatusCode)
	}
	for _, want := range []string{`value="ada@x.test&#34;&gt;"`, `aria-invalid="true"`, `aria-describedby="email-hint email-error"`, `id="email-error"`, "No such address", `href="#email"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "hunter2secret") {
		t.Error("the password was written back")
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	b.do("GET", "/hello?code=SECRET1", nil, header("Authorization", "Bearer SECRET2"), with(&http.Cookie{Name: "__Host-wolfieauth", Value: "SECRET3"}))
	b.do("POST", "/hello", strings.NewReader("password=SECRET4"), header("Sec-Fetch-Site", "same-origin"))
	b.do("GET", "/nothing/SECRET5?x=SECRET6", nil)
	log := b.log.String()
	if strings.Contains(log, "SECRET") {
		t.Errorf("the log holds a secret:\n%s", log)
	}
	if strings.Count(log, `"msg":"request`) != 3 || !strings.Contains(log, `"route":"/hello"`) || !strings.Contains(log, `"ip":"198.51.100.7"`) {
		t.Errorf("the log does not hold one line a request:\n%s", log)
	}
}
