package app_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
)

func read(t testing.TB, r *http.Request) response {
	t.Helper()
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return response{res.StatusCode, res.Header, raw}
}

var link = regexp.MustCompile(`/(verify|reset)/([A-Za-z0-9_-]{20,})`)

// nothingSecretIsWritten goes through a life with marked secrets and looks for them in log and database.
func nothingSecretIsWritten(t *testing.T, h *house) {
	const password, next = "marked-Password-7f3a9c", "marked-Password-8e2b1d"
	b, email := apptest.NewBrowser(t), newcomer()
	secrets := map[string]string{
		"password": password, "second password": next, "client secret": h.client("acme-crm").Secret, "card number": "4242424242424242",
		"card number with spaces": apptest.CardPays, "sandbox key": h.line.SandboxKey, "webhook secret": "whsec_wolfieauth_demo",
	}
	b.Get(h.line.Issuer + "/signup")
	b.SignUp("Sylwia Secret", email, password)
	crm := h.client("acme-crm")
	grant := b.Authorize(crm, email, password)
	got := crm.Redeem(t, grant)
	again, ok := crm.Refresh(t, got.Refresh)
	if !ok {
		t.Fatal("the refresh was refused")
	}
	maps.Copy(secrets, map[string]string{
		"code": grant.Code, "verifier": grant.Verifier, "access token": got.Access, "refresh token": got.Refresh, "ID token": got.ID,
		"second access token": again.Access, "second refresh token": again.Refresh, "second ID token": again.ID,
	})
	b.StopAt = ""
	b.Buy(h.line.PricingURL, "starter", "")
	b.Pay(email, apptest.CardPays)
	for _, c := range b.Client().Jar.Cookies(parse(t, h.line.Issuer)) {
		if strings.Contains(c.Name, "session") || len(c.Value) > 20 {
			secrets["cookie "+c.Name] = c.Value
		}
	}
	// Wrong use must not be written down either.
	bad := crm.Secret + "x"
	secrets["wrong secret"] = bad
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.line.Issuer+"/token", strings.NewReader(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {again.Refresh},
	}.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("acme-crm", bad)
	if res := read(t, r); res.status != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %d %s", res.status, res.body)
	}
	outbox := apptest.NewBrowser(t)
	org, owner := h.guild(t, "Secretariat of "+newcomer())
	_, err = h.App.Identity().Invite(t.Context(), idp.Invite{OrgID: org.ID, InviterID: owner, Email: email, Role: "member"})
	must(t, err)
	invitation := parse(t, h.invited(t, email)).Path
	secrets["invitation token"] = strings.TrimPrefix(invitation, "/invitation/")
	outbox.Get(h.line.Issuer + invitation)
	outbox.Get(h.line.Issuer + "/reset?" + url.Values{"next": {invitation}}.Encode()) // the way back is written down, without the token
	outbox.Submit("submit", apptest.Field{Name: "email", Value: email})
	token := h.mailed(t, email, "reset")
	secrets["reset token"], secrets["verify token"] = token, h.mailed(t, email, "verify")
	outbox.Get(h.line.Issuer + "/reset/" + token)
	outbox.Submit("submit", apptest.Field{Name: "password", Value: next})
	if again := apptest.NewBrowser(t).SignIn(crm, email, next); again.Access == "" {
		t.Error("the new password does not open")
	}
	written := h.logs.String() + stray.String()
	for name, value := range secrets {
		if strings.Contains(written, value) {
			t.Errorf("the %s stands in the log", name)
		}
	}
	for table, text := range h.dump(t) {
		for name, value := range secrets {
			if strings.Contains(text, value) {
				t.Errorf("the %s stands in table %s", name, table)
			}
		}
	}
}

// mailed takes a link's token out of the outbox, as the person would.
func (h *house) mailed(t *testing.T, email, kind string) string {
	t.Helper()
	var token string
	eventually(t, "a mail about "+kind+" goes to "+email, func() bool {
		list := string(send(t, http.MethodGet, h.line.OutboxURL, "", "", nil).body)
		for _, path := range regexp.MustCompile(`/demo/outbox/[^"'\s<>]+`).FindAllString(list, -1) {
			mail := string(send(t, http.MethodGet, h.line.Issuer+path, "", "", nil).body)
			if found := link.FindStringSubmatch(mail); found != nil && found[1] == kind && strings.Contains(mail, email) {
				token = found[2]
				return true
			}
		}
		return false
	})
	return token
}

// dump is everything in the database as text.
func (h *house) dump(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range h.tables(t) {
		rows, err := h.App.DB().SQL().QueryContext(t.Context(), "SELECT * FROM "+table) // #nosec G202 -- a name from the schema itself
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		var text strings.Builder
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			must(t, rows.Scan(values...))
			for _, v := range values {
				switch v := (*v.(*any)).(type) {
				case []byte:
					text.Write(v)
				default:
					fmt.Fprint(&text, v)
				}
				text.WriteByte('\n')
			}
		}
		must(t, rows.Err())
		must(t, rows.Close())
		out[table] = text.String()
	}
	return out
}
