package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
	"github.com/wolfieauth/wolfieauth/billing/ksef"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/billing/webhook"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

func (a *App) openBilling(context.Context) error {
	stripe, err := gateway.New(gateway.Config{
		SecretKey: a.cfg.Stripe.SecretKey, TestSecretKey: a.cfg.Stripe.TestSecretKey, APIBase: a.cfg.Stripe.APIBase,
		ConnectClientID: a.cfg.Stripe.ConnectClientID, TestConnectClientID: a.cfg.Stripe.TestConnectClientID,
		Logger: a.log, MaxNetworkRetries: 2,
	})
	if err != nil {
		return err
	}
	known := facts{people: a.people, base: a.cfg.Issuer}
	a.billingStore = billingstore.New(a.db)
	a.billing = billing.New(billing.Deps{
		Tx: a.db, Store: a.billingStore, Apps: known, Members: known, Gateway: stripe, Jobs: work{a.jobs},
		Mailer: billingMail{people: a.people, mails: a.mails, base: a.cfg.Issuer}, Versions: a.versions, Audit: a.audit, Comps: a.claims.store,
		Now: a.cfg.Now, Logger: a.log, BaseURL: a.cfg.Issuer, SeatNotice: a.cfg.SeatNotice, EventObject: webhook.EventObject,
		Documents: ksef.Writer{}, Issuer: a.cfg.Invoices.issuer(), Rates: a.cfg.Invoices.rates(),
	})
	a.billing.RegisterJobs(work{a.jobs})
	// A plan's page shows its app: what changes an app changes the catalogue.
	a.versions.On(idp.VersionApps, a.billing.ForgetCatalogs)
	a.openComps(known)
	return nil
}

// mountWebhook puts Stripe's endpoint on the edge. Without any secret nothing could be verified, so the endpoint
// answers that Stripe is not configured; it is never open.
func (a *App) mountWebhook() error {
	if len(a.cfg.Stripe.WebhookSecrets)+len(a.cfg.Stripe.ConnectSecrets) == 0 {
		a.edge.API().POST(webhook.Path, func(echo.Context) error {
			return web.Fail(http.StatusServiceUnavailable, "stripe_not_configured")
		})
		return nil
	}
	receiver, err := webhook.New(webhook.Config{
		PlatformSecrets: a.cfg.Stripe.WebhookSecrets, ConnectSecrets: a.cfg.Stripe.ConnectSecrets, Now: time.Now, Logger: a.log,
	}, a.billing)
	if err != nil {
		return err
	}
	receiver.Mount(a.edge.Raw())
	return nil
}

// work gives billing the runner without its options.
type work struct{ *jobs.Runner }

var _ billing.Jobs = work{}

// Handle names the handler of a kind.
func (w work) Handle(kind string, h func(ctx context.Context, key string) error) {
	w.Runner.Handle(kind, h)
}

// billingMail writes billing's letters to people.
type billingMail struct {
	people *idp.Service
	mails  *mail.Outbox
	base   string
}

var _ billing.Mailer = billingMail{}

// DoublePayment tells the one whose payment was given back and the one whose stays, if they are two.
func (m billingMail) DoublePayment(ctx context.Context, n billing.DoublePayment) error {
	app, err := m.people.App(ctx, n.ClientID)
	if err != nil && !errors.Is(err, idp.ErrAppNotFound) {
		return err
	}
	seen := map[string]bool{"": true}
	for _, userID := range []string{n.GivenBackUserID, n.KeptUserID} {
		if seen[userID] {
			continue
		}
		seen[userID] = true
		user, err := m.people.User(ctx, userID)
		if errors.Is(err, idp.ErrUserNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		lang := user.Locale
		if lang == "" {
			lang = n.Lang
		}
		kept := n.KeptPlanName
		if kept == "" {
			kept = n.PlanName // it has ended since; what was bought first was for the same app
		}
		err = m.mails.Send(ctx, mail.Message{To: user.Email, Lang: lang, Template: mail.PurchaseDoubleRefunded, Data: map[string]any{
			"Name": user.Name, "Link": m.base + "/billing/" + n.ClientID, "App": app.Name, "Plan": n.PlanName, "Kept": kept,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
