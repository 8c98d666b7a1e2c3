package admin

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// The addresses of invitations in the table.
const (
	pathInvitations = "/admin/invitations"
	pathInvitation  = pathInvitations + "/:invitation"
)

// invitationsArea is who was asked to join an org.
func invitationsArea() area {
	return area{
		templates: []string{"admin/invitations", "admin/invitation_end", "admin/invitation_again"},
		routes: []route{
			{method: http.MethodGet, path: pathInvitations, find: (*Console).inOrg, perm: permission.MembersRead, page: (*Console).showInvitations},
			{method: http.MethodGet, path: pathInvitation + "/revoke", find: (*Console).inOrg, perm: permission.MembersInvite, page: onInvitation(askRevoke)},
			{method: http.MethodPost, path: pathInvitation + "/revoke", find: (*Console).inOrg, perm: permission.MembersInvite, page: onInvitation(revokeInvitation), back: pathInvitations},
			{method: http.MethodGet, path: pathInvitation + "/resend", find: (*Console).inOrg, perm: permission.MembersInvite, page: onInvitation(askResend)},
			{method: http.MethodPost, path: pathInvitation + "/resend", find: (*Console).inOrg, perm: permission.MembersInvite, page: onInvitation(resendInvitation), back: pathInvitations},
		},
	}
}

// InvitationsPage is the view of admin/invitations.
type InvitationsPage struct {
	Frame
	Rows            []InvitationRow
	Search, State   string
	States          []web.Option
	Next            string
	Later, Filtered bool
	MayInvite       bool
}

// InvitationRow is an invitation with what became of it.
type InvitationRow struct {
	ID, Email, Role, InvitedBy string
	Sent, Expires              time.Time
	State, StateWord, StateWay string    // StateWay is the colour of the badge
	Ended                      time.Time // of one that is accepted, declined or revoked
	Cost                       *SeatCost // what the inviter was shown, nil where nothing was kept
	MayResend, MayRevoke       bool
}

func (k *Console) showInvitations(c echo.Context, v *visit) error {
	ctx, state := c.Request().Context(), asked(c, "state")
	if state == "" {
		state = string(idp.InvitationOpen)
	}
	filter := idp.InvitationFilter{OrgID: v.org.ID, Search: asked(c, "q"), AfterID: asked(c, "after"), Limit: teamPage, All: true}
	if state != stateAll {
		filter.State = idp.InvitationState(state)
	}
	page, next, err := k.deps.Team.Invitations(ctx, filter)
	if err != nil {
		return err
	}
	view := &InvitationsPage{
		Frame: frame(c, v, "invitations", web.T(c, "team.invitations.title")), Search: filter.Search, State: state, States: stateOptions(c), Next: next,
		Later: filter.AfterID != "", MayInvite: v.may(permission.MembersInvite) && !v.org.Personal(),
	}
	view.Filtered = view.Search != "" || state != string(idp.InvitationOpen)
	who := k.names()
	for _, inv := range page {
		inviter, err := who.user(ctx, inv.InvitedBy)
		if err != nil {
			return err
		}
		row := k.invitationRow(c, v, inv)
		row.InvitedBy = display(inviter)
		view.Rows = append(view.Rows, row)
	}
	return k.edge.Render(c, http.StatusOK, "admin/invitations", view)
}

// stateAll asks for invitations of every state.
const stateAll = "all"

func stateOptions(c echo.Context) []web.Option {
	out := []web.Option{}
	for _, s := range []idp.InvitationState{idp.InvitationOpen, idp.InvitationExpired, idp.InvitationAccepted, idp.InvitationDeclined, idp.InvitationRevoked} {
		word, _ := stateWords(c, s)
		out = append(out, web.Option{Value: string(s), Label: word})
	}
	return append(out, web.Option{Value: stateAll, Label: web.T(c, "team.state.all")})
}

func stateWords(c echo.Context, s idp.InvitationState) (word, way string) {
	switch s {
	case idp.InvitationOpen:
		return web.T(c, "team.state.open"), "accent"
	case idp.InvitationExpired:
		return web.T(c, "team.state.expired"), "warn"
	case idp.InvitationAccepted:
		return web.T(c, "team.state.accepted"), "ok"
	case idp.InvitationDeclined:
		return web.T(c, "team.state.declined"), ""
	default:
		return web.T(c, "team.state.revoked"), ""
	}
}

