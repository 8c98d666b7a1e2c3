package config_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/internal/config"
)

const masterKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func good() map[string]string {
	return map[string]string{"WOLFIEAUTH_ISSUER": "https://id.example.com", "WOLFIEAUTH_MASTER_KEY": masterKey}
}

// load parses as the command does, from env in place of the process's environment.
func load(t *testing.T, env map[string]string, args ...string) (*config.Serve, error) {
	t.Helper()
	cfg := &config.Serve{}
	resolver := kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if v, ok := env[name]; ok {
				return v, nil
			}
		}
		return nil, nil
	})
	parser, err := kong.New(cfg, kong.Resolvers(resolver))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return cfg, cfg.Prepare(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
}

func with(changes ...string) map[string]string {
	env := good()
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return env
}

func TestLeastSettings(t *testing.T) {
	t.Parallel()
	cfg, err := load(t, good())
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Database != "wolfieauth.db" || cfg.Addr != ":8080" || cfg.Shutdown() != 10*time.Second || len(cfg.Proxies()) != 0 {
		t.Errorf("%+v", cfg)
	}
	if _, err := cfg.Box(); err != nil {
		t.Error(err)
	}
	if cfg.Live().Secret != "" || cfg.Test().Secret != "" {
		t.Error("keys out of nowhere")
	}
}

func TestAllSettings(t *testing.T) {
	t.Parallel()
	env := with(
		"WOLFIEAUTH_DATABASE_URL", "postgres://u:p@db/wolfie", "WOLFIEAUTH_MASTER_KEY_OLD", masterKey, "WOLFIEAUTH_TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32",
		"WOLFIEAUTH_DEFAULT_LANG", "pl", "WOLFIEAUTH_SMTP_URL", "smtps://u:p@mail", "WOLFIEAUTH_MAIL_FROM", "Acme <a@acme.test>", "WOLFIEAUTH_METRICS_ADDR", "off",
		"STRIPE_SECRET_KEY", "sk_live_1", "STRIPE_WEBHOOK_SECRET", "whsec_1", "STRIPE_CONNECT_CLIENT_ID", "ca_1", "STRIPE_CONNECT_WEBHOOK_SECRET", "whsec_2",
		"STRIPE_PUBLISHABLE_KEY", "pk_live_1", "STRIPE_SECRET_KEY_TEST", "rk_test_1", "STRIPE_WEBHOOK_SECRET_TEST", "whsec_3", "STRIPE_API_BASE", "http://127.0.0.1:8082",
	)
	cfg, err := load(t, env, "--addr", "127.0.0.1:0", "--stripe-publishable-key-test=pk_test_1")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Keys{Secret: "sk_live_1", Webhook: "whsec_1", ConnectWebhook: "whsec_2", Publishable: "pk_live_1", ConnectClientID: "ca_1"}
	if diff := cmp.Diff(want, cfg.Live()); diff != "" {
		t.Error(diff)
	}
	if got := cfg.Test(); got.Secret != "rk_test_1" || got.Publishable != "pk_test_1" || got.Webhook != "whsec_3" {
		t.Errorf("%+v", got)
	}
	networks := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	if diff := cmp.Diff(fmt.Sprint(networks), fmt.Sprint(cfg.Proxies())); diff != "" || cfg.Addr != "127.0.0.1:0" {
		t.Error(diff, cfg.Addr)
	}
	for _, printed := range []string{fmt.Sprintf("%v", cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), cfg.SecretKey.LogValue().String()} {
		for _, secret := range []string{"sk_live_1", "whsec_", masterKey, "smtps://", "u:p@"} {
			if strings.Contains(printed, secret) {
				t.Errorf("printed %s: %s", secret, printed)
			}
		}
	}
}

func TestEachMistakeIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env   map[string]string
		wrong string
	}{
		{map[string]string{"WOLFIEAUTH_MASTER_KEY": masterKey}, "WOLFIEAUTH_ISSUER"},
		{with("WOLFIEAUTH_ISSUER", "http://id.example.com"), "WOLFIEAUTH_ISSUER"},
		{with("WOLFIEAUTH_ISSUER", "https://id.example.com/"), "WOLFIEAUTH_ISSUER"},
		{with("WOLFIEAUTH_ISSUER", "https://id.example.com/x"), "WOLFIEAUTH_ISSUER"},
		{with("WOLFIEAUTH_ISSUER", "http://localhost.example.com"), "WOLFIEAUTH_ISSUER"},
		{with("WOLFIEAUTH_MASTER_KEY", ""), "WOLFIEAUTH_MASTER_KEY"},
		{with("WOLFIEAUTH_MASTER_KEY", "c2hvcnQ="), "WOLFIEAUTH_MASTER_KEY"},
		{with("WOLFIEAUTH_MASTER_KEY_OLD", "c2hvcnQ="), "WOLFIEAUTH_MASTER_KEY_OLD"},
		{with("WOLFIEAUTH_DATABASE_URL", "mysql://h/d"), "WOLFIEAUTH_DATABASE_URL"},
		{with("WOLFIEAUTH_DATABASE_URL", "postgres://h"), "WOLFIEAUTH_DATABASE_URL"},
		{with("WOLFIEAUTH_ADDR", "8080"), "WOLFIEAUTH_ADDR"},
		{with("WOLFIEAUTH_ADDR", ":http"), "WOLFIEAUTH_ADDR"},
		{with("WOLFIEAUTH_METRICS_ADDR", "nope"), "WOLFIEAUTH_METRICS_ADDR"},
		{with("WOLFIEAUTH_METRICS_ADDR", ":8080"), "WOLFIEAUTH_METRICS_ADDR"},
		{with("WOLFIEAUTH_TRUSTED_PROXIES", "10.0.0.1"), "WOLFIEAUTH_TRUSTED_PROXIES"},
		{with("WOLFIEAUTH_DEFAULT_LANG", "de"), "WOLFIEAUTH_DEFAULT_LANG"},
		{with("WOLFIEAUTH_DEFAULT_COUNTRY", "pl"), "WOLFIEAUTH_DEFAULT_COUNTRY"},
		{with("WOLFIEAUTH_SHUTDOWN_TIMEOUT", "soon"), "WOLFIEAUTH_SHUTDOWN_TIMEOUT"},
		{with("WOLFIEAUTH_SMTP_URL", "smtp://h"), "WOLFIEAUTH_MAIL_FROM"},
		{with("WOLFIEAUTH_SMTP_URL", "http://h", "WOLFIEAUTH_MAIL_FROM", "a@b.test"), "WOLFIEAUTH_SMTP_URL"},
		{with("WOLFIEAUTH_LOG_LEVEL", "loud"), "WOLFIEAUTH_LOG_LEVEL"},
		{with("WOLFIEAUTH_LOG_FORMAT", "xml"), "WOLFIEAUTH_LOG_FORMAT"},
		{with("STRIPE_API_BASE", "http://example.com"), "STRIPE_API_BASE"},
		{with("WOLFIEAUTH_INVOICE_API", "http://example.com", "WOLFIEAUTH_INVOICE_API_TOKEN", "t"), "WOLFIEAUTH_INVOICE_API"},
		{with("WOLFIEAUTH_INVOICE_API", "https://crm.test"), "WOLFIEAUTH_INVOICE_API_TOKEN"},
		{with("WOLFIEAUTH_INVOICE_API_TOKEN", "t"), "WOLFIEAUTH_INVOICE_API_TOKEN"},
		{with("WOLFIEAUTH_INVOICE_API", "https://crm.test", "WOLFIEAUTH_INVOICE_API_TOKEN", "t", "WOLFIEAUTH_INVOICE_FOLDER", "."), "WOLFIEAUTH_INVOICE_FOLDER"},
		{with("WOLFIEAUTH_INVOICE_FOLDER", "/nowhere/at/all"), "WOLFIEAUTH_INVOICE_FOLDER"},
		{with("WOLFIEAUTH_EXCHANGE_RATES", "api.nbp.pl"), "WOLFIEAUTH_EXCHANGE_RATES"},
		{with("STRIPE_SECRET_KEY", "sk_live_1"), "STRIPE_WEBHOOK_SECRET"},
		{with("STRIPE_SECRET_KEY", "sk_live_1", "STRIPE_WEBHOOK_SECRET", ""), "STRIPE_WEBHOOK_SECRET"},
		{with("STRIPE_SECRET_KEY", "sk_live_1", "STRIPE_WEBHOOK_SECRET", "  "), "STRIPE_WEBHOOK_SECRET"},
		{with("STRIPE_SECRET_KEY", "sk_live_1", "STRIPE_WEBHOOK_SECRET", "secret"), "STRIPE_WEBHOOK_SECRET"},
		{with("STRIPE_WEBHOOK_SECRET", ""), "STRIPE_WEBHOOK_SECRET"},
		{with("STRIPE_CONNECT_WEBHOOK_SECRET_TEST", ""), "STRIPE_CONNECT_WEBHOOK_SECRET_TEST"},
		{with("STRIPE_SECRET_KEY", "sk_test_1", "STRIPE_WEBHOOK_SECRET", "whsec_1"), "STRIPE_SECRET_KEY"},
		{with("STRIPE_SECRET_KEY_TEST", "sk_live_1", "STRIPE_WEBHOOK_SECRET_TEST", "whsec_1"), "STRIPE_SECRET_KEY_TEST"},
		{with("STRIPE_PUBLISHABLE_KEY", "pk_test_1"), "STRIPE_PUBLISHABLE_KEY"},
		{with("STRIPE_CONNECT_CLIENT_ID", "ca_1", "STRIPE_CONNECT_WEBHOOK_SECRET", "whsec_1"), "STRIPE_SECRET_KEY"},
		{with("STRIPE_CONNECT_CLIENT_ID", "ca_1", "STRIPE_SECRET_KEY", "sk_live_1", "STRIPE_WEBHOOK_SECRET", "whsec_1"), "STRIPE_CONNECT_WEBHOOK_SECRET"},
		{with("STRIPE_SECRET_KEY_FILE", "/nowhere"), "STRIPE_SECRET_KEY_FILE"},
		{with("WOLFIEAUTH_MASTER_KEY_FILE", "/nowhere"), "WOLFIEAUTH_MASTER_KEY"},
	} {
		_, err := load(t, tt.env)
		var mistakes config.MistakesError
		if !errors.As(err, &mistakes) || len(mistakes) != 1 || !strings.HasPrefix(mistakes[0], tt.wrong+": ") {
			t.Errorf("%v: %v, want one mistake about %s", tt.env, err, tt.wrong)
		}
	}
}

