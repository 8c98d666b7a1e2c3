package login

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// SignIns are the sign-ins that apps have asked for; idp/provider.Provider is one. Every method answers
// idp.ErrAuthRequestNotFound for one that is unknown, over, or begun in another browser, and each next is the
// local path of the step that is still missing.
type SignIns interface {
	// SignIn answers where the sign-in stands for this browser.
	SignIn(c echo.Context, id string) (provider.SignIn, error)
	// SignedIn records that the session's person has logged in for it, or goes on as who they are.
	SignedIn(c echo.Context, id string) (next string, err error)
	// ChooseOrg settles the org to act for; idp.ErrNotMember.
	ChooseOrg(c echo.Context, id, orgID string) (next string, err error)
	// Consent records, for this sign-in and for later ones, that the person allows what the app asks for.
	Consent(c echo.Context, id string) (next string, err error)
	// Deny gives up and answers the app's own URL, which hears of it.
	Deny(c echo.Context, id string) (url string, err error)
}

// Devices are the devices that wait to be let in; idp/provider.Provider is one. Every method answers
// idp.ErrDeviceCodeNotFound for a code that is unknown, past its time or decided, and a *web.Error of status
// 429 after too many tries.
type Devices interface {
	Device(c echo.Context, typed string) (provider.DeviceRequest, error)
	// ApproveDevice lets the device in for orgID, or for the proposed org when it is ""; idp.ErrNotMember.
	ApproveDevice(c echo.Context, typed, orgID string) error
	DenyDevice(c echo.Context, typed string) error
}

// Limiter counts attempts; internal/ratelimit.Limiter is one.
type Limiter interface {
	Allow(ctx context.Context, bucket string, limit int, window time.Duration) (ok bool, retryAfter time.Duration, err error)
	Reset(ctx context.Context, bucket string, window time.Duration) error
}

// Deps are what the pages stand on; all are required but Seats.
type Deps struct {
	Edge    *web.Edge
	Users   *idp.Service
	SignIns SignIns
	Devices Devices
	Limits  Limiter
	Audit   idp.Auditor
	Now     func() time.Time
	// VerifyFirst makes newcomers prove their address before they are signed in, so that sign-up answers
	// alike for new and for taken addresses (docs/adr/0004).
	VerifyFirst bool
	// Seats may be nil: then invitations do not tell what a seat costs.
	Seats Seats
}

// Pages serves the room. Make one with [Mount].
type Pages struct{ Deps }

// Mount hangs the pages into the edge. It fails when a template is missing.
func Mount(deps Deps) (*Pages, error) {
	p := &Pages{deps}
	if err := p.Edge.Renderer().Must("login/login", "login/signup", "login/logout", "login/check_mail", "login/reset",
		"login/reset_new", "login/link_dead", "login/verify", "login/verified", "login/org", "login/consent", "login/device",
		"login/device_confirm", "login/device_done", "login/invitation", "login/invitation_signup", "login/invitation_over",
		"login/org_new", "login/org_leave", "account/account"); err != nil {
		return nil, err
	}
	p.routes(p.Edge.Pages())
	raw := p.Edge.Raw()
	raw.GET("/apps/:client/brand.css", p.handleBrandCSS)
	raw.GET("/apps/:client/logo", p.handleLogo)
	return p, nil
}

