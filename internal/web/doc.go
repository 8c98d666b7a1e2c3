// Package web is the HTTP edge: the Echo router, what every request passes through, sessions, errors and
// the rendering of pages. It is the only importer of gorilla/sessions.
//
// # Mounting
//
// A room gets the [Edge] and mounts itself on one of three groups:
//
//	e.Pages()  HTML for people: session, language switch, cross-site guard, no-store, HTML errors
//	e.API()    JSON for programs: problem+json errors, no session, no cookie
//	e.Raw()    OAuth endpoints and the webhook, which carry their own proof
//
// Routes are written in full ("/billing/:client"). Every group gets request ids, the request log, panics
// caught, security headers and the body limit.
//
// # Handlers
//
// A handler returns its error. Domain sentinels are mapped by the [Problem] lists that the composition root
// hands to [New]: status, stable code, and the catalogue's sentence "problem.<code>". A handler's own refusal
// is [Fail] (or [Invalid] with fields, or [TooMany]). What nobody knows is a 500 with a request id, and the log
// holds the chain. Never write err.Error() into an answer.
//
//	func (h *pages) handleSave(c echo.Context) error {
//		form, err := web.NewForm(c)
//		if err != nil {
//			return err
//		}
//		if !form.Require(web.T(c, "form.required"), "name") {
//			view := &NamePage{Form: form}
//			return h.edge.Render(c, http.StatusUnprocessableEntity, "account/name", view)
//		}
//		...
//		if err := h.edge.SetFlash(c, "ok", web.T(c, "account.saved")); err != nil {
//			return err
//		}
//		return c.Redirect(http.StatusSeeOther, "/account")
//	}
//
// Redirects inside the site take literal paths or [SafeNext]; absolute links come from [Edge.URL].
//
// # Views and templates
//
// A view is a struct that embeds [Page], handed over as a pointer. The page lies in
// templates/<folder>/<page>.html, is named "<folder>/<page>", and defines "main" and, if it likes, "title",
// "rail" (the links of layout "rail"), "nav" (in the header), "aside" (below), "footer", "head" and "robots"
// (empty for a page that search engines may list):
//
//	{{define "title"}}{{t "login.title"}}{{end}}
//	{{define "main"}}
//	<h1>{{t "login.heading" "App" .Brand.Name}}</h1>
//	<form method="post" class="stack">
//	  {{template "form-errors" .Form}}
//	  {{template "field" (field .Form "email" "label" (t "login.email") "type" "email" "autocomplete" "username" "required" true)}}
//	  <button class="button primary block">{{t "login.submit"}}</button>
//	</form>
//	{{end}}
//
// A file whose name begins with an underscore is parsed into every page of its folder. Functions: t, money,
// moneyshort, date, datetime, iso, asset, field, icon, dict; the language is bound already. Call [Renderer.Must] with the
// names that a room uses when it mounts, so that a missing page stops the start.
//
// Stylesheets in static/css and scripts in static/js are joined into one file each; a room may add its own
// file there. Scripts enhance what `data-*` attributes mark; every page works without them. See
// static/css/components.css for the vocabulary of classes.
//
// # Sessions
//
// [SessionOf] answers the visitor's [Session]; an anonymous one costs no statement and sets no cookie until
// it is saved. [Edge.Login] rotates the cookie, [Edge.Logout] ends the session, [Edge.RevokeSessions] ends a
// user's others. On Raw routes use [Edge.LoadSession], which answers the error of an unreachable database.
package web
