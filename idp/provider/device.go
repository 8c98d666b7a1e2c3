package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	deviceLife     = 10 * time.Minute
	deviceInterval = 5 // seconds; RFC 8628 section 3.2
	// deviceTries and deviceWindow bound guesses of user codes by address and by person (RFC 8628 section 5.1).
	deviceTries  = 20
	deviceWindow = 10 * time.Minute
)

var (
	errPending  = refuse(http.StatusBadRequest, "authorization_pending", "nobody has decided yet")
	errSlowDown = refuse(http.StatusBadRequest, "slow_down", "wait five seconds longer between requests")
	errDenied   = refuse(http.StatusBadRequest, "access_denied", "the request was denied")
	errExpired  = refuse(http.StatusBadRequest, "expired_token", "the device code has expired")
)

// beginDevice answers the two codes of the device flow (RFC 8628 section 3.2).
func (p *Provider) beginDevice(ctx context.Context, app idp.App, asked []string) (map[string]any, error) {
	now, code, scopes := p.now(), secret.Token(), app.AllowedScopes(asked)
	if err := someScope(asked, scopes); err != nil {
		return nil, err
	}
	row := idp.DeviceCode{
		CodeHash: secret.Hash(code), ClientID: app.ClientID, Scopes: scopes, State: idp.DevicePending,
		IntervalSeconds: deviceInterval, CreatedAt: now, ExpiresAt: now.Add(deviceLife),
	}
	var err error
	for range 5 { // a user code that somebody else holds at this moment is drawn again
		row.UserCode = newUserCode()
		if err = p.deps.Store.CreateDeviceCode(ctx, row); !errors.Is(err, db.ErrDuplicate) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	page := p.cfg.Issuer + pathDevicePage
	return map[string]any{
		"device_code": code, "user_code": idp.ShownUserCode(row.UserCode), "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + idp.ShownUserCode(row.UserCode),
		"expires_in":                int64(deviceLife.Seconds()), "interval": int64(deviceInterval),
	}, nil
}

func newUserCode() string {
	out := make([]byte, idp.UserCodeLength)
	for i := range out {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(idp.UserCodeAlphabet)))) // crypto/rand never fails
		out[i] = idp.UserCodeAlphabet[n.Int64()]
	}
	return string(out)
}

// pollDevice answers a device that asks whether it was let in. An approved code gives tokens once; asking
// again is a replay and revokes them.
func (p *Provider) pollDevice(ctx context.Context, app idp.App, code string) (map[string]any, error) {
	var is *issue
	var refusal error
	err := p.deps.Store.InTx(ctx, func(ctx context.Context) error {
		is, refusal = &issue{app: app, now: p.now()}, nil // a retried transaction begins anew
		d, err := p.deps.Store.DeviceByCode(ctx, secret.Hash(code))
		if err != nil {
			return err
		}
		if d.ClientID != app.ClientID {
			return idp.ErrGrantNotFound
		}
		if refusal, err = p.deviceWaits(ctx, d, is.now); err != nil || refusal != nil {
			return err // what a refusal has noted must be kept
		}
		return p.redeemDevice(ctx, is, d)
	})
	if err = errors.Join(err, refusal); err != nil {
		return nil, err
	}
	return p.response(ctx, is)
}

func (p *Provider) deviceWaits(ctx context.Context, d idp.DeviceCode, now time.Time) (refusal, err error) {
	switch {
	case d.State == idp.DeviceRedeemed:
		return idp.ErrGrantUsed, p.deps.Store.RevokeGrant(ctx, d.GrantID, now)
	case !now.Before(d.ExpiresAt):
		return errExpired, nil
	case d.State == idp.DeviceDenied:
		return errDenied, nil
	case d.State == idp.DeviceApproved:
		return nil, nil
	}
	if d.PolledAt != nil && now.Sub(*d.PolledAt) < time.Duration(d.IntervalSeconds)*time.Second {
		return errSlowDown, p.deps.Store.PollDevice(ctx, d.CodeHash, d.IntervalSeconds+deviceInterval, now)
	}
	return errPending, p.deps.Store.PollDevice(ctx, d.CodeHash, d.IntervalSeconds, now)
}

