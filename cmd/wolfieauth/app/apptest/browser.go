// Package apptest drives a running WolfieAuth from outside, as people and apps do: a browser that keeps cookies,
// reads forms and follows redirects to rest.
package apptest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browser is one person's browser. It is not safe for concurrent use.
type Browser struct {
	t      testing.TB
	client *http.Client
	Lang   string // Accept-Language; "en" unless changed
	StopAt string // a redirect to an address that begins so is not followed; the page's URL is that address then
	page   Page
}

// Page is what the browser shows.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
	Trail  []string // the addresses of the redirects that led here
	doc    *html.Node
}

// NewBrowser opens a browser without cookies.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, Lang: "en"}
	b.client = &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		b.page.Trail = append(b.page.Trail, r.URL.String())
		if b.StopAt != "" && strings.HasPrefix(r.URL.String(), b.StopAt) {
			return http.ErrUseLastResponse
		}
		if len(via) > 20 {
			return fmt.Errorf("more than 20 redirects, the last to %s", r.URL)
		}
		return nil
	}}
	return b
}

// Client is the HTTP client below, with the browser's cookies.
func (b *Browser) Client() *http.Client { return b.client }

// Page is the page that the browser shows now.
func (b *Browser) Page() Page { return b.page }

// Get opens an address; a relative one is meant from the page that is open.
func (b *Browser) Get(address string) Page {
	b.t.Helper()
	return b.do(http.MethodGet, b.resolve(address), nil)
}

// Field is a value that a person types into a form.
type Field struct{ Name, Value string }

// Submit fills in the form that contains the element with the id and presses its button. Fields that the form
// does not have fail the test; hidden ones and prefilled values are sent as they stand.
func (b *Browser) Submit(within string, fields ...Field) Page {
	b.t.Helper()
	form := b.page.formAround(within)
	if form == nil {
		b.t.Fatalf("no form around #%s on %s (%d):\n%s", within, b.page.URL, b.page.Status, b.page.Text())
	}
	return b.send(form, within, fields)
}

// SubmitIn is [Browser.Submit] for the first form inside the element with the id, or inside the closest element
// around it that has one.
func (b *Browser) SubmitIn(id string, fields ...Field) Page {
	b.t.Helper()
	form := b.page.formIn(id)
	if form == nil {
		b.t.Fatalf("no form in #%s on %s (%d):\n%s", id, b.page.URL, b.page.Status, b.page.Text())
	}
	return b.send(form, id, fields)
}

// SubmitTo is [Browser.Submit] for the first form whose address ends so.
func (b *Browser) SubmitTo(suffix string, fields ...Field) Page {
	b.t.Helper()
	form := b.page.formTo(suffix)
	if form == nil {
		b.t.Fatalf("no form to %s on %s (%d):\n%s", suffix, b.page.URL, b.page.Status, b.page.Text())
	}
	return b.send(form, "", fields)
}

func (b *Browser) send(form *html.Node, within string, fields []Field) Page {
	b.t.Helper()
	values := formValues(form, within)
	for _, f := range fields {
		if !hasField(form, f.Name) {
			b.t.Fatalf("form around #%s on %s has no field %q", within, b.page.URL, f.Name)
		}
		values.Set(f.Name, f.Value)
	}
	target := b.resolve(attr(form, "action"))
	if strings.EqualFold(attr(form, "method"), http.MethodPost) {
		return b.do(http.MethodPost, target, values)
	}
	target.RawQuery = values.Encode()
	return b.do(http.MethodGet, target, nil)
}

func (b *Browser) resolve(address string) *url.URL {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.page.URL != nil {
		u = b.page.URL.ResolveReference(u)
	}
	return u
}

func (b *Browser) do(method string, target *url.URL, values url.Values) Page {
	b.t.Helper()
	b.page.Trail = nil
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(values.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, target.String(), body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	r.Header.Set("Accept-Language", b.Lang)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, target, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, target, err)
	}
	at := res.Request.URL
	if to, err := res.Location(); err == nil && b.StopAt != "" && strings.HasPrefix(to.String(), b.StopAt) {
		at = to
	}
	b.page = Page{URL: at, Status: res.StatusCode, Header: res.Header, Body: string(raw), Trail: slices.Clone(b.page.Trail)}
	if strings.Contains(res.Header.Get("Content-Type"), "html") {
		if b.page.doc, err = html.Parse(strings.NewReader(b.page.Body)); err != nil {
			b.t.Fatal(err)
		}
	}
	return b.page
}
