package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

func (p *Pages) handleInvitationAccept(c echo.Context) error {
	user, err := p.visitor(c)
	if err != nil {
		return err
	}
	key := c.Param("token")
	if user.ID == "" {
		return c.Redirect(http.StatusSeeOther, invitationPath(key))
	}
	open, err := p.openInvitation(c, user)
	if err != nil {
		return p.invitationDead(c, err)
	}
	m, err := p.Users.AcceptInvitation(p.ctx(c), key, user.ID)
	switch {
	case errors.Is(err, idp.ErrInvitationOther):
		return c.Redirect(http.StatusSeeOther, invitationPath(key)) // which says whose it is
	case errors.Is(err, idp.ErrSeatCap):
		return p.showInvitation(c, http.StatusConflict, web.T(c, "invitation.full", "Org", open.Org.Name, "Inviter", open.InviterName))
	case errors.Is(err, idp.ErrAlreadyMember):
		return p.joined(c, open.Org.ID, web.T(c, "invitation.already", "Org", open.Org.Name))
	case err != nil:
		return p.invitationDead(c, err)
	}
	return p.joined(c, m.OrgID, web.T(c, "invitation.joined", "Org", open.Org.Name))
}

// joined makes the session act for the org that the person has come to, and says so in their account.
func (p *Pages) joined(c echo.Context, orgID, sentence string) error {
	web.SessionOf(c).OrgID = orgID
	if err := p.Edge.SetFlash(c, "ok", sentence); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/account")
}

func (p *Pages) handleInvitationDecline(c echo.Context) error {
	user, err := p.visitor(c)
	if err != nil {
		return err
	}
	open, err := p.openInvitation(c, user)
	if err != nil {
		return p.invitationDead(c, err)
	}
	if err := p.Users.DeclineInvitation(p.ctx(c), c.Param("token"), user.ID); err != nil {
		return p.invitationDead(c, err)
	}
	view := &InvitationOverPage{Declined: true, Org: open.Org.Name}
	view.Title = web.T(c, "invitation.declined_title")
	return p.Edge.Render(c, http.StatusOK, "login/invitation_over", view)
}

// handleInvitationSwitch signs the wrong person out and comes back.
func (p *Pages) handleInvitationSwitch(c echo.Context) error {
	if s := web.SessionOf(c); s.Authenticated() {
		err := p.Audit.Record(p.ctx(c), audit.Entry{Action: "user.signed_out", Target: audit.Target{Kind: "user", ID: s.UserID}})
		if err != nil {
			return err
		}
	}
	if err := p.Edge.Logout(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, invitationPath(c.Param("token")))
}

// handleInvitationProve sends the link that proves the address of who signed up with it and never did.
func (p *Pages) handleInvitationProve(c echo.Context) error {
	user, err := p.visitor(c)
	if err != nil {
		return err
	}
	open, err := p.openInvitation(c, user)
	if err != nil {
		return p.invitationDead(c, err)
	}
	if stateFor(open, user) != invitedProve {
		return c.Redirect(http.StatusSeeOther, invitationPath(c.Param("token")))
	}
	ok, after, err := p.allow(p.ctx(c), verifyLimit, user.ID)
	if err != nil {
		return err
	}
	if !ok {
		return p.showInvitation(c, http.StatusTooManyRequests, later(c, after))
	}
	if err := p.Users.StartVerify(p.ctx(c), user.ID, web.Lang(c), invitationPath(open.Invitation.ID)); err != nil {
		return err
	}
	if err := p.Edge.SetFlash(c, "ok", web.T(c, "account.verify_sent")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, invitationPath(c.Param("token")))
}
