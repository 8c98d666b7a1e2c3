package admin

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// MemberPage is the view of the pages that change one member: what it means, and the question.
type MemberPage struct {
	Frame
	Member  MemberRow
	Display string // by name, else by address
	Form    *web.Form
	Roles   []web.Option
	Cost    *SeatCost // nil where nobody is shown what it costs
}

// memberPage is a page about one member of the org.
type memberPage func(k *Console, c echo.Context, v *visit, m idp.Member) error

// onMember finds the member that the address names, removed ones too. Somebody who never was one is answered as
// somebody who does not exist.
func onMember(do memberPage) func(*Console, echo.Context, *visit) error {
	return func(k *Console, c echo.Context, v *visit) error {
		m, err := k.member(c, v)
		if err != nil {
			return err
		}
		return do(k, c, v, m)
	}
}

func (k *Console) member(c echo.Context, v *visit) (idp.Member, error) {
	ctx, id := c.Request().Context(), c.Param("user")
	if !plain(id) {
		return idp.Member{}, unknown(idp.ErrNotMember)
	}
	user, err := k.deps.People.User(ctx, id)
	if errors.Is(err, idp.ErrUserNotFound) {
		return idp.Member{}, unknown(err)
	}
	if err != nil {
		return idp.Member{}, err
	}
	m, err := k.deps.Team.Membership(ctx, v.org.ID, id)
	if err == nil {
		return idp.Member{Membership: m, Email: user.Email, Name: user.Name}, nil
	}
	if !errors.Is(err, idp.ErrNotMember) {
		return idp.Member{}, err
	}
	removed, _, err := k.deps.Team.MemberPage(ctx, idp.MemberFilter{OrgID: v.org.ID, Search: user.Email, Removed: true})
	for _, m := range removed {
		if m.Membership.UserID == id {
			return m, nil
		}
	}
	if err == nil {
		err = unknown(idp.ErrNotMember)
	}
	return idp.Member{}, err
}

func (k *Console) memberView(c echo.Context, v *visit, m idp.Member, form *web.Form, title string) *MemberPage {
	view := &MemberPage{Member: memberRow(c, v, m), Form: form, Display: m.Name}
	if view.Display == "" {
		view.Display = m.Email
	}
	view.Frame = frame(c, v, "members", web.T(c, title, "Person", view.Display))
	return view
}

// notNow leads back to the list: somebody else was quicker, or the action was never offered.
func (k *Console) notNow(c echo.Context, v *visit, err error) error {
	sentence := refusal(c, err)
	if sentence == "" {
		return err
	}
	return k.leadOn(c, "danger", sentence, teamURL(v, pathMembers))
}

func askRole(k *Console, c echo.Context, v *visit, m idp.Member) error {
	form := &web.Form{}
	form.Set("role", m.Membership.Role)
	return k.renderRole(c, v, http.StatusOK, m, form)
}

func (k *Console) renderRole(c echo.Context, v *visit, status int, m idp.Member, form *web.Form) error {
	view := k.memberView(c, v, m, form, "team.role.title")
	if !view.Member.MayRole {
		return k.notNow(c, v, idp.ErrRoleTooHigh)
	}
	view.Roles = roleOptions(c, v)
	return k.edge.Render(c, status, "admin/member_role", view)
}

func changeRole(k *Console, c echo.Context, v *visit, m idp.Member) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	_, err = k.deps.Team.ChangeRole(acting(c, v), v.org.ID, v.user.ID, m.Membership.UserID, form.Value("role"))
	if sentence := refusal(c, err); err != nil && sentence != "" {
		form.Fail("role", sentence)
		return k.renderRole(c, v, http.StatusUnprocessableEntity, m, form)
	}
	if err != nil {
		return err
	}
	role := roleName(c, permission.Role(form.Value("role")))
	return k.leadOn(c, "ok", web.T(c, "team.role.done", "Person", memberName(m), "Role", role), teamURL(v, pathMembers))
}

func memberName(m idp.Member) string { return display(idp.User{Name: m.Name, Email: m.Email}) }

func askRemove(k *Console, c echo.Context, v *visit, m idp.Member) error {
	view := k.memberView(c, v, m, nil, "team.remove.title")
	if view.Member.MayLeave {
		return c.Redirect(http.StatusSeeOther, "/orgs/leave?org="+v.org.ID)
	}
	if !view.Member.MayRemove {
		return k.notNow(c, v, idp.ErrRoleTooHigh)
	}
	cost, err := k.seatCost(c.Request().Context(), v.org.ID, -1)
	if err != nil {
		return err
	}
	view.Cost = &cost
	return k.edge.Render(c, http.StatusOK, "admin/member_remove", view)
}

