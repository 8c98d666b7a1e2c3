package permission_test

import (
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/permission"
)

func ExamplePolicy_Decide() {
	policy := permission.Policy{PlatformOrgID: "org-platform"}
	ann := permission.Subject{UserID: "ann", Memberships: []permission.Membership{{OrgID: "org-acme", Role: permission.RoleBilling}}}
	fmt.Println(policy.Decide(ann, permission.BillingWrite, "org-acme"))
	fmt.Println(errors.Is(policy.Decide(ann, permission.PlansWrite, "org-acme"), permission.ErrDenied))
	// Output:
	// <nil>
	// true
}
