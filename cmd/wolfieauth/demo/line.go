package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Line is what `wolfieauth demo --json` prints when everything is ready: docs/contracts/demo-line.schema.json.
type Line struct {
	Issuer     string     `json:"issuer"`
	PricingURL string     `json:"pricing_url"`
	AdminURL   string     `json:"admin_url"`
	RPURL      string     `json:"rp_url"`
	SandboxURL string     `json:"sandbox_url"`
	SandboxKey string     `json:"sandbox_key"`
	OutboxURL  string     `json:"outbox_url"`
	ClockURL   string     `json:"clock_url"`
	Password   string     `json:"password"`
	Apps       []LineApp  `json:"apps"`
	Users      []LineUser `json:"users"`
}

// LineApp is an app that can be used at once.
type LineApp struct {
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"`
}

// LineUser is a person who can sign in.
type LineUser struct {
	Email string `json:"email"`
	Sub   string `json:"sub"`
}

// Line tells where everything is.
func (d *Demo) Line() Line {
	line := Line{
		Issuer: d.issuer, PricingURL: d.issuer + "/billing/acme-crm", AdminURL: d.issuer + "/admin", RPURL: d.rpURL,
		SandboxURL: d.sandboxAt, SandboxKey: sandboxKey, OutboxURL: d.issuer + "/demo/outbox", ClockURL: d.issuer + clockPath,
		Password: Password,
	}
	for _, a := range apps {
		line.Apps = append(line.Apps, LineApp{
			ClientID: a.clientID, ClientSecret: clientSecret(a.clientID),
			RedirectURIs: append([]string{d.rpURL + "/callback"}, d.opts.RedirectURIs...),
		})
	}
	for _, p := range people {
		line.Users = append(line.Users, LineUser{Email: p.email, Sub: id("user", p.email)})
	}
	return line
}

// WriteJSON prints the line.
func (l Line) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(l) }

var hints = map[string]string{
	"platform@wolfie.test":    "owner of the platform org",
	"admin@acme.test":         "owner of Acme, which sells Acme CRM",
	"buyer@example.test":      "holds nothing yet",
	"comped@example.test":     "has a free pass for Acme CRM",
	"expired@example.test":    "had one until yesterday",
	"subscriber@example.test": "pays for Pro",
	"bundled@example.test":    "pays for the Acme Suite",
}

// WriteTable prints the same for people.
func (l Line) WriteTable(w io.Writer) error {
	var page bytes.Buffer
	page.WriteString("\nWolfieAuth is ready. Nothing here is real: no money moves.\n\n")
	for _, r := range [][2]string{
		{"Sample app", l.RPURL + "   start here"},
		{"Pricing page", l.PricingURL},
		{"Account", l.Issuer + "/account"},
		{"Admin", l.AdminURL},
		{"Mails sent", l.OutboxURL},
		{"Stripe sandbox", l.SandboxURL},
		{"Clock", `curl -d '{"advance":"720h"}' ` + l.ClockURL},
	} {
		fmt.Fprintf(&page, "  %-16s%s\n", r[0], r[1])
	}
	fmt.Fprintf(&page, "\nEverybody's password is %s\n\n", l.Password)
	for _, u := range l.Users {
		fmt.Fprintf(&page, "  %-26s%s\n", u.Email, hints[u.Email])
	}
	page.WriteString("\nTest card 4242 4242 4242 4242, any future date, any CVC. Ctrl-C ends the demo.\n\n")
	_, err := page.WriteTo(w)
	return err
}
