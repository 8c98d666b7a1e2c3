package provider

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	bindingName = "auth"
	bindingLife = 24 * time.Hour
	// acrPassword is level 1 of ISO/IEC 29115: a password proves the person.
	acrPassword = "1"
	maxHint     = 512
)

// asGET sends a posted form on as a GET: a POST from another site carries no session cookie (SameSite=Lax),
// the GET that follows does.
func asGET(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.Redirect(http.StatusSeeOther, c.Request().URL.Path+"?"+form.Values.Encode())
}

// handleAuth begins a sign-in. What is wrong before the redirect URI is known to be the app's own is shown on
// a page; everything else goes back to the app.
func (p *Provider) handleAuth(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	ctx := c.Request().Context()
	q, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil || soundForm(onlyOf(q, "client_id", "redirect_uri")) != nil {
		return web.Fail(http.StatusBadRequest, "auth_request_invalid").Because(err)
	}
	app, err := p.deps.Apps.App(ctx, q.Get("client_id"))
	if errors.Is(err, idp.ErrAppNotFound) {
		return web.Fail(http.StatusBadRequest, "auth_client_unknown").Because(err)
	}
	if err != nil {
		return err
	}
	if !redirectRegistered(app, q.Get("redirect_uri")) {
		return web.Fail(http.StatusBadRequest, "auth_redirect_unregistered")
	}
	back := reply{uri: q.Get("redirect_uri"), state: q.Get("state")}
	r, none, err := p.parseAuth(c, app, q)
	if err == nil {
		return p.begin(c, r, app, none)
	}
	return p.sendError(c, back, p.asOAuth(ctx, err))
}

func onlyOf(q url.Values, names ...string) url.Values {
	out := url.Values{}
	for _, n := range names {
		if q.Has(n) {
			out[n] = q[n]
		}
	}
	return out
}

// begin saves the request, ties it to this browser and goes where the next step is; with prompt=none it
// answers at once when a step is missing.
func (p *Provider) begin(c echo.Context, r idp.AuthRequest, app idp.App, none bool) error {
	ctx := c.Request().Context()
	step, _, err := p.step(c, r, app)
	if err != nil {
		return p.sendError(c, replyOf(r), p.asOAuth(ctx, err))
	}
	if none && step != idp.StepDone {
		return p.sendError(c, replyOf(r), refuse(0, step.OAuthError(), "the user has to do something first"))
	}
	browser, ok := p.deps.Edge.Binding(c, bindingName)
	if !ok {
		browser = secret.Token()
	}
	r.BindingHash = secret.Hash(browser)
	if err := p.deps.Store.CreateAuthRequest(ctx, r); err != nil {
		return p.sendError(c, replyOf(r), p.asOAuth(ctx, err))
	}
	p.deps.Edge.SetBinding(c, bindingName, browser, bindingLife)
	return c.Redirect(http.StatusSeeOther, step.Path(r.ID))
}

// parseAuth reads an authorization request. Its errors are [oauthError]s for the app.
func (p *Provider) parseAuth(c echo.Context, app idp.App, q url.Values) (r idp.AuthRequest, none bool, err error) {
	if err := checkAuthForm(app, q); err != nil {
		return r, false, err
	}
	now := p.now()
	r = idp.AuthRequest{
		ClientID: app.ClientID, RedirectURI: q.Get("redirect_uri"), State: q.Get("state"), Nonce: q.Get("nonce"),
		Scopes: app.AllowedScopes(strings.Fields(q.Get("scope"))), CodeChallenge: q.Get("code_challenge"), MaxAge: idp.NoMaxAge,
		ACRValues: strings.Fields(q.Get("acr_values")), UILocales: strings.Fields(q.Get("ui_locales")),
		LoginHint: short(q.Get("login_hint")), OrgHint: short(q.Get("org_hint")), CreatedAt: now, ExpiresAt: now.Add(authRequestLife),
	}
	if err := someScope(strings.Fields(q.Get("scope")), r.Scopes); err != nil {
		return r, false, err
	}
	if r.ID, err = newID(); err != nil {
		return r, false, err
	}
	if r.Prompt, err = parsePrompt(q.Get("prompt")); err != nil {
		return r, false, err
	}
	if q.Has("max_age") {
		if r.MaxAge, err = strconv.ParseInt(q.Get("max_age"), 10, 32); err != nil || r.MaxAge < 0 {
			return r, false, invalidRequest("max_age is not a number of seconds")
		}
	}
	if err := p.readClaims(&r, app, q.Get("claims")); err != nil {
		return r, false, err
	}
	if hint := q.Get("id_token_hint"); hint != "" {
		h, err := p.readHint(c.Request().Context(), hint)
		if err != nil {
			return r, false, err
		}
		r.HintUserID = h.Subject
	}
	return r, slices.Contains(r.Prompt, idp.PromptNone), nil
}

