package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const pathInvite = "/admin/members/invite"

// inviteArea asks people to join an org: who, then what their seats cost, then what became of each.
func inviteArea() area {
	return area{
		templates: []string{"admin/invite", "admin/invite_cost", "admin/invite_done"},
		routes: []route{
			{method: http.MethodGet, path: pathInvite, find: (*Console).inOrg, perm: permission.MembersInvite, page: (*Console).askInvite},
			{method: http.MethodPost, path: pathInvite, find: (*Console).inOrg, perm: permission.MembersInvite, page: (*Console).invite, back: pathInvite},
		},
	}
}

// InvitePage is the view of admin/invite.
type InvitePage struct {
	Frame
	Form         *web.Form
	Roles, Langs []web.Option
	Faults       Faults
	Batch        int
}

// InviteCostPage is the view of admin/invite_cost: who is about to be invited, and what it costs.
type InviteCostPage struct {
	Frame
	Form                  *web.Form
	Addresses, Role, Lang string // brought back as they came
	People                []InviteRow
	Later                 int // good ones beyond this batch
	Faults                Faults
	Cost                  SeatCost
	Cap                   string // the limit that only some of them fit below, "" for none
}

// InviteDonePage is the view of admin/invite_done: what became of each.
type InviteDonePage struct {
	Frame
	Sent, Refused    []InviteRow
	Faults           Faults
	Rest, Role, Lang string // those who are offered next, "" for nobody
	Later            int
}

func (k *Console) askInvite(c echo.Context, v *visit) error {
	form := &web.Form{}
	form.Set("role", string(permission.RoleMember))
	form.Set("lang", web.Lang(c))
	return k.renderInvite(c, v, http.StatusOK, form, nil)
}

func (k *Console) renderInvite(c echo.Context, v *visit, status int, form *web.Form, faults []InviteRow) error {
	if v.org.Personal() {
		return c.Redirect(http.StatusSeeOther, teamURL(v, pathMembers))
	}
	view := &InvitePage{
		Frame: frame(c, v, "members", web.T(c, "team.invite.title")), Form: form, Roles: roleOptions(c, v), Batch: inviteBatch,
		Langs: []web.Option{{Value: i18n.English, Label: web.T(c, "team.lang.en")}, {Value: i18n.Polish, Label: web.T(c, "team.lang.pl")}},
	}
	view.Faults = faultRows(faults)
	return k.edge.Render(c, status, "admin/invite", view)
}

// invite reads the list, shows what it costs, and, once that is confirmed, sends.
func (k *Console) invite(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	text, err := inviteText(form, c.Request())
	if err != nil {
		return err
	}
	form.Set("addresses", text)
	if form.Value("do") == doEdit || v.org.Personal() {
		return k.renderInvite(c, v, http.StatusOK, form, nil)
	}
	if !slices.Contains(i18n.Languages(), form.Value("lang")) {
		form.Set("lang", web.Lang(c))
	}
	list := readInvites(c, v, text, form.Value("role"))
	taken, err := k.setApartKnown(c, v, list)
	if err != nil {
		return err
	}
	if form.Require(web.T(c, "team.invite.nobody"), "addresses") && len(list.good) == 0 {
		form.Fail("addresses", web.T(c, "team.invite.none_good"))
	}
	limit, err := k.inviteCap(c, v, list, form, taken)
	if err != nil {
		return err
	}
	if !form.OK() {
		return k.renderInvite(c, v, http.StatusUnprocessableEntity, form, list.bad)
	}
	return k.confirmInvite(c, v, form, list, limit)
}

// doEdit is the button that leads from the cost back to the list.
const doEdit = "edit"

// setApartKnown takes out those who are members or invited already, so that the cost is that of the others, and answers
// how many seats are taken or promised.
func (k *Console) setApartKnown(c echo.Context, v *visit, list *inviteList) (taken int64, err error) {
	ctx, known := c.Request().Context(), map[string]string{}
	members, err := k.deps.People.Members(ctx, v.org.ID)
	if err != nil {
		return 0, err
	}
	for _, m := range members {
		if _, normal, err := idp.ParseEmail(m.Email); err == nil {
			known[normal] = web.T(c, "team.refused.member")
		}
	}
	taken = int64(len(members))
	err = k.openInvitations(ctx, v.org.ID, func(inv idp.Invitation) {
		taken++
		known[inv.EmailNormal] = web.T(c, "team.refused.invited")
	})
	list.setApart(func(normal string) string { return known[normal] })
	return taken, err
}

