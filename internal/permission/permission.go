// Package permission is the one place that decides who may do what: permissions have names, roles are sets of
// them, and [Policy.Decide] answers for one subject, one permission and one org.
//
// A platform admin is an owner or admin of the platform-owner org, which is known by its immutable id alone:
// an org that takes its name or slug gains nothing.
package permission

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrDenied means that the subject may not do this. The edge answers 403, or 404 where the thing's existence
// is none of the subject's business.
var ErrDenied = errors.New("permission denied")

// Permission names one thing that can be allowed.
type Permission string

// What a member of an org can be allowed there.
const (
	OrgRead       Permission = "org.read"       // see the org and its settings
	OrgWrite      Permission = "org.write"      // rename it, change its settings
	OrgDelete     Permission = "org.delete"     // delete it, hand it over
	MembersRead   Permission = "members.read"   // see who is a member
	MembersInvite Permission = "members.invite" // invite, and withdraw invitations
	MembersRemove Permission = "members.remove" // remove members
	MembersRole   Permission = "members.role"   // change roles up to one's own
	AppsRead      Permission = "apps.read"      // see apps and bundles
	AppsWrite     Permission = "apps.write"     // create and change apps and bundles, rotate their secrets
	PlansRead     Permission = "plans.read"     // see plans and prices, the hidden ones too
	PlansWrite    Permission = "plans.write"    // create and change plans, features and prices
	StripeConnect Permission = "stripe.connect" // connect and disconnect the Stripe account, choose the gateway
	SalesRead     Permission = "sales.read"     // see the subscribers, revenue and fees of the org's apps
	SalesWrite    Permission = "sales.write"    // refund or cancel what the org's apps have sold
	CompsRead     Permission = "comps.read"     // see the comps of the org's apps
	CompsWrite    Permission = "comps.write"    // give and end comps on the org's apps
	BillingRead   Permission = "billing.read"   // see what the org itself has bought, and its invoices
	BillingWrite  Permission = "billing.write"  // buy, switch and cancel for the org
	AuditRead     Permission = "audit.read"     // read the org's audit log
)

// What a platform admin is allowed everywhere, and nobody else anywhere.
const (
	PlatformOrgs  Permission = "platform.orgs"  // see every org, suspend one
	PlatformUsers Permission = "platform.users" // see every user, disable one
	PlatformComps Permission = "platform.comps" // comp anybody on any app
	PlatformFees  Permission = "platform.fees"  // set an org's fee rate
	PlatformJobs  Permission = "platform.jobs"  // see, retry and repair the jobs
	PlatformKeys  Permission = "platform.keys"  // rotate signing keys
	PlatformAudit Permission = "platform.audit" // read every org's audit log
)

// Role is what a member is in an org.
type Role string

// The roles, the widest first.
const (
	RoleOwner   Role = "owner"
	RoleAdmin   Role = "admin"
	RoleBilling Role = "billing"
	RoleMember  Role = "member"
)

var memberPermissions = []Permission{OrgRead, MembersRead}

var billingPermissions = slices.Concat(memberPermissions, []Permission{PlansRead, SalesRead, BillingRead, BillingWrite})

var adminPermissions = slices.Concat(billingPermissions, []Permission{
	OrgWrite, MembersInvite, MembersRemove, MembersRole, AppsRead, AppsWrite, PlansWrite, StripeConnect,
	SalesWrite, CompsRead, CompsWrite, AuditRead,
})

var rolePermissions = map[Role][]Permission{
	RoleMember:  memberPermissions,
	RoleBilling: billingPermissions,
	RoleAdmin:   adminPermissions,
	RoleOwner:   slices.Concat(adminPermissions, []Permission{OrgDelete}),
}

var platformPermissions = []Permission{
	PlatformOrgs, PlatformUsers, PlatformComps, PlatformFees, PlatformJobs, PlatformKeys, PlatformAudit,
}

// Roles lists the roles, the widest first.
func Roles() []Role { return []Role{RoleOwner, RoleAdmin, RoleBilling, RoleMember} }

// All lists every permission, the platform's last.
func All() []Permission { return slices.Concat(rolePermissions[RoleOwner], platformPermissions) }

// ParseRole answers the role of that name; ok is false for any other text.
func ParseRole(name string) (role Role, ok bool) {
	_, ok = rolePermissions[Role(name)]
	return Role(name), ok
}

// Allows tells whether a role holds a permission in its own org. No role holds a platform permission.
func Allows(role Role, perm Permission) bool {
	return slices.Contains(rolePermissions[role], perm)
}

// MayAssign tells whether a holder of role may give (or take away) the role other: an owner any, an admin all
// but owner, nobody else any. So nobody raises themselves.
func MayAssign(role, other Role) bool {
	_, known := ParseRole(string(other))
	return known && Allows(role, MembersRole) && (role == RoleOwner || other != RoleOwner)
}

// platform tells a platform permission from an org's.
func (p Permission) platform() bool { return strings.HasPrefix(string(p), "platform.") }

// Membership is one active membership of a subject.
type Membership struct {
	OrgID string
	Role  Role
}

// Subject is who asks: a user and the active memberships, as loaded for this request. The zero Subject, an
// anonymous visitor, is allowed nothing.
type Subject struct {
	UserID      string
	Memberships []Membership
}

// RoleIn answers the subject's role in an org, empty where there is none.
func (s Subject) RoleIn(orgID string) Role {
	for _, m := range s.Memberships {
		if s.UserID != "" && orgID != "" && m.OrgID == orgID {
			return m.Role
		}
	}
	return ""
}

// Policy decides. Its zero value knows no platform-owner org, so nobody is a platform admin.
type Policy struct {
	// PlatformOrgID is the immutable id of the platform-owner org.
	PlatformOrgID string
}

// PlatformAdmin tells whether the subject is an owner or admin of the platform-owner org.
func (p Policy) PlatformAdmin(s Subject) bool {
	role := s.RoleIn(p.PlatformOrgID)
	return role == RoleOwner || role == RoleAdmin
}

// Decide answers nil where the subject holds perm in the org, else an error that wraps [ErrDenied]. For a
// platform permission the org does not matter. A platform admin has no powers inside other orgs beyond the
// platform permissions.
func (p Policy) Decide(s Subject, perm Permission, orgID string) error {
	allowed := Allows(s.RoleIn(orgID), perm)
	if perm.platform() {
		allowed = p.PlatformAdmin(s) && slices.Contains(platformPermissions, perm)
	}
	if allowed {
		return nil
	}
	return fmt.Errorf("%s in org %q: %w", perm, orgID, ErrDenied)
}