func TestAllMistakesAreToldAtOnceWithoutSecrets(t *testing.T) {
	t.Parallel()
	_, err := load(t, map[string]string{
		"WOLFIEAUTH_ISSUER": "http://x.test", "WOLFIEAUTH_MASTER_KEY": "hunter2", "WOLFIEAUTH_DATABASE_URL": "mysql://u:hunter2@h/d",
		"WOLFIEAUTH_SMTP_URL": "http://u:hunter2@h", "WOLFIEAUTH_MAIL_FROM": "a@b.test", "STRIPE_SECRET_KEY": "hunter2", "WOLFIEAUTH_LOG_LEVEL": "x",
	})
	var mistakes config.MistakesError
	if !errors.As(err, &mistakes) || len(mistakes) != 7 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%d mistakes: %v", len(mistakes), err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	file := func(content string) string {
		name := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	env := with(
		"WOLFIEAUTH_MASTER_KEY_FILE", file(masterKey+"\n"), "WOLFIEAUTH_DATABASE_URL_FILE", file("postgres://u:p@h/d\n"),
		"STRIPE_SECRET_KEY_FILE", file("sk_live_1\n"), "STRIPE_WEBHOOK_SECRET_FILE", file("whsec_1"),
	)
	delete(env, "WOLFIEAUTH_MASTER_KEY")
	cfg, err := load(t, env)
	if err != nil || cfg.Database != "postgres://u:p@h/d" || cfg.SecretKey != "sk_live_1" || cfg.WebhookSecret != "whsec_1" || cfg.MasterKey != masterKey {
		t.Errorf("%v", err)
	}
	empty := maps.Clone(env)
	empty["STRIPE_WEBHOOK_SECRET_FILE"] = file("\n")
	if _, err := load(t, empty); err == nil || !strings.Contains(err.Error(), "STRIPE_WEBHOOK_SECRET_FILE: names an empty file") {
		t.Error(err)
	}
	if _, err := load(t, env, "--db", "other.db"); err == nil {
		t.Error("two databases at once")
	}
}

func TestTableOfSettingsAgreesWithTheStructs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/contracts/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, s := range config.Settings() {
		want = append(want, row(s))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/contracts/settings.md (-want +got):\n%s", diff)
	}
	parser, err := kong.New(&config.Serve{})
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]bool{}
	for _, f := range parser.Model.Flags {
		flags["--"+f.Name] = true
	}
	for _, s := range config.Settings() {
		if s.Env == "" || s.Help == "" || (s.Flag != "" && !flags[s.Flag]) {
			t.Errorf("%+v is not complete, or kong calls its flag otherwise", s)
		}
	}
}

func row(s config.Setting) string {
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	secret := ""
	if s.Secret {
		secret = "yes"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", code(s.Env), code(s.Flag), code(s.Default), secret, s.Help)
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := config.Log{Level: "warn", Format: "text"}
	logger := l.Logger(&out)
	logger.InfoContext(t.Context(), "quiet")
	logger.WarnContext(t.Context(), "loud", "key", config.Secret("hunter2"))
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "loud") || strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}
