package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// DevicePage is the view of login/device: where the code is typed.
type DevicePage struct {
	web.Page
	Form *web.Form
}

// DeviceConfirmPage is the view of login/device_confirm.
type DeviceConfirmPage struct {
	web.Page
	Code string // as the device shows it
	App  idp.App
	User idp.User
	Asks []ask
	// Org is whom the device will act for; Others tells that the person could act for another.
	Org    idp.OrgChoice
	Others bool
}

// DeviceDonePage is the view of login/device_done.
type DeviceDonePage struct {
	web.Page
	Approved bool
	App      idp.App
}

func (p *Pages) handleDevice(c echo.Context) error {
	back, code := "/device", c.QueryParam("user_code")
	if code != "" {
		back += "?user_code=" + url.QueryEscape(code)
	}
	if _, ok, err := p.requireUser(c, back); err != nil || !ok {
		return err
	}
	form := &web.Form{}
	form.Set("user_code", idp.ShownUserCode(idp.NormalUserCode(code)))
	return p.renderDevice(c, http.StatusOK, form)
}

func (p *Pages) renderDevice(c echo.Context, status int, form *web.Form) error {
	view := &DevicePage{Form: form}
	view.Title = web.T(c, "login.device_title")
	return p.Edge.Render(c, status, "login/device", view)
}

// handleDeviceCode answers a code with what the device asks for.
func (p *Pages) handleDeviceCode(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	user, ok, err := p.requireUser(c, "/device")
	if err != nil || !ok {
		return err
	}
	device, err := p.Devices.Device(c, form.Value("user_code"))
	if err != nil {
		return p.deviceRefused(c, form, err)
	}
	view := &DeviceConfirmPage{
		Code: device.UserCode, App: device.App, User: user, Asks: asksOf(c, device.Scopes, user),
		Org: chosen(device.Orgs, device.OrgID), Others: len(device.Orgs) > 1,
	}
	view.Title, view.Brand = web.T(c, "login.device_confirm_title", "App", device.App.Name), brandOf(device.App)
	return p.Edge.Render(c, http.StatusOK, "login/device_confirm", view)
}

// deviceRefused shows the form again for a code that is none and after too many of them.
func (p *Pages) deviceRefused(c echo.Context, form *web.Form, err error) error {
	var refused *web.Error
	switch {
	case errors.Is(err, idp.ErrDeviceCodeNotFound):
		form.Fail("user_code", web.T(c, "login.device_unknown"))
		return p.renderDevice(c, http.StatusUnprocessableEntity, form)
	case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
		form.Summary = later(c, refused.RetryAfter)
		return p.renderDevice(c, http.StatusTooManyRequests, form)
	default:
		return err
	}
}

func (p *Pages) handleDeviceDecide(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if _, ok, err := p.requireUser(c, "/device"); err != nil || !ok {
		return err
	}
	code := form.Value("user_code")
	device, err := p.Devices.Device(c, code)
	if err != nil {
		return p.deviceRefused(c, form, err)
	}
	view := &DeviceDonePage{App: device.App}
	switch form.Value("decision") {
	case "allow":
		view.Approved = true
		err = p.Devices.ApproveDevice(c, code, "")
	case "deny":
		err = p.Devices.DenyDevice(c, code)
	default:
		return web.Fail(http.StatusBadRequest, "bad_request")
	}
	if err != nil {
		return p.deviceRefused(c, form, err)
	}
	view.Title, view.Brand = web.T(c, "login.device_title"), brandOf(device.App)
	return p.Edge.Render(c, http.StatusOK, "login/device_done", view)
}