func (p *Pages) routes(g *echo.Group) {
	// Signing in and out.
	g.GET("/login", p.handleLogin)
	g.POST("/login", p.handleLoginCheck)
	g.POST("/login/continue", p.handleLoginContinue)
	g.GET("/signup", p.handleSignUp)
	g.POST("/signup", p.handleSignUpSave)
	g.GET("/logout", p.handleLogout)
	g.POST("/logout", p.handleLogoutDo)
	// Links sent by mail.
	g.GET("/reset", p.handleReset)
	g.POST("/reset", p.handleResetSend)
	g.GET("/reset/:token", p.handleResetNew)
	g.POST("/reset/:token", p.handleResetSave)
	g.GET("/verify", p.handleToAccount)
	g.GET("/verify/:token", p.handleVerify)
	g.POST("/verify/:token", p.handleVerifyDo)
	g.GET("/invitation", p.handleToAccount)
	g.GET("/invitation/over", p.handleInvitationOver)
	g.GET("/invitation/:token", p.handleInvitation)
	g.GET("/invitation/:token/signup", p.handleInvitedSignUp)
	g.POST("/invitation/:token/signup", p.handleInvitedSignUpSave)
	g.POST("/invitation/:token/accept", p.handleInvitationAccept)
	g.POST("/invitation/:token/decline", p.handleInvitationDecline)
	g.POST("/invitation/:token/prove", p.handleInvitationProve)
	g.POST("/invitation/:token/switch", p.handleInvitationSwitch)
	// What an app asks for.
	g.GET("/login/org", p.handleOrg)
	g.POST("/login/org", p.handleOrgSave)
	g.GET("/consent", p.handleConsent)
	g.POST("/consent", p.handleConsentDecide)
	g.GET("/device", p.handleDevice)
	g.POST("/device", p.handleDeviceCode)
	g.POST("/device/decide", p.handleDeviceDecide)
	// One's own account, which is also where the start page leads.
	g.GET("/", p.handleToAccount)
	g.GET("/account", p.handleAccount)
	g.POST("/account/profile", p.handleProfileSave)
	g.POST("/account/password", p.handlePasswordSave)
	g.POST("/account/verify", p.handleVerifyResend)
	g.POST("/account/sessions/revoke", p.handleSessionRevoke)
	g.POST("/account/sessions/revoke-others", p.handleSessionRevokeOthers)
	g.GET("/orgs/new", p.handleOrgNew)
	g.POST("/orgs/new", p.handleOrgNewSave)
	g.GET("/orgs/leave", p.handleOrgLeave)
	g.POST("/orgs/leave", p.handleOrgLeaveDo)
	g.GET("/orgs/switch", p.handleOrgSwitch)
	g.POST("/orgs/switch", p.handleOrgSwitchSave)
}

// Problems maps what this wing refuses to what the outside sees.
func Problems() []web.Problem {
	return []web.Problem{
		{Err: idp.ErrAuthRequestNotFound, Status: http.StatusGone, Code: "sign_in_over"},
		{Err: secret.ErrBusy, Status: http.StatusServiceUnavailable, Code: "sign_in_busy"},
		{Err: idp.ErrUserNotFound, Status: http.StatusNotFound, Code: "not_found"},
		{Err: idp.ErrOrgNotFound, Status: http.StatusNotFound, Code: "not_found"},
		{Err: idp.ErrNotMember, Status: http.StatusNotFound, Code: "not_found"},
		{Err: idp.ErrAppNotFound, Status: http.StatusNotFound, Code: "not_found"},
		{Err: idp.ErrInvitationInvalid, Status: http.StatusNotFound, Code: "not_found"},
		{Err: idp.ErrInvitationOther, Status: http.StatusForbidden, Code: "invitation_other"},
		{Err: idp.ErrAlreadyMember, Status: http.StatusConflict, Code: "already_member"},
		{Err: idp.ErrAlreadyInvited, Status: http.StatusConflict, Code: "already_invited"},
		{Err: idp.ErrRoleTooHigh, Status: http.StatusForbidden, Code: "role_too_high"},
		{Err: idp.ErrRoleUnknown, Status: http.StatusUnprocessableEntity, Code: "role_unknown"},
		{Err: idp.ErrLastOwner, Status: http.StatusConflict, Code: "last_owner"},
		{Err: idp.ErrPersonalOrg, Status: http.StatusConflict, Code: "personal_org"},
		{Err: idp.ErrOrgSuspended, Status: http.StatusForbidden, Code: "org_suspended"},
		{Err: idp.ErrSeatCap, Status: http.StatusConflict, Code: "seat_cap"},
		{Err: idp.ErrInviteLimit, Status: http.StatusTooManyRequests, Code: "too_many_invitations"},
	}
}

// ctx carries where the request came from and who sent it to the audit log.
func (p *Pages) ctx(c echo.Context) context.Context {
	ctx := c.Request().Context()
	info, s := web.InfoOf(ctx), web.SessionOf(c)
	r := audit.Request{IP: info.IP, RequestID: info.RequestID, ActorKind: audit.ActorNobody}
	if s.Authenticated() {
		r.ActorKind, r.ActorID = audit.ActorUser, s.UserID
	}
	return audit.WithRequest(ctx, r)
}

// signedIn is the browser's session in the words of the sign-in flow.
func signedIn(c echo.Context) idp.SignedIn {
	s := web.SessionOf(c)
	if !s.Authenticated() {
		return idp.SignedIn{}
	}
	return idp.SignedIn{UserID: s.UserID, SessionID: s.ID, OrgID: s.OrgID, AuthTime: s.AuthTime, AMR: s.AMR}
}
