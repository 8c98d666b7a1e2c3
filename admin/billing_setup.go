package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const pathBilling = pathApp + "/billing"

// billingArea is where an app's billing is switched on and off, and where it is said on which account it sells.
func billingArea() area {
	connect := func(method, path string, page func(*Console, echo.Context, *visit) error) route {
		return route{method: method, path: path, find: (*Console).ofApp, perm: permission.StripeConnect, page: page, back: pathBilling}
	}
	return area{
		templates: []string{"admin/billing_setup"},
		routes: []route{
			connect(http.MethodGet, pathBilling, (*Console).askBilling),
			connect(http.MethodPost, pathBilling, (*Console).saveBilling),
			connect(http.MethodGet, pathBilling+"/disable", (*Console).disableBilling),
			connect(http.MethodPost, pathBilling+"/disable", (*Console).disableBilling),
		},
	}
}

// BillingSwitch says where an app sells, and records each change; [billing.Service] is one.
type BillingSwitch interface {
	// BillingStatus answers billing.ErrAppNotFound, for a disabled app too.
	BillingStatus(ctx context.Context, clientID string) (billing.SalesStatus, error)
	// SetUpBilling answers billing.FieldErrors, billing.ErrConflict, or billing.ErrLiveSubscriptions.
	SetUpBilling(ctx context.Context, in billing.SalesSetup) error
	// DisableBilling answers billing.ErrBillingOff, or billing.ErrLiveSubscriptions.
	DisableBilling(ctx context.Context, clientID string) error
}

// BillingSetupPage is the view of admin/billing_setup.
type BillingSetupPage struct {
	Frame
	App      idp.App
	Form     *web.Form
	Seen     string
	Disabled bool // the app itself
	On       bool
	Ready    bool
	Live     bool
	Account  string // connected account that the app sells on, or ""
	Paying   int64  // while people pay, gateway and mode stay
	Gateway  string // in words
	Currency string
	Country  string
	Gateways []Choice
	Modes    []web.Option
}

// billingFields are the names of the values in the form.
var billingFields = map[string]string{"livemode": "mode", "defaultCurrency": "currency", "defaultCountry": "country"}

// The values of the field for the mode.
const (
	modeTest = "test"
	modeLive = "live"
)

func modeOf(livemode bool) string {
	if livemode {
		return modeLive
	}
	return modeTest
}

func (k *Console) askBilling(c echo.Context, v *visit) error {
	status, err := k.billingStatus(c, v)
	if err != nil {
		return err
	}
	s, form := status.Settings, &web.Form{}
	if s.Gateway == "" { // never on: what an org of its own most likely wants
		s.Gateway, s.DefaultCurrency = billing.GatewayConnect, defaultCurrency(c)
	}
	form.Set("gateway", string(s.Gateway))
	form.Set("mode", modeOf(s.Livemode))
	form.Set("currency", s.DefaultCurrency)
	form.Set("country", s.DefaultCountry)
	return k.renderBilling(c, v, http.StatusOK, form, &status)
}

// defaultCurrency is where an app begins that never sold.
func defaultCurrency(c echo.Context) string {
	if web.Lang(c) == "pl" {
		return "PLN"
	}
	return "EUR"
}

// billingStatus answers the zero value for a disabled app: it sells nothing, whatever its settings say.
func (k *Console) billingStatus(c echo.Context, v *visit) (billing.SalesStatus, error) {
	if v.app.DisabledAt != nil {
		return billing.SalesStatus{}, nil
	}
	return k.deps.Selling.BillingStatus(c.Request().Context(), v.app.ClientID)
}

func (k *Console) saveBilling(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	status, err := k.billingStatus(c, v)
	if err != nil {
		return err
	}
	if v.app.DisabledAt != nil {
		form.Summary = web.T(c, "billing_setup.app_disabled")
		return k.renderBilling(c, v, http.StatusUnprocessableEntity, form, &status)
	}
	gateway := billing.GatewayKind(form.Value("gateway"))
	if gateway == billing.GatewayPlatform && !mayUsePlatform(v, status.Settings) {
		form.Fail("gateway", web.T(c, "billing_setup.mistake.platform"))
	}
	if mode := form.Value("mode"); mode != modeTest && mode != modeLive {
		form.Fail("mode", web.T(c, "admin.mistake.invalid"))
	}
	if form.OK() {
		err = k.deps.Selling.SetUpBilling(acting(c, v), billing.SalesSetup{
			ClientID: v.app.ClientID, Expected: seenAt(form), Gateway: gateway, Livemode: form.Value("mode") == modeLive,
			DefaultCurrency: form.Value("currency"), DefaultCountry: form.Value("country"),
		})
	}
	switch {
	case errors.Is(err, billing.ErrConflict):
		form.Summary, err = web.T(c, "admin.editor.conflict"), nil
	case errors.Is(err, billing.ErrLiveSubscriptions):
		form.Summary, err = web.T(c, "billing_setup.paying", "Count", status.Paying), nil
	case gateway == billing.GatewayManaged && form.Value("mode") == modeLive && err != nil:
		form.Fail("mode", web.T(c, "billing_setup.mistake.managed_live"))
		err = nil
	}
	if err := settled(settle(c, form, billingFields, err)); err != nil {
		return err
	}
	if !form.OK() {
		if status, err = k.billingStatus(c, v); err != nil { // as it is by now: it may be what the form clashed with
			return err
		}
		return k.renderBilling(c, v, http.StatusUnprocessableEntity, form, &status)
	}
	return k.toFlash(c, web.T(c, "billing_setup.saved", "App", v.app.Name), "/admin/clients/"+v.app.ClientID+"/billing")
}

