package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/admin"
	"github.com/wolfieauth/wolfieauth/billing/pricing"
	"github.com/wolfieauth/wolfieauth/idp/login"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// problems are every room's list of what is refused and how the outside sees it. The first that fits counts: what
// billing refuses may wrap identity's reason, so billing's more telling code comes first.
func problems() []web.Problem {
	return slices.Concat(pricing.Problems(), login.Problems(), admin.Problems())
}

// mount hangs every room into the edge.
func (a *App) mount(context.Context) error {
	a.audited()
	if err := a.provider.Mount(); err != nil {
		return err
	}
	_, err := login.Mount(login.Deps{
		Edge: a.edge, Users: a.people, SignIns: a.provider, Devices: a.provider, Limits: a.limits, Audit: a.audit, Now: time.Now, VerifyFirst: a.cfg.VerifyFirst,
		Seats: Seats{Billing: a.Billing},
	})
	if err != nil {
		return err
	}
	who := buyers{people: a.people, provider: a.provider, claims: a.claims}
	shop := pricing.New(pricing.Deps{
		Shop: a.billing, Own: a.billing, Now: a.cfg.Now, Visitors: who, Tokens: who, Entitlements: who, Sellers: newSellers(a.people, a.versions), Logger: a.log, SignOutURL: "/logout",
	})
	if err := errors.Join(shop.Mount(a.edge), a.mountConsole(shop), a.mountWebhook()); err != nil {
		return err
	}
	if a.cfg.Outbox {
		viewer := echo.WrapHandler(a.mails.Viewer("/demo/outbox"))
		a.edge.Raw().GET("/demo/outbox", viewer)
		a.edge.Raw().GET("/demo/outbox/*", viewer)
	}
	if a.cfg.Extra != nil {
		a.cfg.Extra(a.edge)
	}
	a.housekeeping()
	return nil
}

// housekeeping forgets what has run out, on one replica, hourly.
func (a *App) housekeeping() {
	a.jobs.Periodic("housekeeping", time.Hour, func(ctx context.Context) error {
		_, sessions := a.edge.PruneSessions(ctx)
		_, limits := a.limits.Prune(ctx)
		_, protocol := a.protocol.Prune(ctx, time.Now())
		return errors.Join(sessions, limits, protocol)
	})
}