func removeMember(k *Console, c echo.Context, v *visit, m idp.Member) error {
	if m.Membership.UserID == v.user.ID { // leaving has a page of its own
		return c.Redirect(http.StatusSeeOther, "/orgs/leave?org="+v.org.ID)
	}
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	ctx := acting(c, v)
	if shown, ok := toldCost(form.Raw("told")); ok && shown.covers(SeatCost{People: -1, At: k.deps.Now(), Lines: shown.Lines}) {
		ctx = shown.confirmed(ctx)
	}
	if err := k.deps.Team.RemoveMemberBy(ctx, v.org.ID, v.user.ID, m.Membership.UserID); err != nil {
		return k.notNow(c, v, err)
	}
	return k.leadOn(c, "ok", web.T(c, "team.remove.done", "Person", memberName(m)), teamURL(v, pathMembers))
}

func askReturn(k *Console, c echo.Context, v *visit, m idp.Member) error {
	return k.renderReturn(c, v, http.StatusOK, m, &web.Form{})
}

func (k *Console) renderReturn(c echo.Context, v *visit, status int, m idp.Member, form *web.Form) error {
	view := k.memberView(c, v, m, form, "team.return.title")
	switch {
	case m.Membership.Active():
		return k.notNow(c, v, idp.ErrAlreadyMember)
	case !view.Member.MayReturn:
		return k.notNow(c, v, idp.ErrRoleTooHigh)
	}
	cost, err := k.seatCost(c.Request().Context(), v.org.ID, 1)
	if err != nil {
		return err
	}
	view.Cost = &cost
	return k.edge.Render(c, status, "admin/member_return", view)
}

// returnMember takes a person in again, once it was shown what the seat costs.
func returnMember(k *Console, c echo.Context, v *visit, m idp.Member) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	cost, err := k.seatCost(c.Request().Context(), v.org.ID, 1)
	if err != nil {
		return err
	}
	shown, _ := toldCost(form.Raw("told"))
	if !shown.covers(cost) {
		form.Summary = web.T(c, "team.cost.changed")
		return k.renderReturn(c, v, http.StatusUnprocessableEntity, m, form)
	}
	_, err = k.deps.Team.ReactivateMember(shown.confirmed(acting(c, v)), v.org.ID, v.user.ID, m.Membership.UserID)
	if form.Summary = refusal(c, err); err != nil && form.Summary != "" {
		return k.renderReturn(c, v, http.StatusUnprocessableEntity, m, form)
	}
	if err != nil {
		return err
	}
	return k.leadOn(c, "ok", web.T(c, "team.return.done", "Person", memberName(m)), teamURL(v, pathMembers))
}

func askOwner(k *Console, c echo.Context, v *visit, m idp.Member) error {
	return k.renderOwner(c, v, http.StatusOK, m, &web.Form{})
}

func (k *Console) renderOwner(c echo.Context, v *visit, status int, m idp.Member, form *web.Form) error {
	view := k.memberView(c, v, m, form, "team.owner.title")
	switch {
	case !m.Membership.Active():
		return k.notNow(c, v, idp.ErrNotMember)
	case !view.Member.MayOwner:
		return k.leadOn(c, "danger", web.T(c, "team.owner.yourself"), teamURL(v, pathMembers))
	}
	return k.edge.Render(c, status, "admin/member_owner", view)
}

// makeOwner hands the org over, once its name was typed.
func makeOwner(k *Console, c echo.Context, v *visit, m idp.Member) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if m.Membership.UserID == v.user.ID {
		return k.leadOn(c, "danger", web.T(c, "team.owner.yourself"), teamURL(v, pathMembers))
	}
	if form.Value("name") != v.org.Name {
		form.Fail("name", web.T(c, "team.owner.mismatch", "Org", v.org.Name))
		return k.renderOwner(c, v, http.StatusUnprocessableEntity, m, form)
	}
	if err := k.deps.Team.TransferOwnership(acting(c, v), v.org.ID, v.user.ID, m.Membership.UserID); err != nil {
		return k.notNow(c, v, err)
	}
	return k.leadOn(c, "ok", web.T(c, "team.owner.done", "Person", memberName(m), "Org", v.org.Name), teamURL(v, pathMembers))
}