// someScope refuses a request whose every scope is unknown or not the app's: dropping them all would leave a
// grant that opens nothing, and the developer wondering (RFC 6749 section 4.1.2.1).
func someScope(asked, allowed []string) error {
	if len(asked) > 0 && len(allowed) == 0 {
		return refuse(http.StatusBadRequest, "invalid_scope", "none of the scopes is known or allowed for the client")
	}
	return nil
}

// short cuts a hint that nobody would type: hints never cause an error.
func short(hint string) string {
	if len(hint) > maxHint {
		return ""
	}
	return hint
}

// checkAuthForm refuses what this provider does not do, in the order in which a developer would fix it.
func checkAuthForm(app idp.App, q url.Values) error {
	if err := soundForm(q); err != nil {
		return err
	}
	switch {
	case q.Has("request"):
		return refuse(0, "request_not_supported", "request objects are not supported")
	case q.Has("request_uri"):
		return refuse(0, "request_uri_not_supported", "request objects are not supported")
	case q.Has("registration"):
		return refuse(0, "registration_not_supported", "register the client beforehand")
	case !q.Has("response_type"):
		return invalidRequest("response_type is missing")
	case q.Get("response_type") != "code":
		return refuse(0, "unsupported_response_type", "use response_type=code")
	case q.Has("response_mode") && q.Get("response_mode") != "query":
		return invalidRequest("use response_mode=query")
	case !app.AllowsGrant(idp.GrantTypeCode):
		return refuse(0, "unauthorized_client", "the client may not use this flow")
	}
	return checkChallenge(app, q)
}

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// checkChallenge wants PKCE with S256 from public clients, and nothing else from anybody: a missing method
// means "plain" (RFC 7636 section 4.3), which shows the verifier to whoever reads the request.
func checkChallenge(app idp.App, q url.Values) error {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case !q.Has("code_challenge") && !q.Has("code_challenge_method"):
		if app.Public() {
			return invalidRequest("public clients must send a code_challenge")
		}
		return nil
	case method != "S256":
		return invalidRequest("use code_challenge_method=S256")
	case !challengeForm.MatchString(challenge):
		return invalidRequest("code_challenge is not a base64url SHA-256")
	default:
		return nil
	}
}

func parsePrompt(raw string) ([]string, error) {
	prompts := strings.Fields(raw)
	for _, s := range prompts {
		switch s {
		case idp.PromptNone:
			if len(prompts) > 1 {
				return nil, invalidRequest("prompt=none cannot be combined")
			}
		case idp.PromptLogin, idp.PromptConsent, idp.PromptSelectAccount:
		default:
			return nil, invalidRequest("prompt is not supported")
		}
	}
	return prompts, nil
}

// nativeLoopback is what a native app may register for any port (RFC 8252 section 7.3): the IP literals alone.
var nativeLoopback = regexp.MustCompile(`^(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?((?:[/?].*)?)$`)

// redirectRegistered compares byte by byte (RFC 9700 section 4.1.3); the port of a native app's loopback
// address is the one exception.
func redirectRegistered(app idp.App, uri string) bool {
	if uri == "" || slices.Contains(app.RedirectURIs, uri) {
		return uri != ""
	}
	if app.Kind != idp.AppNative {
		return false
	}
	asked := nativeLoopback.FindStringSubmatch(uri)
	if asked == nil {
		return false
	}
	if port, err := strconv.Atoi(asked[2]); asked[2] != "" && (err != nil || port > 65535) {
		return false
	}
	return slices.ContainsFunc(app.RedirectURIs, func(registered string) bool {
		own := nativeLoopback.FindStringSubmatch(registered)
		return own != nil && own[1] == asked[1] && own[3] == asked[3]
	})
}
