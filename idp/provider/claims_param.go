package provider

import (
	"encoding/json"
	"slices"

	"github.com/wolfieauth/wolfieauth/idp"
)

// claimsParam is the `claims` parameter (OIDC Core section 5.5).
type claimsParam struct {
	Userinfo map[string]*claimWish `json:"userinfo"`
	IDToken  map[string]*claimWish `json:"id_token"`
}

type claimWish struct {
	Essential bool            `json:"essential"`
	Value     json.RawMessage `json:"value"`
	Values    []string        `json:"values"`
}

// readClaims takes from the parameter what this provider knows: claims about the user whose scope the app may
// have, `sub` (who must be signed in) and `acr`. Unknown claims are left out, as the specification wants.
func (p *Provider) readClaims(r *idp.AuthRequest, app idp.App, raw string) error {
	if raw == "" {
		return nil
	}
	var param claimsParam
	if err := json.Unmarshal([]byte(raw), &param); err != nil {
		return invalidRequest("the claims parameter cannot be read")
	}
	r.IDTokenClaims, r.UserinfoClaims = knownClaims(param.IDToken, app), knownClaims(param.Userinfo, app)
	if sub := wishedSubject(param); sub != "" {
		r.HintUserID = sub
	}
	if acr := param.IDToken["acr"]; acr != nil && acr.Essential && !acr.accepts(acrPassword) {
		return refuse(0, "unmet_authentication_requirements", "the asked authentication context cannot be reached")
	}
	return nil
}

func knownClaims(wishes map[string]*claimWish, app idp.App) []string {
	out := []string{}
	for name := range wishes {
		if scope := idp.ClaimScope(name); scope != "" && slices.Contains(app.Scopes, scope) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func wishedSubject(param claimsParam) string {
	for _, wishes := range []map[string]*claimWish{param.IDToken, param.Userinfo} {
		if wish := wishes["sub"]; wish != nil && wish.value() != "" {
			return wish.value()
		}
	}
	return ""
}

func (w *claimWish) value() string {
	var s string
	_ = json.Unmarshal(w.Value, &s) // a value that is no text names nobody
	return s
}

func (w *claimWish) accepts(value string) bool {
	return w.value() == "" && len(w.Values) == 0 || w.value() == value || slices.Contains(w.Values, value)
}
