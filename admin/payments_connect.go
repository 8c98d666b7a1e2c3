package admin

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// beginConnect sends the person to Stripe, to let the platform into an account of theirs.
func (k *Console) beginConnect(c echo.Context, v *visit) error {
	page, err := k.deps.Payments.BeginConnect(acting(c, v), billing.Connecting{
		OrgID: v.org.ID, Livemode: c.Param("mode") == modeLive, UserID: v.user.ID, SessionID: web.SessionOf(c).ID, Lang: web.Lang(c),
	}, k.edge.URL(pathConnected))
	if err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, page)
}

// attempt is kept between finding it and finishing it.
const attemptKey = "payments.attempt"

// ofAttempt finds the org by the state that came back: it was given to this person in this session, or it is refused.
func (k *Console) ofAttempt(c echo.Context, v *visit) error {
	ctx, state := c.Request().Context(), c.QueryParam("state")
	if !plain(state) {
		return billing.ErrConnectState
	}
	attempt, err := k.deps.Payments.AttemptOf(ctx, state, v.user.ID, web.SessionOf(c).ID)
	if err != nil {
		return err
	}
	c.Set(attemptKey, attempt)
	v.org, err = k.deps.People.Org(ctx, attempt.OrgID)
	return err
}

// finishConnect takes what Stripe's page sent back: a code, or a no.
func (k *Console) finishConnect(c echo.Context, v *visit) error {
	attempt, ok := c.Get(attemptKey).(billing.ConnectAttempt)
	if !ok {
		return billing.ErrConnectState
	}
	code := c.QueryParam("code")
	if !plain(code) {
		if err := k.deps.Payments.GiveUpConnect(acting(c, v), attempt); err != nil {
			return err
		}
		return k.warned(c, web.T(c, "payments.denied"), paymentsOf(v))
	}
	row, err := k.deps.Payments.FinishConnect(acting(c, v), attempt, code)
	if err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return k.toFlash(c, web.T(c, "payments.connected", "Account", nameOf(row)), paymentsOf(v))
}

func nameOf(row billing.StripeAccount) string {
	if row.Name != "" {
		return row.Name
	}
	return row.Account
}

// warned is toFlash of something that did not happen.
func (k *Console) warned(c echo.Context, text, next string) error {
	if err := k.edge.SetFlash(c, "warn", text); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// paymentsFailed says on the payments page why something did not happen there.
func (k *Console) paymentsFailed(c echo.Context, v *visit, err error) error {
	for _, known := range []struct {
		err error
		key string
	}{
		{billing.ErrAccountTaken, "payments.failed.taken"},
		{billing.ErrAccountConnected, "payments.failed.connected"},
		{billing.ErrAccountNotFound, "payments.failed.none"},
		{billing.ErrStripeNotConfigured, "payments.failed.not_configured"},
		{billing.ErrAccountGone, "payments.failed.gone"},
		{billing.ErrStripeUnavailable, "payments.failed.unavailable"},
		{billing.ErrStripeRefused, "payments.failed.refused"},
	} {
		if errors.Is(err, known.err) {
			return k.warned(c, web.T(c, known.key), paymentsOf(v))
		}
	}
	return err
}

// makeAccount has Stripe make an account, and sends the person to tell it about themselves.
func (k *Console) makeAccount(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	mode := c.Param("mode")
	_, err = k.deps.Payments.MakeConnected(acting(c, v), billing.NewAccount{
		OrgID: v.org.ID, Livemode: mode == modeLive, Country: form.Value("country-" + mode), Email: v.user.Email,
	})
	err = settle(c, form, map[string]string{"country": "country-" + mode}, err)
	if errors.Is(err, errRefused) {
		return k.renderPayments(c, v, http.StatusUnprocessableEntity, form, mode)
	}
	if err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return k.continueOnboarding(c, v)
}

// continueOnboarding sends the person to Stripe's page about the account.
func (k *Console) continueOnboarding(c echo.Context, v *visit) error {
	mode, here := c.Param("mode"), k.edge.URL(paymentsOf(v))
	page, err := k.deps.Payments.Onboard(acting(c, v), v.org.ID, mode == modeLive, here+"?again="+mode, here+"/"+mode+"/return")
	if err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, page)
}

// returnFromStripe reads the account at once, so that nobody waits for word of what they have just done.
func (k *Console) returnFromStripe(c echo.Context, v *visit) error {
	if _, err := k.deps.Payments.RefreshAccount(c.Request().Context(), v.org.ID, c.Param("mode") == modeLive); err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, paymentsOf(v))
}

func (k *Console) refreshAccount(c echo.Context, v *visit) error {
	if _, err := k.deps.Payments.RefreshAccount(acting(c, v), v.org.ID, c.Param("mode") == modeLive); err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return k.toFlash(c, web.T(c, "payments.refreshed"), paymentsOf(v))
}

// disconnect says what ends. Where people pay through the account, only an owner may go on, by typing the org's name.
func (k *Console) disconnect(c echo.Context, v *visit) error {
	test, live, err := k.deps.Payments.ConnectionsOf(c.Request().Context(), v.org.ID)
	if err != nil {
		return err
	}
	mode, conn := c.Param("mode"), test
	if mode == modeLive {
		conn = live
	}
	if !conn.Connected() {
		return k.paymentsFailed(c, v, billing.ErrAccountNotFound)
	}
	cuts := mode == modeLive && conn.Holding > 0
	if cuts && v.subject.RoleIn(v.org.ID) != permission.RoleOwner {
		return k.warned(c, web.T(c, "payments.disconnect.owner_only", "Count", conn.Holding), paymentsOf(v))
	}
	view := &ConfirmPage{
		Frame: frame(c, v, "payments", web.T(c, "payments.disconnect.title")), Heading: web.T(c, "payments.disconnect.heading", "Account", nameOf(conn.StripeAccount)),
		Lead: web.T(c, "payments.disconnect.lead"), Lines: []string{web.T(c, "payments.disconnect.sales"), web.T(c, "payments.disconnect.checkouts")},
		Keeps: web.T(c, "payments.disconnect.keeps"), Action: paymentsOf(v) + "/" + mode + "/disconnect", Submit: web.T(c, "payments.disconnect.submit"),
		Crumb: web.T(c, "payments.title"), Back: paymentsOf(v),
	}
	if conn.Holding > 0 {
		view.Lines = append(view.Lines, web.T(c, "payments.disconnect.holding", "Count", conn.Holding))
	}
	if cuts {
		view.Word, view.Label = v.org.Name, web.T(c, "apps.confirm.type", "Word", v.org.Name)
	}
	ok, err := k.confirmed(c, view)
	if err != nil || !ok {
		return err
	}
	err = k.deps.Payments.Disconnect(acting(c, v), v.org.ID, mode == modeLive, cuts)
	if errors.Is(err, billing.ErrLiveSubscriptions) { // the first was sold meanwhile: ask again, with the word
		return c.Redirect(http.StatusSeeOther, paymentsOf(v)+"/"+mode+"/disconnect")
	}
	if err != nil {
		return k.paymentsFailed(c, v, err)
	}
	return k.toFlash(c, web.T(c, "payments.disconnect.done", "Account", nameOf(conn.StripeAccount)), paymentsOf(v))
}
