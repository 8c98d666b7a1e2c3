package idp

import (
	"context"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// Auditor writes what was done in the transaction that ctx carries; internal/audit.Log is one.
type Auditor interface {
	Record(ctx context.Context, e audit.Entry) error
}

// change is one audited act of this wing.
type change struct {
	OrgID, Action, Kind, ID string
	Before, After           any
}

func (s *Service) record(ctx context.Context, c change) error {
	return s.deps.Audit.Record(ctx, audit.Entry{
		OrgID: c.OrgID, Action: c.Action, Target: audit.Target{Kind: c.Kind, ID: c.ID}, Before: c.Before, After: c.After,
	})
}
