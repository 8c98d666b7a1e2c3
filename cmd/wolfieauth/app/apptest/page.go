package apptest

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Has tells whether the page has an element with the id.
func (p Page) Has(id string) bool { return p.element(id) != nil }

// Link answers the href of the element with the id, or "".
func (p Page) Link(id string) string {
	if n := p.element(id); n != nil {
		return attr(n, "href")
	}
	return ""
}

// TextOf answers the text of the element with the id, or "".
func (p Page) TextOf(id string) string {
	if n := p.element(id); n != nil {
		return textOf(n)
	}
	return ""
}

// Text is the page's text.
func (p Page) Text() string {
	if p.doc == nil {
		return p.Body
	}
	return textOf(p.doc)
}

// Find answers the first element that ok accepts, or nil.
func (p Page) Find(ok func(tag string, attrs map[string]string) bool) *html.Node {
	if p.doc == nil {
		return nil
	}
	return find(p.doc, func(n *html.Node) bool {
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
		}
		return ok(n.Data, attrs)
	})
}

func (p Page) element(id string) *html.Node {
	if p.doc == nil {
		return nil
	}
	return find(p.doc, func(n *html.Node) bool { return attr(n, "id") == id })
}

// formAround answers the form that holds the element, or that the element names by its form attribute.
func (p Page) formAround(id string) *html.Node {
	n := p.element(id)
	if n != nil && attr(n, "form") != "" {
		return p.element(attr(n, "form"))
	}
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && n.Data == "form" {
			return n
		}
	}
	return nil
}

// formIn answers the first form inside the element, or inside the closest element around it that has one.
func (p Page) formIn(id string) *html.Node {
	for n := p.element(id); n != nil; n = n.Parent {
		if form := find(n, func(n *html.Node) bool { return n.Data == "form" }); form != nil {
			return form
		}
	}
	return nil
}

func (p Page) formTo(suffix string) *html.Node {
	if p.doc == nil {
		return nil
	}
	return find(p.doc, func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attr(n, "action"), suffix) })
}

// formValues are what a browser would send: prefilled values, and of the buttons the one with the id pressed.
func formValues(form *html.Node, pressed string) url.Values {
	values := url.Values{}
	walk(form, func(n *html.Node) {
		name := attr(n, "name")
		if name == "" || has(n, "disabled") {
			return
		}
		switch n.Data {
		case "input":
			kind := attr(n, "type")
			if kind == "submit" && attr(n, "id") != pressed {
				return
			}
			if (kind == "checkbox" || kind == "radio") && !has(n, "checked") {
				return
			}
			values.Add(name, attr(n, "value"))
		case "button":
			if attr(n, "id") == pressed {
				values.Add(name, attr(n, "value"))
			}
		case "textarea":
			values.Add(name, textOf(n))
		case "select":
			values.Add(name, selected(n))
		}
	})
	return values
}

func selected(n *html.Node) string {
	first, chosen, any := "", "", false
	walk(n, func(o *html.Node) {
		if o.Data != "option" {
			return
		}
		value := attr(o, "value")
		if first == "" {
			first = value
		}
		if has(o, "selected") {
			chosen, any = value, true
		}
	})
	if any {
		return chosen
	}
	return first
}

func hasField(form *html.Node, name string) bool {
	return find(form, func(n *html.Node) bool {
		return attr(n, "name") == name && (n.Data == "input" || n.Data == "select" || n.Data == "textarea" || n.Data == "button")
	}) != nil
}

func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && ok(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, ok); f != nil {
			return f
		}
	}
	return nil
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	var collect func(*html.Node)
	collect = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			collect(c)
		}
	}
	collect(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// linkTo answers the first link whose path is that.
func (p Page) linkTo(path string) string {
	n := p.Find(func(tag string, attrs map[string]string) bool {
		return tag == "a" && (attrs["href"] == path || strings.HasPrefix(attrs["href"], path+"?"))
	})
	if n == nil {
		return ""
	}
	return attr(n, "href")
}

// LinkWith answers the first link that holds the text, or "".
func (p Page) LinkWith(text string) string {
	n := p.Find(func(tag string, attrs map[string]string) bool {
		return tag == "a" && strings.Contains(attrs["href"], text)
	})
	if n == nil {
		return ""
	}
	return attr(n, "href")
}
