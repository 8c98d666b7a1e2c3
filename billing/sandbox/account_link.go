package sandbox

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// linkLife is how long an account link works, in sandbox time.
const linkLife = 5 * 60

var createAccountLink = operation{
	params: fields{
		"account": text().need(), "type": word("account_onboarding", "account_update").need(), "refresh_url": text().need(), "return_url": text().need(),
		"collect": word("currently_due", "eventually_due"), "collection_options": loose(),
	},
	run: func(t *tx) (obj, error) {
		if _, err := t.reachable(t.params.str("account")); err != nil {
			return nil, noSuchParam("account", t.params.str("account"), "account")
		}
		secret := "al_" + randomText(24)
		o := obj{"object": "account_link", "created": t.now, "expires_at": t.now + linkLife, "url": hosted("/setup/" + secret)}
		stored := o.clone()
		stored["id"] = secret
		stored["_account"], stored["_return"], stored["_refresh"] = t.params["account"], t.params["return_url"], t.params["refresh_url"]
		return o, t.insert(stored)
	},
}

// onboardingView is the hosted page that makes an account ready.
type onboardingView struct {
	frame
	Action string
	Name   string
	Wrong  string
	Return string
}

// link loads a usable account link; a stale one goes back to its refresh URL.
func (s *Sandbox) link(w http.ResponseWriter, r *http.Request) (link, account obj, ok bool) {
	t := s.reader(r.Context(), "")
	link, err := t.find("account_link", r.PathValue("link"))
	if errors.Is(err, errAbsent) {
		s.notFound(w, r)
		return nil, nil, false
	}
	if err == nil {
		account, err = t.reachable(link.str("_account"))
	}
	if err != nil {
		s.notFound(w, r)
		return nil, nil, false
	}
	if link.num("expires_at") <= t.now || link.flag("_used") {
		http.Redirect(w, r, link.str("_refresh"), http.StatusSeeOther)
		return nil, nil, false
	}
	return link, account, true
}

func (s *Sandbox) showOnboarding(w http.ResponseWriter, r *http.Request) {
	link, account, ok := s.link(w, r)
	if !ok {
		return
	}
	v := onboardingView{frame: s.frameFor(r, account.str("id"), "", "onboardingTitle"), Action: "/setup/" + link.str("id"), Name: account.sub("business_profile").str("name"), Return: link.str("_return")}
	s.render(w, r, http.StatusOK, "onboarding", v)
}

func (s *Sandbox) submitOnboarding(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	link, account, ok := s.link(w, r)
	if !ok {
		return
	}
	name := strings.TrimSpace(r.PostFormValue("businessName"))
	if name == "" {
		v := onboardingView{frame: s.frameFor(r, account.str("id"), "", "onboardingTitle"), Action: "/setup/" + link.str("id"), Return: link.str("_return")}
		v.Wrong = v.T("businessNameWrong")
		s.render(w, r, http.StatusUnprocessableEntity, "onboarding", v)
		return
	}
	err := s.write(r.Context(), "", func(t *tx) error {
		o, err := t.find("account", account.str("id"))
		if err != nil {
			return err
		}
		link["_used"] = true
		if err := t.save(link); err != nil {
			return err
		}
		return t.change("account.updated", o, func() {
			enable(o)
			o.sub("business_profile")["name"] = name
			o.sub("settings").sub("dashboard")["display_name"] = name
		})
	})
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	http.Redirect(w, r, link.str("_return"), http.StatusSeeOther)
}

// withQuery adds parameters to a URL that may already have some.
func withQuery(raw string, values url.Values) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	q := u.Query()
	for k := range values {
		q.Set(k, values.Get(k))
	}
	u.RawQuery = q.Encode()
	return u.String()
}
