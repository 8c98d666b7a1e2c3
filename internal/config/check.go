package config

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

func (s *Storage) check(m *mistakes) {
	if !databaseOK(string(s.Database)) {
		m.add("WOLFIEAUTH_DATABASE_URL", "must be a postgres:// URL with a host and a database, or the path of a file")
	}
	switch _, err := secret.ParseMasterKey(string(s.MasterKey)); {
	case s.MasterKey == "":
		m.add("WOLFIEAUTH_MASTER_KEY", "is required; make one with: openssl rand -base64 32")
	case err != nil:
		m.add("WOLFIEAUTH_MASTER_KEY", "must be 32 bytes in base64")
	}
	if _, err := secret.ParseMasterKey(string(s.MasterKeyOld)); s.MasterKeyOld != "" && err != nil {
		m.add("WOLFIEAUTH_MASTER_KEY_OLD", "must be 32 bytes in base64")
	}
}

func databaseOK(dsn string) bool {
	if !strings.Contains(dsn, "://") {
		return dsn != ""
	}
	u, err := url.Parse(dsn)
	return err == nil && oneOf(u.Scheme, "postgres", "postgresql") && (u.Host != "" || u.Query().Has("host")) && len(u.Path) > 1
}

// Box answers the box that seals under the master key and opens what the old one sealed. Call it after
// Prepare; [secret.ErrBadMasterKey] otherwise.
func (s *Storage) Box() (*secret.Box, error) {
	current, err := secret.ParseMasterKey(string(s.MasterKey))
	if err != nil {
		return nil, err
	}
	if s.MasterKeyOld == "" {
		return secret.NewBox(current)
	}
	old, err := secret.ParseMasterKey(string(s.MasterKeyOld))
	if err != nil {
		return nil, err
	}
	return secret.NewBox(current, old)
}

func (w *Web) check(m *mistakes) {
	if w.Issuer == "" {
		m.add("WOLFIEAUTH_ISSUER", "is required, as https://id.example.com")
	} else if !originOK(w.Issuer) {
		m.add("WOLFIEAUTH_ISSUER", "must be an https origin without path, query or slash at its end (http for localhost only)")
	}
	if !addrOK(w.Addr) {
		m.add("WOLFIEAUTH_ADDR", "must be host:port or :port")
	}
	if w.MetricsAddr != "off" && !addrOK(w.MetricsAddr) {
		m.add("WOLFIEAUTH_METRICS_ADDR", "must be host:port, :port or off")
	}
	if w.MetricsAddr == w.Addr && !strings.HasSuffix(w.Addr, ":0") {
		m.add("WOLFIEAUTH_METRICS_ADDR", "must not be the address of the server")
	}
	for _, cidr := range w.TrustedProxies {
		if _, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err != nil {
			m.add("WOLFIEAUTH_TRUSTED_PROXIES", "%q is no network; write 10.0.0.0/8 or 192.0.2.1/32", cidr)
		}
	}
	if !oneOf(w.DefaultLang, "pl", "en") {
		m.add("WOLFIEAUTH_DEFAULT_LANG", "must be pl or en")
	}
	if len(w.DefaultCountry) != 2 || strings.Trim(w.DefaultCountry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		m.add("WOLFIEAUTH_DEFAULT_COUNTRY", "must be two capital letters, as PL")
	}
	if d, err := time.ParseDuration(w.ShutdownTimeout); err != nil || d <= 0 {
		m.add("WOLFIEAUTH_SHUTDOWN_TIMEOUT", "must be a duration above zero, as 10s")
	}
}

// Proxies answers the trusted networks. Call it after Prepare.
func (w *Web) Proxies() []netip.Prefix {
	var out []netip.Prefix
	for _, cidr := range w.TrustedProxies {
		if p, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err == nil {
			out = append(out, p.Masked())
		}
	}
	return out
}

// Shutdown answers how long requests and jobs may finish. Call it after Prepare.
func (w *Web) Shutdown() time.Duration {
	d, _ := time.ParseDuration(w.ShutdownTimeout)
	return d
}