func (p *Provider) redeemDevice(ctx context.Context, is *issue, d idp.DeviceCode) error {
	id, err := newID()
	if err != nil {
		return err
	}
	first, err := p.deps.Store.RedeemDevice(ctx, d.CodeHash, id)
	if err != nil {
		return err
	}
	if !first { // another poll was faster by a moment; it holds the tokens
		return idp.ErrGrantNotFound
	}
	err = p.deps.Store.CreateGrant(ctx, idp.Grant{
		ID: id, Kind: idp.GrantDevice, ClientID: d.ClientID, UserID: d.UserID, OrgID: d.OrgID,
		Scopes: d.Scopes, Offline: is.app.RefreshAllowed(d.Scopes), AuthTime: d.AuthTime, ACR: acrPassword, AMR: d.AMR,
		CreatedAt: is.now, ExpiresAt: is.now.Add(graveLife),
	})
	if err != nil {
		return err
	}
	if is.standing, err = p.deps.Store.Grant(ctx, id); err != nil {
		return err
	}
	is.scopes = is.standing.Scopes
	if err := p.prepare(ctx, is); err != nil {
		return err
	}
	if is.standing.Offline {
		if err := is.withRefresh(secret.Token()); err != nil {
			return err
		}
	}
	return p.deps.Store.CreateTokens(ctx, is.rows...)
}

// DeviceRequest is what the /device page shows before the person decides.
type DeviceRequest struct {
	UserCode string // as shown, with the dash
	App      idp.App
	Scopes   []string
	Orgs     []idp.OrgChoice
	OrgID    string // the org that is proposed
}

// Device finds a waiting device by the code that a signed-in person typed. Errors:
// [idp.ErrDeviceCodeNotFound]; web.TooMany after too many tries from one address or by one person.
func (p *Provider) Device(c echo.Context, typed string) (DeviceRequest, error) {
	ctx := c.Request().Context()
	who, orgs, err := p.signedIn(c)
	if err != nil {
		return DeviceRequest{}, err
	}
	if err := p.limitDevice(ctx, c, who); err != nil {
		return DeviceRequest{}, err
	}
	d, app, err := p.waitingDevice(ctx, typed)
	if err != nil {
		return DeviceRequest{}, err
	}
	return DeviceRequest{
		UserCode: idp.ShownUserCode(d.UserCode), App: app, Scopes: d.Scopes, Orgs: orgs, OrgID: idp.ChooseOrg(orgs, "", who.OrgID),
	}, nil
}

func (p *Provider) waitingDevice(ctx context.Context, typed string) (idp.DeviceCode, idp.App, error) {
	code := idp.NormalUserCode(typed)
	if code == "" {
		return idp.DeviceCode{}, idp.App{}, idp.ErrDeviceCodeNotFound
	}
	d, err := p.deps.Store.DeviceByUserCode(ctx, code, p.now())
	if err != nil {
		return idp.DeviceCode{}, idp.App{}, err
	}
	app, err := p.deps.Apps.App(ctx, d.ClientID)
	return d, app, err
}

func (p *Provider) limitDevice(ctx context.Context, c echo.Context, who idp.SignedIn) error {
	if p.deps.Limiter == nil {
		return nil
	}
	for _, bucket := range []string{"device ip " + web.ClientIP(c), "device user " + who.UserID} {
		ok, wait, err := p.deps.Limiter.Allow(ctx, bucket, deviceTries, deviceWindow)
		if err != nil {
			return err
		}
		if !ok {
			return web.TooMany(wait)
		}
	}
	return nil
}

// ApproveDevice lets the device in as the signed-in person, acting for orgID ("" for the proposed one).
// Errors: [idp.ErrDeviceCodeNotFound]; [idp.ErrNotMember]; [idp.ErrUserNotFound] when nobody is signed in;
// web.TooMany.
func (p *Provider) ApproveDevice(c echo.Context, typed, orgID string) error {
	ctx := c.Request().Context()
	who, orgs, err := p.signedIn(c)
	if err != nil {
		return err
	}
	if err := p.limitDevice(ctx, c, who); err != nil {
		return err
	}
	d, app, err := p.waitingDevice(ctx, typed)
	if err != nil {
		return err
	}
	if d.OrgID = idp.ChooseOrg(orgs, orgID, who.OrgID); d.OrgID == "" {
		return idp.ErrNotMember
	}
	now := p.now()
	// The device is no part of the browser's session: it stays when the person signs out there.
	d.State, d.UserID, d.AuthTime, d.AMR = idp.DeviceApproved, who.UserID, &who.AuthTime, who.AMR
	return p.deps.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.allow(ctx, who.UserID, app.ClientID, d.Scopes, now); err != nil {
			return err
		}
		return p.deps.Store.DecideDevice(ctx, d, now)
	})
}

// DenyDevice turns the device away; errors as [Provider.ApproveDevice].
func (p *Provider) DenyDevice(c echo.Context, typed string) error {
	ctx := c.Request().Context()
	who, _, err := p.signedIn(c)
	if err != nil {
		return err
	}
	if err := p.limitDevice(ctx, c, who); err != nil {
		return err
	}
	d, _, err := p.waitingDevice(ctx, typed)
	if err != nil {
		return err
	}
	d.State, d.UserID = idp.DeviceDenied, who.UserID
	return p.deps.Store.DecideDevice(ctx, d, p.now())
}