func (k *Console) invitationRow(c echo.Context, v *visit, inv idp.Invitation) InvitationRow {
	state := inv.State(k.deps.Now())
	row := InvitationRow{
		ID: inv.ID, Email: inv.Email, Role: roleName(c, permission.Role(inv.Role)), Sent: inv.SentAt, Expires: inv.ExpiresAt, State: string(state),
	}
	row.StateWord, row.StateWay = stateWords(c, state)
	for _, at := range []*time.Time{inv.AcceptedAt, inv.DeclinedAt, inv.RevokedAt} {
		if at != nil && row.Ended.IsZero() {
			row.Ended = *at
		}
	}
	if cost, ok := toldCost(inv.Quote); ok && v.may(permission.BillingRead) {
		row.Cost = &cost
	}
	if live := state == idp.InvitationOpen || state == idp.InvitationExpired; live && v.may(permission.MembersInvite) {
		row.MayRevoke, row.MayResend = true, v.mayGive(inv.Role)
	}
	return row
}

// InvitationPage is the view of the pages that send an invitation again, or withdraw it.
type InvitationPage struct {
	Frame
	Invitation InvitationRow
	Form       *web.Form
	Cost       SeatCost
}

// onInvitation finds the invitation that the address names; another org's is answered as one that does not exist.
func onInvitation(do func(k *Console, c echo.Context, v *visit, inv idp.Invitation) error) func(*Console, echo.Context, *visit) error {
	return func(k *Console, c echo.Context, v *visit) error {
		id := c.Param("invitation")
		if !plain(id) {
			return unknown(idp.ErrInvitationInvalid)
		}
		inv, err := k.deps.Team.OrgInvitation(c.Request().Context(), v.org.ID, id)
		if errors.Is(err, idp.ErrInvitationInvalid) {
			return unknown(err)
		}
		if err != nil {
			return err
		}
		return do(k, c, v, inv)
	}
}

func (k *Console) toInvitations(c echo.Context, v *visit, err error, done string) error {
	to := teamURL(v, pathInvitations)
	if err == nil {
		return k.leadOn(c, "ok", done, to)
	}
	if sentence := refusal(c, err); sentence != "" {
		return k.leadOn(c, "danger", sentence, to)
	}
	return err
}

func askRevoke(k *Console, c echo.Context, v *visit, inv idp.Invitation) error {
	view := &InvitationPage{Frame: frame(c, v, "invitations", web.T(c, "team.revoke.title", "Email", inv.Email)), Invitation: k.invitationRow(c, v, inv)}
	if !view.Invitation.MayRevoke {
		return k.toInvitations(c, v, idp.ErrInvitationInvalid, "")
	}
	return k.edge.Render(c, http.StatusOK, "admin/invitation_end", view)
}

func revokeInvitation(k *Console, c echo.Context, v *visit, inv idp.Invitation) error {
	err := k.deps.Team.RevokeInvitation(acting(c, v), v.org.ID, inv.ID)
	return k.toInvitations(c, v, err, web.T(c, "team.revoke.done", "Email", inv.Email))
}

func askResend(k *Console, c echo.Context, v *visit, inv idp.Invitation) error {
	return k.renderResend(c, v, http.StatusOK, inv, &web.Form{})
}

func (k *Console) renderResend(c echo.Context, v *visit, status int, inv idp.Invitation, form *web.Form) error {
	view := &InvitationPage{
		Frame: frame(c, v, "invitations", web.T(c, "team.resend.title", "Email", inv.Email)), Invitation: k.invitationRow(c, v, inv), Form: form,
	}
	switch {
	case !view.Invitation.MayRevoke:
		return k.toInvitations(c, v, idp.ErrInvitationInvalid, "")
	case !view.Invitation.MayResend:
		return k.toInvitations(c, v, idp.ErrRoleTooHigh, "")
	}
	var err error
	if view.Cost, err = k.seatCost(c.Request().Context(), v.org.ID, 1); err != nil {
		return err
	}
	return k.edge.Render(c, status, "admin/invitation_again", view)
}

// resendInvitation sends a new link. One that has expired promises a seat anew, so its cost is shown anew first.
func resendInvitation(k *Console, c echo.Context, v *visit, inv idp.Invitation) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if inv.State(k.deps.Now()) == idp.InvitationExpired {
		cost, err := k.seatCost(c.Request().Context(), v.org.ID, 1)
		if err != nil {
			return err
		}
		if shown, _ := toldCost(form.Raw("told")); !shown.covers(cost) {
			form.Summary = web.T(c, "team.cost.changed")
			return k.renderResend(c, v, http.StatusUnprocessableEntity, inv, form)
		}
	}
	_, err = k.deps.Team.ResendInvitation(acting(c, v), v.org.ID, inv.ID, v.user.ID, inv.Lang)
	return k.toInvitations(c, v, err, web.T(c, "team.resend.done", "Email", inv.Email))
}