func (b *Billing) check(m *mistakes) {
	if d, err := time.ParseDuration(b.SeatNoticeAfter); err != nil || d <= 0 {
		m.add("WOLFIEAUTH_SEAT_NOTICE_AFTER", "must be a duration above zero, as 24h")
	}
	if b.InvoiceAPI != "" && !originOK(b.InvoiceAPI) {
		m.add("WOLFIEAUTH_INVOICE_API", "must be an https origin; http is for localhost only")
	}
	if b.InvoiceAPI != "" && b.InvoiceFolder != "" {
		m.add("WOLFIEAUTH_INVOICE_FOLDER", "goes without WOLFIEAUTH_INVOICE_API: an invoice is issued in one way")
	}
	if (b.InvoiceAPI == "") != (b.InvoiceAPIToken == "") {
		m.add("WOLFIEAUTH_INVOICE_API_TOKEN", "belongs to WOLFIEAUTH_INVOICE_API: both or neither")
	}
	if info, err := os.Stat(b.InvoiceFolder); b.InvoiceFolder != "" && (err != nil || !info.IsDir()) {
		m.add("WOLFIEAUTH_INVOICE_FOLDER", "is no directory")
	}
	if !originOK(b.ExchangeRates) {
		m.add("WOLFIEAUTH_EXCHANGE_RATES", "must be an https origin; http is for localhost only")
	}
}

// SeatNotice answers how long seats may be stuck before the org is told. Call it after Prepare.
func (b *Billing) SeatNotice() time.Duration {
	d, _ := time.ParseDuration(b.SeatNoticeAfter)
	return d
}

// originOK tells an https origin, or an http one of this machine.
func originOK(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme+"://"+u.Host != text {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && ip.IsLoopback())
}

func addrOK(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 0 && n <= 65535
}

func (c *Mail) check(m *mistakes) {
	switch {
	case c.SMTP == "":
	case c.From == "":
		m.add("WOLFIEAUTH_MAIL_FROM", "is required with WOLFIEAUTH_SMTP_URL")
	default:
		if _, err := mail.NewSMTP(string(c.SMTP), c.From); err != nil {
			m.add("WOLFIEAUTH_SMTP_URL", "%v", err)
		}
	}
}

func (l *Log) check(m *mistakes) {
	if !oneOf(l.Level, "debug", "info", "warn", "error") {
		m.add("WOLFIEAUTH_LOG_LEVEL", "must be debug, info, warn or error")
	}
	if !oneOf(l.Format, "json", "text") {
		m.add("WOLFIEAUTH_LOG_FORMAT", "must be json or text")
	}
}

func (s *Stripe) check(env Environment, m *mistakes) {
	if !originOK(s.APIBase) {
		m.add("STRIPE_API_BASE", "must be an https origin (http for localhost only)")
	}
	s.Live().check("", "live", env, m)
	s.Test().check("_TEST", "test", env, m)
}

// check holds one mode's keys together. A key of the other mode is refused rather than accepted quietly: it
// would sell for real where a test was meant, or the reverse. An empty signing secret verifies anything, so it
// is never taken as "not set".
func (k Keys) check(suffix, mode string, env Environment, m *mistakes) {
	if k.Secret != "" && !hasPrefix(string(k.Secret), "sk_"+mode+"_", "rk_"+mode+"_") {
		m.add("STRIPE_SECRET_KEY"+suffix, "must be a key of %s mode, sk_%s_ or rk_%s_", mode, mode, mode)
	}
	if k.Publishable != "" && !hasPrefix(k.Publishable, "pk_"+mode+"_") {
		m.add("STRIPE_PUBLISHABLE_KEY"+suffix, "must be a key of %s mode, pk_%s_", mode, mode)
	}
	if k.ConnectClientID != "" && !hasPrefix(k.ConnectClientID, "ca_") {
		m.add("STRIPE_CONNECT_CLIENT_ID"+suffix, "must begin with ca_")
	}
	if k.ConnectClientID != "" && k.Secret == "" {
		m.add("STRIPE_SECRET_KEY"+suffix, "is required with STRIPE_CONNECT_CLIENT_ID%s", suffix)
	}
	checkSigning("STRIPE_WEBHOOK_SECRET"+suffix, k.Webhook, "STRIPE_SECRET_KEY"+suffix, k.Secret != "", env, m)
	checkSigning("STRIPE_CONNECT_WEBHOOK_SECRET"+suffix, k.ConnectWebhook, "STRIPE_CONNECT_CLIENT_ID"+suffix, k.ConnectClientID != "", env, m)
}

func checkSigning(name string, value Secret, needer string, needed bool, env Environment, m *mistakes) {
	_, given := env(name)
	switch {
	case value == "" && given:
		m.add(name, "is set but empty; an empty secret would accept forged events")
	case value == "" && needed:
		m.add(name, "is required with %s", needer)
	case value != "" && !hasPrefix(string(value), "whsec_"):
		m.add(name, "must begin with whsec_")
	}
}

// hasPrefix tells a text that begins with one of the prefixes and goes on behind it.
func hasPrefix(text string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) && len(text) > len(p) {
			return true
		}
	}
	return false
}
