package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// UsersPage is the view of admin/platform_users.
type UsersPage struct {
	ListPage
	Rows []UserRow
}

// UserRow is a person with the shared orgs that they are in.
type UserRow struct {
	idp.User
	Orgs []UserOrg
}

// UserOrg is an org of a person, with the role in words.
type UserOrg struct {
	idp.UserOrg
	RoleName string
}

func (k *Console) showUsers(c echo.Context, v *visit) error {
	frame, f := listPage(c, v, "users", web.T(c, "platform.users.title"), pathUsers)
	page, next, err := k.deps.Directory.ListUsers(c.Request().Context(), f)
	if err != nil {
		return err
	}
	view := &UsersPage{ListPage: frame}
	view.goesOn(next)
	if view.Rows, err = k.userRows(c, page); err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/platform_users", view)
}

func (k *Console) userRows(c echo.Context, users []idp.User) ([]UserRow, error) {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	orgs, err := k.deps.Directory.OrgsOfUsers(c.Request().Context(), ids)
	if err != nil {
		return nil, err
	}
	rows := make([]UserRow, len(users))
	for i, u := range users {
		rows[i].User = u
		for _, o := range orgs {
			if o.UserID == u.ID && !o.Personal {
				rows[i].Orgs = append(rows[i].Orgs, UserOrg{o, roleName(c, permission.Role(o.Role))})
			}
		}
	}
	return rows, nil
}

// userAt finds the person that the address names.
func (k *Console) userAt(c echo.Context) (idp.User, error) {
	id := c.Param("user")
	if !plain(id) {
		return idp.User{}, unknown(idp.ErrUserNotFound)
	}
	user, err := k.deps.People.User(c.Request().Context(), id)
	return user, unlessMissing(err, idp.ErrUserNotFound)
}

// UserPage is the view of admin/platform_user.
type UserPage struct {
	Frame
	Row     UserRow
	Oneself bool
}

func (k *Console) showUser(c echo.Context, v *visit) error {
	user, err := k.userAt(c)
	if err != nil {
		return err
	}
	rows, err := k.userRows(c, []idp.User{user})
	if err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/platform_user", &UserPage{
		Frame: frame(c, v, "users", userLine(user)), Row: rows[0], Oneself: user.ID == v.user.ID,
	})
}

func (k *Console) disableUser(c echo.Context, v *visit) error {
	user, err := k.userAt(c)
	if err != nil {
		return err
	}
	back := pathUsers + "/" + user.ID
	ok, err := k.confirmed(c, &ConfirmPage{
		Frame: frame(c, v, "users", web.T(c, "platform.disable.title")), Heading: web.T(c, "platform.disable.heading", "User", userLine(user)),
		Lead:  web.T(c, "platform.disable.lead"),
		Lines: []string{web.T(c, "platform.disable.signin"), web.T(c, "platform.disable.sessions"), web.T(c, "platform.disable.grants")},
		Keeps: web.T(c, "platform.disable.keeps"), Action: back + "/disable", Label: web.T(c, "apps.confirm.type", "Word", user.Email), Word: user.Email,
		Submit: web.T(c, "platform.disable.submit"), Crumb: user.Email, Back: back,
	})
	if err != nil || !ok {
		return err
	}
	if err := k.deps.Directory.DisableUser(acting(c, v), v.user.ID, user.ID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "platform.disable.done", "User", user.Email), back)
}

func (k *Console) enableUser(c echo.Context, v *visit) error {
	user, err := k.userAt(c)
	if err != nil {
		return err
	}
	if err := k.deps.Directory.EnableUser(acting(c, v), user.ID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "platform.enable.done", "User", user.Email), pathUsers+"/"+user.ID)
}

func (k *Console) endSessions(c echo.Context, v *visit) error {
	user, err := k.userAt(c)
	if err != nil {
		return err
	}
	back := pathUsers + "/" + user.ID
	ok, err := k.confirmed(c, &ConfirmPage{
		Frame: frame(c, v, "users", web.T(c, "platform.sessions.title")), Heading: web.T(c, "platform.sessions.heading", "User", userLine(user)),
		Lead: web.T(c, "platform.sessions.lead"), Lines: []string{web.T(c, "platform.disable.sessions"), web.T(c, "platform.disable.grants")},
		Keeps: web.T(c, "platform.sessions.keeps"), Action: back + "/sessions", Submit: web.T(c, "platform.sessions.submit"), Crumb: user.Email, Back: back,
	})
	if err != nil || !ok {
		return err
	}
	if err := k.deps.Directory.EndUserSessions(acting(c, v), user.ID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "platform.sessions.done", "User", user.Email), back)
}
