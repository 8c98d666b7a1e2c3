package permission_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// matrix is the whole policy, one row a permission: o owner, a admin, b billing, m member.
var matrix = map[permission.Permission]string{
	permission.OrgRead:       "oabm",
	permission.OrgWrite:      "oa",
	permission.OrgDelete:     "o",
	permission.MembersRead:   "oabm",
	permission.MembersInvite: "oa",
	permission.MembersRemove: "oa",
	permission.MembersRole:   "oa",
	permission.AppsRead:      "oa",
	permission.AppsWrite:     "oa",
	permission.PlansRead:     "oab",
	permission.PlansWrite:    "oa",
	permission.StripeConnect: "oa",
	permission.SalesRead:     "oab",
	permission.SalesWrite:    "oa",
	permission.CompsRead:     "oa",
	permission.CompsWrite:    "oa",
	permission.BillingRead:   "oab",
	permission.BillingWrite:  "oab",
	permission.AuditRead:     "oa",
	permission.PlatformOrgs:  "",
	permission.PlatformUsers: "",
	permission.PlatformComps: "",
	permission.PlatformFees:  "",
	permission.PlatformJobs:  "",
	permission.PlatformKeys:  "",
	permission.PlatformAudit: "",
}

const (
	platformOrg = "018f-platform"
	home        = "018f-home"
	elsewhere   = "018f-elsewhere"
)

func member(orgID string, role permission.Role) permission.Subject {
	return permission.Subject{UserID: "u1", Memberships: []permission.Membership{{OrgID: orgID, Role: role}}}
}

func TestEveryRoleAndPermission(t *testing.T) {
	t.Parallel()
	policy := permission.Policy{PlatformOrgID: platformOrg}
	if len(matrix) != len(permission.All()) {
		t.Errorf("the matrix has %d rows, the policy %d permissions", len(matrix), len(permission.All()))
	}
	for _, perm := range permission.All() {
		letters, ok := matrix[perm]
		if !ok {
			t.Errorf("%s is not in the matrix", perm)
		}
		for _, role := range permission.Roles() {
			want := strings.Contains(letters, string(role[0]))
			if got := permission.Allows(role, perm); got != want {
				t.Errorf("Allows(%s, %s) = %v", role, perm, got)
			}
			if err := policy.Decide(member(home, role), perm, home); (err == nil) != want || (err != nil && !errors.Is(err, permission.ErrDenied)) {
				t.Errorf("%s, %s at home: %v", role, perm, err)
			}
			for _, org := range []string{elsewhere, "", platformOrg} {
				if err := policy.Decide(member(home, role), perm, org); !errors.Is(err, permission.ErrDenied) {
					t.Errorf("%s of home, %s in %q: %v", role, perm, org, err)
				}
			}
		}
		if err := policy.Decide(member(home, "root"), perm, home); !errors.Is(err, permission.ErrDenied) {
			t.Errorf("an unknown role may %s", perm)
		}
		if err := policy.Decide(permission.Subject{}, perm, home); !errors.Is(err, permission.ErrDenied) {
			t.Errorf("a stranger may %s", perm)
		}
	}
}

func TestPlatformAdmins(t *testing.T) {
	t.Parallel()
	policy := permission.Policy{PlatformOrgID: platformOrg}
	for _, role := range permission.Roles() {
		want := role == permission.RoleOwner || role == permission.RoleAdmin
		s := member(platformOrg, role)
		for _, org := range []string{home, "", platformOrg} {
			if got := policy.Decide(s, permission.PlatformComps, org) == nil; got != want {
				t.Errorf("%s of the platform org in %q: %v", role, org, got)
			}
		}
		if policy.Decide(s, permission.PlansWrite, home) == nil {
			t.Errorf("%s of the platform org edits another org's plans", role)
		}
		if policy.Decide(s, "platform.anything", "") == nil {
			t.Errorf("%s holds a permission that does not exist", role)
		}
		if (permission.Policy{}).PlatformAdmin(member("", role)) {
			t.Errorf("%s is platform admin where no platform org is known", role)
		}
	}
}

func TestWhoMayAssignWhat(t *testing.T) {
	t.Parallel()
	may := map[permission.Role]string{"owner": "oabm", "admin": "abm"}
	for _, role := range permission.Roles() {
		for _, other := range permission.Roles() {
			if want := strings.Contains(may[role], string(other[0])); permission.MayAssign(role, other) != want {
				t.Errorf("MayAssign(%s, %s) = %v", role, other, !want)
			}
		}
		if permission.MayAssign(role, "root") {
			t.Errorf("%s assigns a role that does not exist", role)
		}
	}
}
