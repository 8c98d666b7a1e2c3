package main

import (
	"log/slog"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/internal/config"
)

// stripeItself is what the settings call Stripe's own address; the gateway wants no base then.
const stripeItself = "https://api.stripe.com"

// appConfig turns checked settings into what the composition root wants.
func appConfig(cfg *config.Serve, log *slog.Logger) (app.Config, error) {
	box, err := cfg.Box()
	if err != nil {
		return app.Config{}, err
	}
	out := app.Config{
		Issuer: cfg.Issuer, Database: string(cfg.Database), Box: box, Logger: log,
		DefaultLang: cfg.DefaultLang, TrustedProxies: cfg.Proxies(),
		SMTP: string(cfg.SMTP), MailFrom: cfg.From, VerifyFirst: cfg.SMTP != "", SeatNotice: cfg.SeatNotice(),
		Invoices: app.Invoices{Folder: cfg.InvoiceFolder, API: cfg.InvoiceAPI, Token: string(cfg.InvoiceAPIToken), Rates: cfg.ExchangeRates},
		Stripe: app.Stripe{
			SecretKey: string(cfg.SecretKey), TestSecretKey: string(cfg.SecretKeyTest), APIBase: cfg.APIBase,
			ConnectClientID: cfg.ConnectClientID, TestConnectClientID: cfg.ConnectClientIDTest,
		},
	}
	if out.Stripe.APIBase == stripeItself {
		out.Stripe.APIBase = ""
	}
	for _, keys := range []config.Keys{cfg.Live(), cfg.Test()} {
		if keys.Webhook != "" {
			out.Stripe.WebhookSecrets = append(out.Stripe.WebhookSecrets, string(keys.Webhook))
		}
		if keys.ConnectWebhook != "" {
			out.Stripe.ConnectSecrets = append(out.Stripe.ConnectSecrets, string(keys.ConnectWebhook))
		}
	}
	return out, nil
}