// mayUsePlatform keeps other orgs' sales off the platform's own account: what is paid there is the platform's money.
func mayUsePlatform(v *visit, s billing.AppSettings) bool {
	return v.org.PlatformOwner || s.Gateway == billing.GatewayPlatform
}

func (k *Console) renderBilling(c echo.Context, v *visit, code int, form *web.Form, status *billing.SalesStatus) error {
	s := status.Settings
	view := &BillingSetupPage{
		Frame: frame(c, v, "overview", web.T(c, "billing_setup.title")), App: v.app, Form: form, Seen: form.Value("seen"), Disabled: v.app.DisabledAt != nil,
		On: s.Enabled, Ready: status.Ready, Live: s.Livemode, Account: status.Account, Paying: status.Paying,
		Gateway: gatewayName(c, s.Gateway), Currency: s.DefaultCurrency, Country: s.DefaultCountry,
		Modes: []web.Option{{Value: modeTest, Label: web.T(c, "billing_setup.mode.test")}, {Value: modeLive, Label: web.T(c, "billing_setup.mode.live")}},
	}
	if view.Seen == "" || form.Summary != "" {
		view.Seen = stampOf(s.UpdatedAt)
	}
	kinds := []billing.GatewayKind{billing.GatewayConnect, billing.GatewayManaged}
	if mayUsePlatform(v, s) {
		kinds = append(kinds, billing.GatewayPlatform)
	}
	for _, kind := range kinds {
		view.Gateways = append(view.Gateways, Choice{
			Value: string(kind), Label: gatewayName(c, kind), Hint: gatewayHint(c, kind), Chosen: form.Value("gateway") == string(kind),
		})
	}
	return k.edge.Render(c, code, "admin/billing_setup", view)
}

func gatewayHint(c echo.Context, kind billing.GatewayKind) string {
	switch kind {
	case billing.GatewayConnect:
		return web.T(c, "billing_setup.gateway.connect")
	case billing.GatewayPlatform:
		return web.T(c, "billing_setup.gateway.platform")
	default:
		return web.T(c, "billing_setup.gateway.managed")
	}
}

// disableBilling says what ends, and ends it. While people pay with real money it says why not.
func (k *Console) disableBilling(c echo.Context, v *visit) error {
	here := "/admin/clients/" + v.app.ClientID + "/billing"
	status, err := k.billingStatus(c, v)
	if err != nil {
		return err
	}
	if !status.Settings.Enabled {
		return c.Redirect(http.StatusSeeOther, here)
	}
	if status.Paying > 0 {
		return k.refuseDisabling(c, here, status.Paying)
	}
	ok, err := k.confirmed(c, &ConfirmPage{
		Frame: frame(c, v, "overview", web.T(c, "billing_setup.disable.title")), Heading: web.T(c, "billing_setup.disable.heading", "App", v.app.Name),
		Lead:  web.T(c, "billing_setup.disable.lead"),
		Lines: []string{web.T(c, "billing_setup.disable.shop"), web.T(c, "billing_setup.disable.tokens")},
		Keeps: web.T(c, "billing_setup.disable.keeps"), Action: here + "/disable", Submit: web.T(c, "billing_setup.disable.submit"),
		Crumb: web.T(c, "billing_setup.title"), Back: here,
	})
	if err != nil || !ok {
		return err
	}
	err = k.deps.Selling.DisableBilling(acting(c, v), v.app.ClientID)
	if errors.Is(err, billing.ErrLiveSubscriptions) {
		return k.refuseDisabling(c, here, 1)
	}
	if err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "billing_setup.disable.done", "App", v.app.Name), here)
}

func (k *Console) refuseDisabling(c echo.Context, here string, paying int64) error {
	if err := k.edge.SetFlash(c, "danger", web.T(c, "billing_setup.paying", "Count", paying)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, here)
}
