package app

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	claimstore "github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Comps gives free passes; each is written into the audit log with who gave it and why.
type Comps struct {
	db    *db.DB
	store *claimstore.Store
	audit *audit.Log
	apps  facts
}

// Give saves a comp as given at a moment: [claims.ErrInvalidComp], [claims.ErrCompExists],
// billing.ErrAppNotFound.
func (c Comps) Give(ctx context.Context, comp claims.Comp, at time.Time) error {
	app, err := c.apps.App(ctx, comp.ClientID)
	if err != nil {
		return err
	}
	return c.db.InTx(ctx, func(ctx context.Context) error {
		row := comp
		if err := c.store.CreateComp(ctx, &row, at); err != nil {
			return err
		}
		return c.audit.Record(ctx, audit.Entry{
			Actor: audit.Actor{Kind: "user", ID: row.GivenBy}, OrgID: app.OrgID, Action: "comp.given",
			Target: audit.Target{Kind: "comp", ID: row.ID}, After: row,
		})
	})
}

// CompsOf lists what a user was given in an app, ended ones included.
func (c Comps) CompsOf(ctx context.Context, userID, clientID string) ([]claims.Comp, error) {
	return c.store.Comps(ctx, claimstore.CompFilter{UserID: userID, ClientID: clientID, Ended: true})
}
