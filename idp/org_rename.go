package idp

import (
	"context"
	"fmt"
)

// RenameOrg changes the name that people see; the slug, and the client ids made from it, stay. The error wraps
// [ErrSlugInvalid] when nothing is left of the name, [ErrOrgNotFound], [ErrPersonalOrg].
func (s *Service) RenameOrg(ctx context.Context, orgID, name string) (Org, error) {
	name = cleanName(name)
	if name == "" {
		return Org{}, fmt.Errorf("rename org: %w", ErrSlugInvalid)
	}
	var after Org
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.deps.Store.LockOrg(ctx, orgID)
		if err != nil {
			return err
		}
		if before.Personal() {
			return ErrPersonalOrg
		}
		after = before
		if before.Name == name {
			return nil
		}
		after.Name, after.UpdatedAt = name, s.now()
		if err := s.deps.Store.UpdateOrg(ctx, after); err != nil {
			return err
		}
		return s.record(ctx, change{OrgID: orgID, Action: "org.renamed", Kind: "org", ID: orgID, Before: before, After: after})
	})
	if err != nil {
		return Org{}, fmt.Errorf("rename org: %w", err)
	}
	return after, nil
}
