package provider

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/wolfieauth/wolfieauth/idp"
)

// exchange is what the library does not hand on: the request as it was admitted and the answer's headers.
type exchange struct {
	header  http.Header
	request *http.Request
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	ex, _ := ctx.Value(exchangeKey{}).(*exchange)
	if ex == nil {
		return &exchange{header: http.Header{}, request: &http.Request{Header: http.Header{}}}
	}
	return ex
}

// crossOrigin lists the endpoints that a browser app calls from its own origin.
func crossOrigin(path string) bool {
	return path == pathToken || path == pathUserinfo || path == pathRevoke
}

// preflight answers a browser's question before a call. It cannot know the client yet, so it lets any origin
// ask; whether the answer may be read is decided by [allowOrigin]. Credentials are never allowed: these
// endpoints look at no cookie.
func preflight(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	if crossOrigin(r.URL.Path) {
		h.Add("Vary", "Origin")
	}
	if r.Method != http.MethodOptions {
		return false
	}
	if origin := r.Header.Get("Origin"); origin != "" && crossOrigin(r.URL.Path) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin lets the asking origin read the answer when the app has a redirect URI there.
func allowOrigin(ctx context.Context, app idp.App) {
	ex := exchangeOf(ctx)
	origin := ex.request.Header.Get("Origin")
	if origin == "" || ex.request.URL == nil || !crossOrigin(ex.request.URL.Path) {
		return
	}
	if slices.ContainsFunc(app.RedirectURIs, func(uri string) bool { return originOf(uri) == origin }) {
		ex.header.Set("Access-Control-Allow-Origin", origin)
		ex.header.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	}
}

func originOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
