package config

import (
	"log/slog"
	"reflect"
)

// Secret is a setting that must not be printed. Convert it with string(s) where it is used.
type Secret string

// String hides the secret from fmt.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[redacted]"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Serve is all that `wolfieauth serve` is told. Embed it in the command, let kong fill it, then call
// [Serve.Prepare].
type Serve struct {
	Storage `embed:""`
	Web     `embed:""`
	Mail    `embed:""`
	Log     `embed:""`
	Billing `embed:""`
	Stripe  `embed:"" prefix:"stripe-"`
}

// Billing is how billing behaves.
type Billing struct {
	SeatNoticeAfter string `env:"WOLFIEAUTH_SEAT_NOTICE_AFTER" default:"24h" help:"How long a change of seats may fail to reach Stripe before the owners and admins of the org are told by mail."`
	InvoiceFolder   string `env:"WOLFIEAUTH_INVOICE_FOLDER" help:"Directory that the platform's invoices (FA(3) XML) are written into; it must exist."`
	InvoiceAPI      string `name:"invoice-api" env:"WOLFIEAUTH_INVOICE_API" help:"Origin of the wolfiecrm API that issues the platform's invoices in KSeF, instead of a directory."`
	InvoiceAPIToken Secret `kong:"-" env:"WOLFIEAUTH_INVOICE_API_TOKEN" help:"Bearer token of the wolfiecrm API. Required with its origin."`
	ExchangeRates   string `env:"WOLFIEAUTH_EXCHANGE_RATES" default:"https://api.nbp.pl" help:"Origin of the National Bank of Poland's API, for VAT in PLN on invoices in another currency."`
}

// Storage is where data live and what seals them; every command that touches data embeds it.
type Storage struct {
	Database     Secret `name:"db" env:"WOLFIEAUTH_DATABASE_URL" default:"wolfieauth.db" help:"PostgreSQL URL (postgres://...) or path of a SQLite file."`
	MasterKey    Secret `kong:"-" env:"WOLFIEAUTH_MASTER_KEY" help:"Key that seals secrets at rest: 32 bytes in base64 (openssl rand -base64 32). Required."`
	MasterKeyOld Secret `kong:"-" env:"WOLFIEAUTH_MASTER_KEY_OLD" help:"The master key before a rotation, until everything is sealed again."`
}

// Web is how the server is reached.
type Web struct {
	Issuer          string   `env:"WOLFIEAUTH_ISSUER" help:"Public origin of this server, https://id.example.com; http only for localhost. Required."`
	Addr            string   `env:"WOLFIEAUTH_ADDR" default:":8080" help:"Address to listen on, host:port."`
	MetricsAddr     string   `env:"WOLFIEAUTH_METRICS_ADDR" default:"127.0.0.1:9090" help:"Address of the listener for /metrics; off for none."`
	TrustedProxies  []string `env:"WOLFIEAUTH_TRUSTED_PROXIES" help:"Networks (CIDR, comma-separated) of proxies whose client address and country headers are believed; nobody by default."`
	DefaultLang     string   `env:"WOLFIEAUTH_DEFAULT_LANG" default:"en" help:"Language for visitors who ask for neither: pl or en."`
	DefaultCountry  string   `env:"WOLFIEAUTH_DEFAULT_COUNTRY" default:"PL" help:"Country of buyers of whom no country is known, ISO 3166 alpha-2."`
	ShutdownTimeout string   `env:"WOLFIEAUTH_SHUTDOWN_TIMEOUT" default:"10s" help:"How long requests and jobs may finish after SIGTERM."`
}

// Mail is how mails leave.
type Mail struct {
	SMTP Secret `kong:"-" env:"WOLFIEAUTH_SMTP_URL" help:"Mail server, smtp://user:password@host:port or smtps://...; without one, mails stay in the outbox table."`
	From string `name:"mail-from" env:"WOLFIEAUTH_MAIL_FROM" help:"Sender of mails, \"Name <address>\". Required with a mail server."`
}

// Log is what is logged.
type Log struct {
	Level  string `name:"log-level" env:"WOLFIEAUTH_LOG_LEVEL" default:"info" help:"Least level logged: debug, info, warn or error."`
	Format string `name:"log-format" env:"WOLFIEAUTH_LOG_FORMAT" default:"json" help:"json or text."`
}

