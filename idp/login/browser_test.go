package login_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser is a visitor with cookies who follows redirects on the site and stops where they leave it.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
	lang   string
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, site: s, lang: "en"}
	b.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return b
}

// page is one answer.
type page struct {
	t        *testing.T
	path     string
	status   int
	header   http.Header
	body     string
	location string
	doc      *html.Node
}

func (b *browser) do(method, path string, form url.Values) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", b.lang)
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.site.base)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(raw)))
	if err != nil {
		b.t.Fatal(err)
	}
	return &page{t: b.t, path: path, status: resp.StatusCode, header: resp.Header, body: string(raw), location: resp.Header.Get("Location"), doc: doc}
}

func (b *browser) get(path string) *page { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

// follow goes where redirects lead while they stay on the site and are pages of this room.
func (b *browser) follow(p *page) *page {
	b.t.Helper()
	for range 10 {
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/") || strings.HasPrefix(p.location, "/auth/") || strings.HasPrefix(p.location, "/billing/") {
			return p
		}
		p = b.get(p.location)
	}
	b.t.Fatalf("too many redirects at %s", p.path)
	return nil
}

// send fills the form that holds the element of that id and sends it, hidden fields included.
func (b *browser) send(p *page, buttonID string, fields ...string) *page {
	b.t.Helper()
	button := p.need(buttonID)
	form := button
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		b.t.Fatalf("%s: #%s stands in no form", p.path, buttonID)
	}
	values := url.Values{}
	walk(form, func(n *html.Node) {
		if n.Data == "input" && attr(n, "name") != "" && (attr(n, "type") != "radio" || has(n, "checked")) {
			values.Set(attr(n, "name"), attr(n, "value"))
		}
	})
	if name := attr(button, "name"); name != "" {
		values.Set(name, attr(button, "value"))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	action := attr(form, "action")
	if action == "" {
		action = p.path
	}
	return b.do(http.MethodPost, action, values)
}

func (b *browser) signIn(email string) {
	b.t.Helper()
	p := b.send(b.get("/login"), "submit", "email", email, "password", password)
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("sign in as %s: %d %s", email, p.status, p.alert())
	}
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.site.base)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	walk(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

// find answers the first element for which ok holds, or nil.
func (p *page) find(ok func(*html.Node) bool) (found *html.Node) {
	walk(p.doc, func(n *html.Node) {
		if found == nil && n.Type == html.ElementNode && ok(n) {
			found = n
		}
	})
	return found
}

func (p *page) byID(id string) *html.Node {
	return p.find(func(n *html.Node) bool { return attr(n, "id") == id })
}

func (p *page) need(id string) *html.Node {
	p.t.Helper()
	n := p.byID(id)
	if n == nil {
		p.t.Fatalf("%s (%d): no #%s in %s", p.path, p.status, id, textOf(p.doc))
	}
	return n
}

// alert answers the text of the element that screen readers announce.
func (p *page) alert() string {
	if n := p.find(func(n *html.Node) bool { return attr(n, "role") == "alert" }); n != nil {
		return textOf(n)
	}
	return ""
}

func (p *page) heading() string {
	if n := p.find(func(n *html.Node) bool { return n.Data == "h1" }); n != nil {
		return textOf(n)
	}
	return ""
}

func (p *page) text() string { return textOf(p.doc) }

type htmlNode = html.Node