// openInvitations visits every open invitation of an org.
func (k *Console) openInvitations(ctx context.Context, orgID string, visit func(idp.Invitation)) error {
	for after := ""; ; {
		page, next, err := k.deps.Team.Invitations(ctx, idp.InvitationFilter{OrgID: orgID, AfterID: after, Limit: 200})
		if err != nil {
			return err
		}
		for _, inv := range page {
			visit(inv)
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// inviteCap fails the form where not even one more person fits, and answers the limit that only some fit below.
func (k *Console) inviteCap(c echo.Context, v *visit, list *inviteList, form *web.Form, taken int64) (string, error) {
	if len(list.good) == 0 {
		return "", nil
	}
	now, _ := list.batch()
	for _, add := range []int64{1, int64(len(now))} {
		err := k.deps.Seats.CheckSeatCap(c.Request().Context(), v.org.ID, taken+add)
		limit, full := errors.AsType[*billing.SeatCapError](err)
		switch {
		case err == nil:
		case !full:
			return "", err
		case add == 1:
			form.Summary = capSentence(c, *limit)
			return "", nil
		default:
			return capSentence(c, *limit), nil
		}
	}
	return "", nil
}

// confirmInvite shows the cost, and sends where the form brings back that it was shown.
func (k *Console) confirmInvite(c echo.Context, v *visit, form *web.Form, list *inviteList, limit string) error {
	now, later := list.batch()
	cost, err := k.seatCost(c.Request().Context(), v.org.ID, int64(len(now)))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if form.Values.Has("told") {
		shown, _ := toldCost(form.Raw("told"))
		if shown.covers(cost) {
			return k.sendInvites(c, v, form, list, shown)
		}
		status, form.Summary = http.StatusUnprocessableEntity, web.T(c, "team.cost.changed")
	}
	view := &InviteCostPage{
		Frame: frame(c, v, "members", web.T(c, "team.invite.cost_title")), Form: form, Cost: cost, Cap: limit, People: now, Later: len(later),
		Addresses: form.Raw("addresses"), Role: form.Value("role"), Lang: form.Value("lang"),
	}
	view.Faults = faultRows(list.bad)
	return k.edge.Render(c, status, "admin/invite_cost", view)
}

func (k *Console) sendInvites(c echo.Context, v *visit, form *web.Form, list *inviteList, shown SeatCost) error {
	now, later := list.batch()
	lines := make([]idp.InviteLine, len(now))
	for i, row := range now {
		lines[i] = idp.InviteLine{Email: row.Email, Role: row.Role}
	}
	results, err := k.deps.Team.InviteMany(acting(c, v), v.org.ID, v.user.ID, form.Value("lang"), shown.Told(), lines)
	if err != nil {
		return err
	}
	view := &InviteDonePage{
		Frame: frame(c, v, "members", web.T(c, "team.done.title")), Later: len(later), Rest: linesOf(later),
		Role: form.Value("role"), Lang: form.Value("lang"),
	}
	var fault error
	for i, result := range results {
		row := now[i]
		if result.Err == nil {
			view.Sent = append(view.Sent, row)
			continue
		}
		if row.Problem = refusal(c, result.Err); row.Problem == "" {
			fault, row.Problem = result.Err, web.T(c, "team.refused.fault")
		}
		view.Refused = append(view.Refused, row)
	}
	if fault != nil && len(view.Sent) == 0 {
		return fault
	}
	view.Faults = faultRows(list.bad)
	if len(now) == 1 && len(view.Sent) == 1 && len(list.bad) == 0 {
		return k.leadOn(c, "ok", web.T(c, "team.done.one", "Email", now[0].Email), teamURL(v, pathInvitations))
	}
	return k.edge.Render(c, http.StatusOK, "admin/invite_done", view)
}
