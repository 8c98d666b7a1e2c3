package admin

import (
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// appFields are the names of an app's settings in the forms.
var appFields = map[string]string{
	"redirectUris": "redirect_uris", "postLogoutRedirectUris": "post_logout_uris", "grantTypes": "grant_types", "authMethod": "auth_method",
	"accessTokenType": "token_type", "signingAlg": "signing_alg", "accessTokenSeconds": "access_seconds", "idTokenSeconds": "id_seconds",
	"refreshTokenSeconds": "refresh_seconds",
}

// failApp puts the mistakes that identity found beside the fields.
func failApp(c echo.Context, form *web.Form, mistakes idp.AppErrors) {
	for _, m := range mistakes {
		field := m.Field
		if name := appFields[field]; name != "" {
			field = name
		}
		form.Fail(field, appSentence(c, m))
	}
}

func appSentence(c echo.Context, m *idp.AppError) string {
	switch m.Field + " " + m.Code {
	case "redirectUris " + idp.AppCodeRequired:
		return web.T(c, "apps.mistake.redirect_required")
	case "jwks " + idp.AppCodeRequired:
		return web.T(c, "apps.mistake.jwks_required")
	case "jwks " + idp.AppCodeInvalid, "jwks " + idp.AppCodeTooMany:
		return web.T(c, "apps.mistake.jwks_invalid")
	case "grantTypes " + idp.AppCodeRequired:
		return web.T(c, "apps.mistake.grant_required")
	case "authMethod " + idp.AppCodeKind:
		return web.T(c, "apps.mistake.method")
	case "color " + idp.AppCodeInvalid:
		return web.T(c, "admin.mistake.color")
	case "refreshTokenSeconds " + idp.AppCodeBounds:
		return web.T(c, "apps.mistake.refresh_bounds")
	}
	switch m.Code {
	case idp.AppCodeRequired:
		return web.T(c, "form.required")
	case idp.AppCodeTooMany:
		return web.T(c, "admin.mistake.too_long")
	case idp.AppCodeRedirect:
		return web.T(c, "apps.mistake.redirect", "URI", m.Value)
	case idp.AppCodeRepeated:
		return web.T(c, "apps.mistake.repeated", "URI", m.Value)
	case idp.AppCodeKind:
		return web.T(c, "apps.mistake.kind")
	case idp.AppCodeNoSecret:
		return web.T(c, "apps.mistake.no_secret")
	case idp.AppCodeAlone:
		return web.T(c, "apps.mistake.alone")
	case idp.AppCodeNeedsRefresh:
		return web.T(c, "apps.mistake.needs_refresh")
	case idp.AppCodePrivate:
		return web.T(c, "apps.mistake.private")
	case idp.AppCodeBounds:
		return web.T(c, "apps.mistake.bounds")
	default:
		return web.T(c, "admin.mistake.invalid")
	}
}
