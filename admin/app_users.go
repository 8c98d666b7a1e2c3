package admin

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// compsPerPage bounds what one page shows.
const compsPerPage = 50

// CompRow is a free pass that counts now.
type CompRow struct {
	Name, Email, Plan string
	Features          []string // empty means all
	Until             *time.Time
	Reason, GivenBy   string
	Since             time.Time
}

// holders fills in who holds what, as far as the visitor may see it.
func (k *Console) holders(c echo.Context, v *visit, view *AppPage) error {
	ctx := c.Request().Context()
	if view.MayComps = v.may(permission.CompsRead); view.MayComps {
		after := c.QueryParam("after")
		if uuid.Validate(after) != nil {
			after = ""
		}
		view.Later = after != ""
		comps, err := k.deps.Comps.CompsOfApp(ctx, v.app.ClientID, after, compsPerPage+1)
		if err != nil {
			return err
		}
		if len(comps) > compsPerPage {
			comps = comps[:compsPerPage]
			view.NextComps = comps[compsPerPage-1].ID
		}
		if view.Comps, err = k.compRows(ctx, comps); err != nil {
			return err
		}
	}
	if k.deps.Sales == nil || !v.may(permission.SalesRead) {
		return nil
	}
	n, err := k.deps.Sales.LiveSubscriptions(ctx, v.app.ClientID)
	view.Subscriptions = &n
	return err
}

func (k *Console) compRows(ctx context.Context, comps []claims.Comp) ([]CompRow, error) {
	who, now := k.names(), k.deps.Now()
	rows := make([]CompRow, 0, len(comps))
	for _, comp := range comps {
		if !comp.LiveAt(now) {
			continue
		}
		user, err := who.user(ctx, comp.UserID)
		if err != nil {
			return nil, err
		}
		giver, err := who.user(ctx, comp.GivenBy)
		if err != nil {
			return nil, err
		}
		rows = append(rows, CompRow{
			Name: user.Name, Email: user.Email, Plan: comp.PlanName, Features: comp.Features, Until: comp.ExpiresAt, Reason: comp.Reason,
			GivenBy: display(giver), Since: comp.CreatedAt,
		})
	}
	return rows, nil
}

// names finds people by id, each once for a page.
type names struct {
	people People
	seen   map[string]idp.User
}

func (k *Console) names() names { return names{people: k.deps.People, seen: map[string]idp.User{}} }

// user answers a person; one who is gone, or was never one, is shown by the id.
func (n names) user(ctx context.Context, id string) (idp.User, error) {
	if u, ok := n.seen[id]; ok || id == "" {
		return u, nil
	}
	u, err := n.people.User(ctx, id)
	if errors.Is(err, idp.ErrUserNotFound) {
		u, err = idp.User{ID: id, Email: id}, nil
	}
	if err != nil {
		return idp.User{}, err
	}
	n.seen[id] = u
	return u, nil
}

// display names a person in one line: the address tells people of one name apart only where there is no name.
func display(u idp.User) string {
	if u.Name != "" {
		return u.Name
	}
	return u.Email
}
