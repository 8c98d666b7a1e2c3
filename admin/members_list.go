package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// The addresses of members in the table.
const (
	pathMembers = "/admin/members"
	pathMember  = pathMembers + "/:user"
)

// membersArea is who belongs to an org, and what they may do there.
func membersArea() area {
	return area{
		templates: []string{"admin/members", "admin/member_role", "admin/member_remove", "admin/member_return", "admin/member_owner"},
		routes: []route{
			{method: http.MethodGet, path: pathMembers, find: (*Console).inOrg, perm: permission.MembersRead, page: (*Console).showMembers},
			{method: http.MethodGet, path: pathMember + "/role", find: (*Console).inOrg, perm: permission.MembersRole, page: onMember(askRole)},
			{method: http.MethodPost, path: pathMember + "/role", find: (*Console).inOrg, perm: permission.MembersRole, page: onMember(changeRole), back: pathMembers},
			{method: http.MethodGet, path: pathMember + "/remove", find: (*Console).inOrg, perm: permission.MembersRemove, page: onMember(askRemove)},
			{method: http.MethodPost, path: pathMember + "/remove", find: (*Console).inOrg, perm: permission.MembersRemove, page: onMember(removeMember), back: pathMembers},
			{method: http.MethodGet, path: pathMember + "/return", find: (*Console).inOrg, perm: permission.MembersInvite, page: onMember(askReturn)},
			{method: http.MethodPost, path: pathMember + "/return", find: (*Console).inOrg, perm: permission.MembersInvite, page: onMember(returnMember), back: pathMembers},
			{method: http.MethodGet, path: pathMember + "/owner", find: (*Console).inOrg, perm: permission.OrgDelete, page: onMember(askOwner)},
			{method: http.MethodPost, path: pathMember + "/owner", find: (*Console).inOrg, perm: permission.OrgDelete, page: onMember(makeOwner), back: pathMembers},
		},
	}
}

// MembersPage is the view of admin/members.
type MembersPage struct {
	Frame
	Members            []MemberRow
	Count              int64 // active ones
	Search, Next       string
	Removed, Later     bool // the removed ones are listed; this is not the first page
	Personal           bool // nobody can be invited
	OrgID              string
	MayInvite, Actions bool
	Pending            []PendingSeats
}

// MemberRow is a member with what the visitor may do about them.
type MemberRow struct {
	ID, Name, Email, Role string
	Since                 time.Time
	Removed               *time.Time
	You                   bool
	// The actions of the row's menu.
	MayRole, MayRemove, MayReturn, MayOwner, MayLeave bool
}

// Acts tells whether the row has a menu.
func (m MemberRow) Acts() bool {
	return m.MayRole || m.MayRemove || m.MayReturn || m.MayOwner || m.MayLeave
}

// PendingSeats is a subscription whose quantity has not followed the members yet.
type PendingSeats struct {
	App, Plan        string
	Quantity, Wanted int64
	Reason           string // in words
	Since            *time.Time
}

func (k *Console) showMembers(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	filter := idp.MemberFilter{
		OrgID: v.org.ID, Search: asked(c, "q"), After: asked(c, "after"), Limit: teamPage, Removed: c.QueryParam("show") == "removed",
	}
	members, next, err := k.deps.Team.MemberPage(ctx, filter)
	if err != nil {
		return err
	}
	view := &MembersPage{
		Frame: frame(c, v, "members", web.T(c, "admin.members.title")), Search: filter.Search, Next: next, Removed: filter.Removed,
		Later: filter.After != "", Personal: v.org.Personal(), OrgID: v.org.ID,
	}
	view.MayInvite = v.may(permission.MembersInvite) && !view.Personal
	if view.Count, err = k.deps.People.ActiveMembers(ctx, v.org.ID); err != nil {
		return err
	}
	for _, m := range members {
		row := memberRow(c, v, m)
		view.Actions = view.Actions || row.Acts()
		view.Members = append(view.Members, row)
	}
	if view.Pending, err = k.pendingSeats(c, v); err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/members", view)
}

// asked is what the address asks for under a name, "" for what cannot be text of ours.
func asked(c echo.Context, name string) string {
	if value := c.QueryParam(name); plain(value) {
		return value
	}
	return ""
}

func memberRow(c echo.Context, v *visit, m idp.Member) MemberRow {
	role := m.Membership.Role
	row := MemberRow{
		ID: m.Membership.UserID, Name: m.Name, Email: m.Email, Role: roleName(c, permission.Role(role)), Since: m.Membership.CreatedAt,
		Removed: m.Membership.RemovedAt, You: m.Membership.UserID == v.user.ID,
	}
	switch {
	case v.org.Personal():
	case !m.Membership.Active():
		row.MayReturn = v.may(permission.MembersInvite) && v.mayGive(role)
	default:
		row.MayRole = v.may(permission.MembersRole) && v.mayGive(role)
		row.MayRemove = !row.You && v.may(permission.MembersRemove) && v.mayGive(role)
		row.MayOwner = !row.You && v.roleInOrg() == permission.RoleOwner
		row.MayLeave = row.You
	}
	return row
}

// pendingSeats are shown to those who see what the org has bought.
func (k *Console) pendingSeats(c echo.Context, v *visit) ([]PendingSeats, error) {
	if !v.may(permission.BillingRead) {
		return nil, nil
	}
	states, err := k.deps.Seats.SeatStates(c.Request().Context(), v.org.ID)
	if err != nil {
		return nil, err
	}
	var out []PendingSeats
	for _, s := range states {
		if s.Pending {
			out = append(out, pendingSeats(c, s))
		}
	}
	return out, nil
}

func pendingSeats(c echo.Context, s billing.SeatState) PendingSeats {
	return PendingSeats{App: s.AppName, Plan: s.PlanName, Quantity: s.Quantity, Wanted: s.Wanted, Reason: seatReason(c, s.Reason), Since: s.Since}
}
