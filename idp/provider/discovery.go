package provider

import (
	"encoding/json"
	"fmt"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/text/language"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

// metadata adds what the library's document lacks, and says aloud what it would leave out when false.
type metadata struct {
	oidc.DiscoveryConfiguration
	ClaimsParameter  bool     `json:"claims_parameter_supported"`
	RequestParameter bool     `json:"request_parameter_supported"`
	AuthorizationISS bool     `json:"authorization_response_iss_parameter_supported"`
	PromptValues     []string `json:"prompt_values_supported"`
}

// discoveryDocument says what this provider does and nothing that it does not; it never changes while the
// process runs.
func (p *Provider) discoveryDocument() ([]byte, error) {
	at := func(path string) string { return p.cfg.Issuer + path }
	grants, locales := []oidc.GrantType{}, oidc.Locales{}
	for _, g := range grantTypes() {
		grants = append(grants, oidc.GrantType(g))
	}
	for _, lang := range i18n.Languages() {
		locales = append(locales, language.Make(lang))
	}
	confidential := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodPrivateKeyJWT}
	all := append([]oidc.AuthMethod{}, append(confidential, oidc.AuthMethodNone)...)
	assertions := []string{}
	for _, alg := range assertionAlgorithms() {
		assertions = append(assertions, string(alg))
	}
	raw, err := json.Marshal(metadata{
		ClaimsParameter: true, AuthorizationISS: true,
		PromptValues: []string{idp.PromptNone, idp.PromptLogin, idp.PromptConsent, idp.PromptSelectAccount},
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer: p.cfg.Issuer, AuthorizationEndpoint: at(pathAuth), TokenEndpoint: at(pathToken), UserinfoEndpoint: at(pathUserinfo),
			JwksURI: at(pathJWKS), IntrospectionEndpoint: at(pathIntrospect), RevocationEndpoint: at(pathRevoke),
			EndSessionEndpoint: at(pathEndSession), DeviceAuthorizationEndpoint: at(pathDeviceAuth),
			ScopesSupported: idp.Scopes(), ResponseTypesSupported: []string{"code"}, ResponseModesSupported: []string{"query"},
			GrantTypesSupported: grants, ACRValuesSupported: []string{acrPassword}, SubjectTypesSupported: []string{"public"},
			IDTokenSigningAlgValuesSupported: keys.Algorithms(), TokenEndpointAuthMethodsSupported: all,
			TokenEndpointAuthSigningAlgValuesSupported: assertions, RevocationEndpointAuthMethodsSupported: all,
			RevocationEndpointAuthSigningAlgValuesSupported: assertions, IntrospectionEndpointAuthMethodsSupported: confidential,
			IntrospectionEndpointAuthSigningAlgValuesSupported: assertions,
			DisplayValuesSupported:                             []oidc.Display{oidc.DisplayPage, oidc.DisplayPopup, oidc.DisplayTouch, oidc.DisplayWAP},
			ClaimTypesSupported:                                []string{"normal"}, ClaimsSupported: claimsSupported(),
			CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256}, UILocalesSupported: locales,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("write discovery: %w", err)
	}
	return raw, nil
}

func claimsSupported() []string {
	return []string{
		"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid",
		"name", "locale", "updated_at", "email", "email_verified", "org_id", "org_slug", "org_name", "org_role",
		claims.ClaimPlans, claims.ClaimPlansVersion,
	}
}
