package provider

import (
	"slices"

	"github.com/wolfieauth/wolfieauth/idp"
)

// userClaims writes what scopes, and single names of the `claims` parameter, tell of the user.
func userClaims(body map[string]any, st idp.Standing, scopes, names []string) {
	wanted := func(claim string) bool {
		return slices.Contains(scopes, idp.ClaimScope(claim)) || slices.Contains(names, claim)
	}
	put := func(claim string, value any, known bool) {
		if known && wanted(claim) {
			body[claim] = value
		}
	}
	put("name", st.UserName, st.UserName != "")
	put("locale", st.Locale, st.Locale != "")
	if st.UserUpdatedAt != nil {
		put("updated_at", st.UserUpdatedAt.Unix(), true)
	}
	put("email", st.Email, st.Email != "")
	put("email_verified", st.EmailVerifiedAt != nil, st.Email != "")
	put("org_id", st.OrgID, st.OrgFound)
	put("org_slug", st.OrgSlug, st.OrgFound)
	put("org_name", st.OrgName, st.OrgFound)
	put("org_role", st.Role, st.OrgFound)
}

// orgClaims writes the org that the user acts for, where the scope was granted.
func orgClaims(body map[string]any, st idp.Standing, scopes []string) {
	if slices.Contains(scopes, idp.ScopeOrg) {
		userClaims(body, st, []string{idp.ScopeOrg}, nil)
	}
}
