package login

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// invitedState says what the visitor has to do to accept an invitation.
type invitedState string

const (
	invitedReady   invitedState = "ready"   // signed in as the invited person
	invitedSignIn  invitedState = "sign_in" // signed out; the address has an account
	invitedSignUp  invitedState = "sign_up" // signed out; it has none
	invitedProve   invitedState = "prove"   // signed in with the address, which is not proven yet
	invitedSomeone invitedState = "someone" // signed in as somebody else
)

// InvitationPage is the view of login/invitation.
type InvitationPage struct {
	web.Page
	Path    string // of the invitation's pages
	Open    idp.OpenInvitation
	Role    string
	State   invitedState
	Person  idp.User // who is signed in
	Costs   []SeatCost
	Way     way    // back to this page
	Summary string // why it could not be accepted
}

// invitationPath answers the address of an invitation, by its token or by its id.
func invitationPath(key string) string { return "/invitation/" + key }

// visitor answers who is signed in, or the zero User.
func (p *Pages) visitor(c echo.Context) (idp.User, error) {
	s := web.SessionOf(c)
	if !s.Authenticated() {
		return idp.User{}, nil
	}
	user, err := p.Users.User(c.Request().Context(), s.UserID)
	if errors.Is(err, idp.ErrUserNotFound) || err == nil && user.Disabled() {
		return idp.User{}, nil
	}
	return user, err
}

// openInvitation answers the invitation that the address names: by token to everybody, by id only to the person
// whom it waits for.
func (p *Pages) openInvitation(c echo.Context, user idp.User) (idp.OpenInvitation, error) {
	ctx, key := c.Request().Context(), c.Param("token")
	open, err := p.Users.Invitation(ctx, key)
	if !errors.Is(err, idp.ErrInvitationInvalid) || user.ID == "" {
		return open, err
	}
	waiting, listed := p.Users.InvitationsOf(ctx, user.ID)
	if listed != nil {
		return open, listed
	}
	for _, w := range waiting {
		if w.Invitation.ID == key {
			return w, nil
		}
	}
	return open, err
}

func (p *Pages) handleInvitation(c echo.Context) error {
	return p.showInvitation(c, http.StatusOK, "")
}

func (p *Pages) showInvitation(c echo.Context, status int, summary string) error {
	user, err := p.visitor(c)
	if err != nil {
		return err
	}
	open, err := p.openInvitation(c, user)
	if err != nil {
		return p.invitationDead(c, err)
	}
	path := invitationPath(c.Param("token"))
	view := &InvitationPage{
		Path: path, Open: open, Role: open.Invitation.Role, State: stateFor(open, user), Person: user, Way: way{Next: path}, Summary: summary,
	}
	if view.State == invitedReady {
		view.Costs = p.seatCosts(c.Request().Context(), open.Org.ID)
	}
	if view.State == invitedSignIn {
		p.rememberEmail(c, open.Invitation.Email) // the sign-in page has it filled in
	}
	view.Title = web.T(c, "invitation.title", "Org", open.Org.Name)
	return p.Edge.Render(c, status, "login/invitation", view)
}

func stateFor(open idp.OpenInvitation, user idp.User) invitedState {
	switch {
	case user.ID == "" && open.HasAccount:
		return invitedSignIn
	case user.ID == "":
		return invitedSignUp
	case user.EmailNormal != open.Invitation.EmailNormal:
		return invitedSomeone
	case !user.EmailVerified():
		return invitedProve
	default:
		return invitedReady
	}
}

// InvitationOverPage is the view of login/invitation_over: it is declined, or cannot be used.
type InvitationOverPage struct {
	web.Page
	Declined bool
	Org      string // of a declined one
}

// invitationDead leads to the page that says that an invitation cannot be used, and never why. The answer is the
// same to everybody and for every reason, byte for byte, so it may not name the page that was asked for.
func (p *Pages) invitationDead(c echo.Context, err error) error {
	if !errors.Is(err, idp.ErrInvitationInvalid) {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/invitation/over")
}

func (p *Pages) handleInvitationOver(c echo.Context) error {
	view := &InvitationOverPage{}
	view.Title = web.T(c, "invitation.over_title")
	return p.Edge.Render(c, http.StatusGone, "login/invitation_over", view)
}

// invitationKey finds the token, or id, in a local path that leads to an invitation.
func invitationKey(path string) (key string, ok bool) {
	u, err := url.Parse(path)
	if err != nil {
		return "", false
	}
	rest, ok := strings.CutPrefix(u.Path, "/invitation/")
	key, _, _ = strings.Cut(rest, "/")
	return key, ok
}

// storable is the way as it may be written down beside a letter: the token of an invitation is in its own mail
// alone, so its id stands in its place, which leads only the invited person on.
func (p *Pages) storable(c echo.Context, w way) (way, error) {
	key, ok := invitationKey(w.Next)
	if !ok {
		return w, nil
	}
	open, err := p.Users.Invitation(c.Request().Context(), key)
	switch {
	case errors.Is(err, idp.ErrInvitationInvalid):
		w.Next = "/account"
	case err != nil:
		return w, err
	default:
		w.Next = invitationPath(open.Invitation.ID)
	}
	return w, nil
}