// Stripe holds Stripe's keys, live and test. Without a secret key, billing in that mode answers
// stripe_not_configured.
type Stripe struct {
	APIBase string `env:"STRIPE_API_BASE" default:"https://api.stripe.com" help:"Origin of Stripe's API; another one for the sandbox, http only for localhost."`

	SecretKey            Secret `kong:"-" env:"STRIPE_SECRET_KEY" help:"Live secret or restricted key (sk_live_, rk_live_)."`
	PublishableKey       string `env:"STRIPE_PUBLISHABLE_KEY" help:"Live publishable key (pk_live_)."`
	WebhookSecret        Secret `kong:"-" env:"STRIPE_WEBHOOK_SECRET" help:"Signing secret of the live platform webhook (whsec_). Required with the live secret key."`
	ConnectClientID      string `env:"STRIPE_CONNECT_CLIENT_ID" help:"Live client id of the Connect platform (ca_)."`
	ConnectWebhookSecret Secret `kong:"-" env:"STRIPE_CONNECT_WEBHOOK_SECRET" help:"Signing secret of the live Connect webhook (whsec_). Required with the live client id."`

	SecretKeyTest            Secret `kong:"-" env:"STRIPE_SECRET_KEY_TEST" help:"Test secret or restricted key (sk_test_, rk_test_)."`
	PublishableKeyTest       string `env:"STRIPE_PUBLISHABLE_KEY_TEST" help:"Test publishable key (pk_test_)."`
	WebhookSecretTest        Secret `kong:"-" env:"STRIPE_WEBHOOK_SECRET_TEST" help:"Signing secret of the test platform webhook (whsec_). Required with the test secret key."`
	ConnectClientIDTest      string `env:"STRIPE_CONNECT_CLIENT_ID_TEST" help:"Test client id of the Connect platform (ca_)."`
	ConnectWebhookSecretTest Secret `kong:"-" env:"STRIPE_CONNECT_WEBHOOK_SECRET_TEST" help:"Signing secret of the test Connect webhook (whsec_). Required with the test client id."`
}

// Keys are one mode's keys of Stripe.
type Keys struct {
	Secret, Webhook, ConnectWebhook Secret
	Publishable, ConnectClientID    string
}

// Live answers the live mode's keys.
func (s *Stripe) Live() Keys {
	return Keys{s.SecretKey, s.WebhookSecret, s.ConnectWebhookSecret, s.PublishableKey, s.ConnectClientID}
}

// Test answers the test mode's keys.
func (s *Stripe) Test() Keys {
	return Keys{s.SecretKeyTest, s.WebhookSecretTest, s.ConnectWebhookSecretTest, s.PublishableKeyTest, s.ConnectClientIDTest}
}

// Setting describes one setting, for the documentation.
type Setting struct {
	Env, Flag, Default, Help string
	Secret                   bool // also read from <Env>_FILE, never printed
}

// Settings lists every setting of [Serve] in the order of its fields.
func Settings() []Setting {
	var out []Setting
	each(reflect.ValueOf(&Serve{}).Elem(), "", func(s Setting, _ reflect.Value) { out = append(out, s) })
	return out
}

// each calls f with every setting below v and the field that holds it.
func each(v reflect.Value, prefix string, f func(Setting, reflect.Value)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if _, group := field.Tag.Lookup("embed"); group {
			each(v.Field(i), prefix+field.Tag.Get("prefix"), f)
			continue
		}
		s := Setting{
			Env: field.Tag.Get("env"), Default: field.Tag.Get("default"), Help: field.Tag.Get("help"),
			Secret: field.Type == reflect.TypeFor[Secret](),
		}
		if field.Tag.Get("kong") != "-" {
			s.Flag = "--" + prefix + flagName(field)
		}
		f(s, v.Field(i))
	}
}

// flagName answers what kong calls the field's flag.
func flagName(field reflect.StructField) string {
	if name := field.Tag.Get("name"); name != "" {
		return name
	}
	return kebab(field.Name)
}
