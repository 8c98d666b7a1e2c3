package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// WebhooksPage is the view of admin/platform_webhooks.
type WebhooksPage struct {
	Frame
	Feeds       FeedNotices
	Form        *web.Form
	Outcomes    []web.Option
	Rows        []WebhookRow
	Filtered    bool
	Later       bool
	First, Next string // addresses of pages
}

// WebhookRow is a delivery for people.
type WebhookRow struct {
	billing.WebhookEvent
	Label string // of the outcome
	Kind  string // of the badge
}

func (k *Console) showWebhooks(c echo.Context, v *visit) error {
	f, form := webhookFilter(c)
	page, next, err := k.deps.Deliveries.Events(c.Request().Context(), f)
	if err != nil {
		return err
	}
	view := &WebhooksPage{
		Frame: frame(c, v, "webhooks", web.T(c, "platform.webhooks.title")), Form: form, Outcomes: outcomeOptions(c),
		Filtered: f.Outcome+f.Type+f.Account != "", Later: f.Before != "",
	}
	if view.Feeds, err = k.feedNotices(c); err != nil {
		return err
	}
	q := url.Values{}
	for name, value := range map[string]string{"outcome": f.Outcome, "type": f.Type, "account": f.Account} {
		if value != "" {
			q.Set(name, value)
		}
	}
	view.First = pathWebhooks + "?" + q.Encode()
	if next != "" {
		q.Set("before", seal(next))
		view.Next = pathWebhooks + "?" + q.Encode()
	}
	for _, e := range page {
		view.Rows = append(view.Rows, webhookRow(c, e))
	}
	return k.edge.Render(c, http.StatusOK, "admin/platform_webhooks", view)
}

// webhookFilter reads the address; what cannot be meant is left out.
func webhookFilter(c echo.Context) (billing.EventFilter, *web.Form) {
	f, form := billing.EventFilter{Limit: perPage}, &web.Form{}
	if o := c.QueryParam("outcome"); slices.ContainsFunc(outcomeOptions(c), func(opt web.Option) bool { return opt.Value == o }) {
		f.Outcome = o
	}
	f.Type, f.Account = searched(strings.TrimSpace(c.QueryParam("type"))), searched(strings.TrimSpace(c.QueryParam("account")))
	if before := after(c.QueryParam("before")); uuid.Validate(before) == nil {
		f.Before = before
	}
	form.Set("outcome", f.Outcome)
	form.Set("type", f.Type)
	form.Set("account", f.Account)
	return f, form
}

func outcomeOptions(c echo.Context) []web.Option {
	out := []web.Option{{Label: web.T(c, "platform.webhooks.any")}}
	for _, value := range []string{billing.OutcomeWaiting, billing.OutcomeApplied, billing.OutcomeNotOurs, billing.OutcomeGone, billing.OutcomeIgnored} {
		label, _ := outcomeName(c, value)
		out = append(out, web.Option{Value: value, Label: label})
	}
	return out
}

// outcomeName words an outcome and tells the kind of its badge.
func outcomeName(c echo.Context, outcome string) (label, kind string) {
	switch outcome {
	case "", billing.OutcomeWaiting:
		return web.T(c, "platform.outcome.waiting"), "warn"
	case billing.OutcomeApplied:
		return web.T(c, "platform.outcome.applied"), "ok"
	case billing.OutcomeNotOurs:
		return web.T(c, "platform.outcome.not_ours"), ""
	case billing.OutcomeGone:
		return web.T(c, "platform.outcome.gone"), ""
	case billing.OutcomeIgnored:
		return web.T(c, "platform.outcome.ignored"), ""
	default:
		return outcome, ""
	}
}

func webhookRow(c echo.Context, e billing.WebhookEvent) WebhookRow {
	label, kind := outcomeName(c, e.Outcome)
	return WebhookRow{WebhookEvent: e, Label: label, Kind: kind}
}

// WebhookPage is the view of admin/platform_webhook.
type WebhookPage struct {
	Frame
	Row     WebhookRow
	Payload string // without secrets
	MayRead bool   // the event names an object
}

func (k *Console) eventAt(c echo.Context) (billing.WebhookEvent, error) {
	id := c.Param("event")
	if uuid.Validate(id) != nil {
		return billing.WebhookEvent{}, unknown(billing.ErrEventNotFound)
	}
	e, err := k.deps.Deliveries.Event(c.Request().Context(), id)
	return e, unlessMissing(err, billing.ErrEventNotFound)
}

func (k *Console) showWebhook(c echo.Context, v *visit) error {
	e, err := k.eventAt(c)
	if err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/platform_webhook", &WebhookPage{
		Frame: frame(c, v, "webhooks", e.Type), Row: webhookRow(c, e), Payload: withoutSecrets(e.Payload), MayRead: e.ObjectID != "",
	})
}

func (k *Console) readWebhook(c echo.Context, v *visit) error {
	e, err := k.eventAt(c)
	if err != nil {
		return err
	}
	err = k.deps.Deliveries.ReadEventAgain(acting(c, v), e.ID, v.policy.PlatformOrgID)
	if errors.Is(err, billing.ErrEventWithoutObject) {
		return unknown(err)
	}
	if err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "platform.webhook.wanted", "Object", e.ObjectID), pathWebhooks+"/"+e.ID)
}

// withoutSecrets writes a payload for reading: fields whose name speaks of a secret, and addresses, which at Stripe
// open hosted pages without a login, are left out. What is no JSON is not shown at all.
func withoutSecrets(payload string) string {
	dec := json.NewDecoder(strings.NewReader(payload))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return ""
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(audit.Redact(withoutAddresses(v))) != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}

func withoutAddresses(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			text, isText := inner.(string)
			if isText && text != "" && (name == "url" || strings.HasSuffix(name, "_url") || name == "invoice_pdf") {
				v[name] = "[redacted]"
				continue
			}
			v[name] = withoutAddresses(inner)
		}
	case []any:
		for i := range v {
			v[i] = withoutAddresses(v[i])
		}
	}
	return v
}
