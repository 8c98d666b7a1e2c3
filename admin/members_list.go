package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// membersArea is who belongs to an org.
func membersArea() area {
	return area{
		templates: []string{"admin/members"},
		routes: []route{
			{method: http.MethodGet, path: "/admin/members", find: (*Console).inOrg, perm: permission.MembersRead, page: (*Console).showMembers},
		},
	}
}

// MembersPage is the view of admin/members.
type MembersPage struct {
	Frame
	Members []MemberRow
}

// MemberRow is an active member.
type MemberRow struct {
	Name, Email, Role string
	Since             time.Time
	You               bool
}

func (k *Console) showMembers(c echo.Context, v *visit) error {
	members, err := k.deps.People.Members(c.Request().Context(), v.org.ID)
	if err != nil {
		return err
	}
	view := &MembersPage{Frame: frame(c, v, "members", web.T(c, "admin.members.title"))}
	for _, m := range members {
		view.Members = append(view.Members, MemberRow{
			Name: m.Name, Email: m.Email, Role: roleName(c, permission.Role(m.Membership.Role)), Since: m.Membership.CreatedAt,
			You: m.Membership.UserID == v.user.ID,
		})
	}
	return k.edge.Render(c, http.StatusOK, "admin/members", view)
}
