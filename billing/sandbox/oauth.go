package sandbox

import (
	"errors"
	"net/http"
	"net/url"
)

// codeLife is how long an OAuth code can be redeemed, in sandbox time.
const codeLife = 5 * 60

// authorizeView is the page on which the owner of an account lets a platform in.
type authorizeView struct {
	frame
	Accounts []accountChoice
	Action   string
}

type accountChoice struct{ ID, Name string }

// oauthError is an error of the OAuth endpoints, which have a shape of their own.
func (s *Sandbox) oauthError(w http.ResponseWriter, status int, code, description string) {
	s.answer(w, status, obj{"error": code, "error_description": description})
}

func (s *Sandbox) showAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != platformApplication || q.Get("response_type") != "code" {
		s.oauthError(w, http.StatusBadRequest, "invalid_request", "client_id must be "+platformApplication+" and response_type must be code")
		return
	}
	if !webURL(q.Get("redirect_uri")) {
		s.oauthError(w, http.StatusBadRequest, "invalid_redirect_uri", "Invalid redirect URI")
		return
	}
	t := s.reader(r.Context(), "")
	accounts, err := t.all("account", "id<>?", platformAccount)
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	v := authorizeView{frame: s.frameFor(r, "", q.Get("locale"), "authorizeTitle"), Action: "/oauth/authorize?" + q.Encode()}
	for _, a := range accounts {
		name := a.sub("business_profile").str("name")
		if name == "" {
			name = a.str("email")
		}
		v.Accounts = append(v.Accounts, accountChoice{a.str("id"), name})
	}
	s.render(w, r, http.StatusOK, "authorize", v)
}

func webURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func (s *Sandbox) submitAuthorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	q := r.URL.Query()
	if q.Get("client_id") != platformApplication || !webURL(q.Get("redirect_uri")) {
		s.oauthError(w, http.StatusBadRequest, "invalid_request", "Invalid client_id or redirect URI")
		return
	}
	back := url.Values{}
	if q.Get("state") != "" {
		back.Set("state", q.Get("state"))
	}
	if r.PostFormValue("answer") != "allow" {
		back.Set("error", "access_denied")
		back.Set("error_description", "The user denied your request")
		http.Redirect(w, r, withQuery(q.Get("redirect_uri"), back), http.StatusSeeOther)
		return
	}
	code := "ac_" + randomText(32)
	err := s.write(r.Context(), "", func(t *tx) error {
		t.params = obj{}
		account, err := t.find("account", r.PostFormValue("account"))
		if errors.Is(err, errAbsent) {
			account = t.newAccount("standard")
			enable(account)
			err = t.insert(account)
		}
		if err != nil {
			return err
		}
		return t.insert(obj{"id": code, "object": "oauth_code", "created": t.now, "_account": account["id"], "_used": false})
	})
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	back.Set("code", code)
	back.Set("scope", "read_write")
	http.Redirect(w, r, withQuery(q.Get("redirect_uri"), back), http.StatusSeeOther)
}

// oauthToken redeems a code once; the account is then reachable.
func (s *Sandbox) oauthToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if !s.platformKey(r) {
		s.oauthError(w, http.StatusUnauthorized, "invalid_client", "Invalid API key")
		return
	}
	if r.PostFormValue("grant_type") != "authorization_code" {
		s.oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code")
		return
	}
	var account obj
	err := s.write(r.Context(), "", func(t *tx) error {
		code, err := t.find("oauth_code", r.PostFormValue("code"))
		if err != nil {
			return err
		}
		if code.flag("_used") || t.now-code.num("created") > codeLife {
			return errAbsent
		}
		code["_used"] = true
		if err := t.save(code); err != nil {
			return err
		}
		if account, err = t.find("account", code.str("_account")); err != nil {
			return err
		}
		account["_revoked"], account["_access_token"] = false, "sk_test_"+randomText(40)
		return t.save(account)
	})
	if errors.Is(err, errAbsent) {
		s.oauthError(w, http.StatusBadRequest, "invalid_grant", "Authorization code does not exist: "+r.PostFormValue("code"))
		return
	}
	if err != nil {
		s.cfg.Logger.ErrorContext(r.Context(), "sandbox oauth failed", "error", err)
		s.oauthError(w, http.StatusInternalServerError, "server_error", "An unknown error occurred")
		return
	}
	s.answer(w, http.StatusOK, obj{
		"access_token": account["_access_token"], "livemode": false, "refresh_token": "rt_" + randomText(32), "scope": "read_write",
		"stripe_publishable_key": "pk_test_" + randomText(24), "stripe_user_id": account["id"], "token_type": "bearer",
	})
}

// platformKey accepts the key as bearer, or as OAuth's client_secret.
func (s *Sandbox) platformKey(r *http.Request) bool {
	if own, err := s.authenticate(r); err == nil {
		return own == ""
	}
	return r.PostFormValue("client_secret") == s.cfg.SecretKey
}

// oauthDeauthorize takes the platform's access to an account away.
func (s *Sandbox) oauthDeauthorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if !s.platformKey(r) {
		s.oauthError(w, http.StatusUnauthorized, "invalid_client", "Invalid API key")
		return
	}
	id := r.PostFormValue("stripe_user_id")
	err := s.write(r.Context(), "", func(t *tx) error {
		account, err := t.reachable(id)
		if err != nil || id == platformAccount {
			return errors.Join(errAbsent, err)
		}
		t.account = id
		if err := t.emit("account.application.deauthorized", obj{"id": platformApplication, "object": "application", "name": "Sandbox platform"}); err != nil {
			return err
		}
		account["_revoked"], account["_access_token"] = true, nil
		return t.save(account)
	})
	if err != nil {
		s.oauthError(w, http.StatusUnauthorized, "invalid_client", "This application is not connected to stripe account "+id+", or that account does not exist.")
		return
	}
	s.answer(w, http.StatusOK, obj{"stripe_user_id": id})
}
