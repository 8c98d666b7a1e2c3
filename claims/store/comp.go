package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// CreateComp saves c as given at now and fills in its id and times. A comp of
// the same user and app that is over by then is closed on the way, so that a
// free pass can be renewed. Errors: [claims.ErrInvalidComp]; and
// [claims.ErrCompExists] while another one still counts.
func (s *Store) CreateComp(ctx context.Context, c *claims.Comp, now time.Time) error {
	if err := c.Validate(); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make comp id: %w", err)
	}
	row := inUTC(*c)
	row.ID, row.CreatedAt, row.UpdatedAt, row.EndedAt = id.String(), now.UTC(), now.UTC(), nil
	if row.Features == nil {
		row.Features = claims.FeatureList{}
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.closeExpired(ctx, row.UserID, row.ClientID, now.UTC()); err != nil {
			return err
		}
		return db.Err("create comp", s.db.Conn(ctx).Create(&row).Error)
	})
	if errors.Is(err, db.ErrDuplicate) {
		return fmt.Errorf("comp of %s for %s: %w", row.UserID, row.ClientID, claims.ErrCompExists)
	}
	if err != nil {
		return err
	}
	*c = row
	return nil
}

// closeExpired marks a comp that ran out as ended at the end that it had. The
// second is the precision of the rule: what has ended there is closed here.
func (s *Store) closeExpired(ctx context.Context, userID, clientID string, now time.Time) error {
	err := s.db.Conn(ctx).Exec(`UPDATE app_entitlement_overrides SET ended_at = expires_at, updated_at = ?
		WHERE user_id = ? AND client_id = ? AND ended_at IS NULL AND expires_at < ?`,
		now, userID, clientID, now.Truncate(time.Second).Add(time.Second)).Error
	return db.Err("close expired comp", err)
}

// EndComp takes a comp back at now. One that has ended already stays as it is,
// without error. Errors: [claims.ErrCompNotFound].
func (s *Store) EndComp(ctx context.Context, id string, now time.Time) error {
	done := s.db.Conn(ctx).Exec(`UPDATE app_entitlement_overrides SET ended_at = ?, updated_at = ?
		WHERE id = ? AND ended_at IS NULL`, now.UTC(), now.UTC(), id)
	if done.Error != nil {
		return db.Err("end comp", done.Error)
	}
	if done.RowsAffected == 0 {
		_, err := s.Comp(ctx, id)
		return err
	}
	return nil
}

// Comp answers one comp, ended or not. Errors: [claims.ErrCompNotFound].
func (s *Store) Comp(ctx context.Context, id string) (claims.Comp, error) {
	var c claims.Comp
	err := s.db.Conn(ctx).Where("id = ?", id).Take(&c).Error
	if err := db.Err("load comp", err); errors.Is(err, db.ErrNotFound) {
		return claims.Comp{}, fmt.Errorf("comp %s: %w", id, claims.ErrCompNotFound)
	} else if err != nil {
		return claims.Comp{}, err
	}
	return inUTC(c), nil
}

// CompsOn counts the comps that hold at a moment in the apps under the slug of a plan; see [claims.Comp.LiveAt].
func (s *Store) CompsOn(ctx context.Context, clientIDs []string, planSlug string, at time.Time) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&claims.Comp{}).
		Where("client_id IN ? AND plan_slug = ? AND ended_at IS NULL", clientIDs, planSlug).
		Where("expires_at IS NULL OR expires_at >= ?", at.UTC().Truncate(time.Second).Add(time.Second)).Count(&n).Error
	return n, db.Err("count comps of a plan", err)
}

// CompFilter narrows a list of comps; a zero field does not.
type CompFilter struct {
	UserID   string
	ClientID string
	// Ended includes those that were taken back or replaced. One that ran out is
	// not ended until then: see [claims.Comp.LiveAt].
	Ended bool
	// AfterID and Limit page through the list.
	AfterID string
	Limit   int
}

// Comps lists comps in the order in which they were given; never nil.
func (s *Store) Comps(ctx context.Context, f CompFilter) ([]claims.Comp, error) {
	q := s.db.Conn(ctx).Order("id")
	if f.UserID != "" {
		q = q.Where("user_id = ?", f.UserID)
	}
	if f.ClientID != "" {
		q = q.Where("client_id = ?", f.ClientID)
	}
	if !f.Ended {
		q = q.Where("ended_at IS NULL")
	}
	if f.AfterID != "" {
		q = q.Where("id > ?", f.AfterID)
	}
	if f.Limit > 0 {
		q = q.Limit(f.Limit)
	}
	comps := []claims.Comp{}
	if err := q.Find(&comps).Error; err != nil {
		return nil, db.Err("list comps", err)
	}
	for i := range comps {
		comps[i] = inUTC(comps[i])
	}
	return comps, nil
}

// inUTC sets every time to UTC: a driver answers in the zone of its server, and
// SQLite compares times as text.
func inUTC(c claims.Comp) claims.Comp {
	c.CreatedAt, c.UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
	c.ExpiresAt, c.EndedAt = utc(c.ExpiresAt), utc(c.EndedAt)
	return c
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
