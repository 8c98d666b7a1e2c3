package admin

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	pathPayments = "/admin/orgs/:slug/payments"
	pathMode     = pathPayments + "/:mode"
	// pathConnected is where Stripe's page sends people back. It is the same for every org, because Stripe must be
	// told it beforehand.
	pathConnected = "/admin/payments/connected"
)

// paymentsArea is where an org connects the Stripe accounts that it is paid on.
func paymentsArea() area {
	connect := func(method, path string, page func(*Console, echo.Context, *visit) error) route {
		return route{method: method, path: path, find: (*Console).ofSlug, perm: permission.StripeConnect, page: page, back: pathPayments}
	}
	return area{
		templates: []string{"admin/payments"},
		routes: []route{
			connect(http.MethodGet, pathPayments, (*Console).showPayments),
			connect(http.MethodPost, pathMode+"/connect", (*Console).beginConnect),
			connect(http.MethodPost, pathMode+"/create", (*Console).makeAccount),
			connect(http.MethodPost, pathMode+"/continue", (*Console).continueOnboarding),
			connect(http.MethodGet, pathMode+"/return", (*Console).returnFromStripe),
			connect(http.MethodPost, pathMode+"/refresh", (*Console).refreshAccount),
			connect(http.MethodGet, pathMode+"/disconnect", (*Console).disconnect),
			connect(http.MethodPost, pathMode+"/disconnect", (*Console).disconnect),
			{method: http.MethodGet, path: pathConnected, find: (*Console).ofAttempt, perm: permission.StripeConnect, page: (*Console).finishConnect},
		},
	}
}

// Payments is what the console asks about orgs' own accounts; [billing.Service] is one. What Stripe refuses, or
// cannot answer, is billing.ErrStripeRefused and billing.ErrStripeUnavailable.
type Payments interface {
	ConnectionsOf(ctx context.Context, orgID string) (test, live billing.Connection, err error)
	// MakeConnected answers billing.FieldErrors, or billing.ErrAccountConnected.
	MakeConnected(ctx context.Context, in billing.NewAccount) (billing.StripeAccount, error)
	// Onboard and RefreshAccount answer billing.ErrAccountNotFound.
	Onboard(ctx context.Context, orgID string, livemode bool, refreshURL, returnURL string) (string, error)
	RefreshAccount(ctx context.Context, orgID string, livemode bool) (billing.StripeAccount, error)
	// Disconnect answers billing.ErrLiveSubscriptions unless it is forced.
	Disconnect(ctx context.Context, orgID string, livemode, force bool) error
	// LiveReadinessOf answers what stands of an org's live sales beside its account.
	LiveReadinessOf(ctx context.Context, orgID string) (billing.LiveReadiness, error)
	Consents
}

// Consents is the part of [Payments] about the way to Stripe's page and back.
type Consents interface {
	// BeginConnect answers the page, or billing.ErrAccountConnected.
	BeginConnect(ctx context.Context, in billing.Connecting, returnURL string) (string, error)
	// AttemptOf answers billing.ErrConnectState unless the state was given to this person in this session.
	AttemptOf(ctx context.Context, state, userID, sessionID string) (billing.ConnectAttempt, error)
	// FinishConnect answers billing.ErrConnectState a second time, and billing.ErrAccountTaken.
	FinishConnect(ctx context.Context, attempt billing.ConnectAttempt, code string) (billing.StripeAccount, error)
	GiveUpConnect(ctx context.Context, attempt billing.ConnectAttempt) error
}

// PaymentsPage is the view of admin/payments.
type PaymentsPage struct {
	Frame
	Form  *web.Form
	Modes []ConnectionView
	Steps []LiveStep
	Ready bool // all of them are done
}

// LiveStep is one line of what has to be done before live sales.
type LiveStep struct {
	Text string
	Done bool
	URL  string // where it is done, or ""
}

// ConnectionView is how the org stands with Stripe in one mode.
type ConnectionView struct {
	Mode, Title, Text string
	Live              bool
	Possible          bool // the server can connect accounts in this mode
	Connected         bool
	Ended             string // why an earlier connection has ended, in words; "" for none
	EndedAt           *time.Time
	Account, Name     string
	Country, Currency string
	Charges, Payouts  bool
	State             string // in one sentence
	Due               []string
	Pending           bool
	Deadline          *time.Time
	ReadAt            *time.Time
	Holding           int64
	Form              *web.Form // of this mode's form, empty where another one was sent
	Action            string
	CountryID         string
}

