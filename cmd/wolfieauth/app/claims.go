package app

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	claimstore "github.com/wolfieauth/wolfieauth/claims/store"
)

// assembler is the one way to the claim: every place that shows it calls this, so that they agree.
type assembler struct {
	store *claimstore.Store
	now   func() time.Time // the business clock
}

// Assemble answers the plans that the user holds in the app, acting for the org: one statement.
func (a assembler) Assemble(ctx context.Context, userID, orgID, clientID string) (claims.Result, error) {
	in, err := a.store.Load(ctx, userID, orgID, clientID, a.now())
	if err != nil {
		return claims.Result{}, fmt.Errorf("load plans of %s in %s: %w", userID, clientID, err)
	}
	return claims.Assemble(in), nil
}