// ofSlug finds the org that the address names, and refuses a mode that there is not.
func (k *Console) ofSlug(c echo.Context, v *visit) (err error) {
	if v.org, err = k.named(c.Request().Context(), v, c.Param("slug")); err != nil {
		return err
	}
	if mode := c.Param("mode"); mode != "" && mode != modeTest && mode != modeLive {
		return unknown(billing.ErrAccountNotFound)
	}
	return nil
}

func paymentsOf(v *visit) string { return "/admin/orgs/" + v.org.Slug + "/payments" }

func (k *Console) showPayments(c echo.Context, v *visit) error {
	form := &web.Form{}
	if c.QueryParam("again") != "" { // Stripe's page was left open for too long
		form.Summary = web.T(c, "payments.link_over")
	}
	return k.renderPayments(c, v, http.StatusOK, form, "")
}

// renderPayments shows both modes; form belongs to one of them.
func (k *Console) renderPayments(c echo.Context, v *visit, status int, form *web.Form, mode string) error {
	test, live, err := k.deps.Payments.ConnectionsOf(c.Request().Context(), v.org.ID)
	if err != nil {
		return err
	}
	view := &PaymentsPage{Frame: frame(c, v, "payments", web.T(c, "payments.title")), Form: form}
	for _, m := range []struct {
		mode string
		conn billing.Connection
	}{{modeTest, test}, {modeLive, live}} {
		one := connectionView(c, v, m.mode, &m.conn)
		if one.Form = form; m.mode != mode {
			one.Form = &web.Form{}
			one.Form.Set("country-"+m.mode, "PL")
		}
		view.Modes = append(view.Modes, one)
	}
	have, err := k.deps.Payments.LiveReadinessOf(c.Request().Context(), v.org.ID)
	if err != nil {
		return err
	}
	view.Steps = liveSteps(c, v, &live, have)
	view.Ready = !slices.ContainsFunc(view.Steps, func(s LiveStep) bool { return !s.Done })
	return k.edge.Render(c, status, "admin/payments", view)
}

// liveSteps lists what has to be done before live sales, in the order in which it is done.
func liveSteps(c echo.Context, v *visit, live *billing.Connection, have billing.LiveReadiness) []LiveStep {
	apps := "/admin?org=" + v.org.Slug
	prices := web.T(c, "payments.golive.prices_none")
	if have.Prices > 0 {
		prices = web.T(c, "payments.golive.prices", "Done", have.Synced, "All", have.Prices)
	}
	return []LiveStep{
		{Text: web.T(c, "payments.golive.account"), Done: live.Connected(), URL: "#live"},
		{Text: web.T(c, "payments.golive.charges"), Done: live.Connected() && live.ChargesEnabled},
		{Text: web.T(c, "payments.golive.payouts"), Done: live.Connected() && live.PayoutsEnabled},
		{Text: web.T(c, "payments.golive.app"), Done: live.Connected() && have.Apps > 0, URL: apps},
		{Text: prices, Done: live.Connected() && have.Prices > 0 && have.Synced == have.Prices, URL: apps},
		{Text: web.T(c, "payments.golive.heard"), Done: live.Connected() && have.Heard},
	}
}

func connectionView(c echo.Context, v *visit, mode string, conn *billing.Connection) ConnectionView {
	one := ConnectionView{
		Mode: mode, Live: mode == modeLive, Title: web.T(c, "payments.mode."+mode), Text: web.T(c, "payments.mode."+mode+"_text"),
		Possible: conn.Possible, Connected: conn.Connected(), Account: conn.Account, Name: conn.Name, Country: conn.Country, Currency: conn.DefaultCurrency,
		Charges: conn.ChargesEnabled, Payouts: conn.PayoutsEnabled, Pending: conn.Pending, Deadline: conn.Deadline, ReadAt: conn.ReadAt,
		Holding: conn.Holding, Action: paymentsOf(v) + "/" + mode, CountryID: "country-" + mode,
	}
	if conn.Ended() {
		one.EndedAt, one.Ended = conn.EndedAt, web.T(c, "payments.ended."+conn.EndedWhy)
	}
	one.State = accountState(c, conn)
	one.Due = requirements(c, conn.Due)
	return one
}

// accountState says in a sentence what an account can do.
func accountState(c echo.Context, conn *billing.Connection) string {
	switch {
	case conn.ReadAt == nil:
		return web.T(c, "payments.state.unread")
	case conn.ChargesEnabled && conn.PayoutsEnabled:
		return web.T(c, "payments.state.ready")
	case conn.ChargesEnabled:
		return web.T(c, "payments.state.no_payouts")
	case conn.Pending && len(conn.Due) == 0:
		return web.T(c, "payments.state.checking")
	case !conn.DetailsSubmitted:
		return web.T(c, "payments.state.new")
	default:
		return web.T(c, "payments.state.no_charges")
	}
}
