package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

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
	made := false
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.closeExpired(ctx, row.UserID, row.ClientID, now.UTC()); err != nil {
			return err
		}
		// No error of the database: that would end the transaction that this one is part of.
		res := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		made = res.RowsAffected > 0
		return db.Err("create comp", res.Error)
	})
	if err != nil {
		return err
	}
	if !made {
		return fmt.Errorf("comp of %s for %s: %w", row.UserID, row.ClientID, claims.ErrCompExists)
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
	// Seen leaves out those given to an address whose person has not come to the app yet.
	Seen bool
	// AfterID and Limit page through the list.
	AfterID string
	Limit   int
}

// inDirectory tells of a comp whether its person is known to the app's admins.
const inDirectory = `EXISTS (SELECT 1 FROM app_users d WHERE d.client_id = app_entitlement_overrides.client_id AND d.user_id = app_entitlement_overrides.user_id)`

// RenewComp gives a comp that nobody took back another end, nil for none, and forgets that people were reminded
// of the old one. Errors: [claims.ErrCompNotFound].
func (s *Store) RenewComp(ctx context.Context, id string, until *time.Time, now time.Time) error {
	return s.renew(ctx, "app_entitlement_overrides", id, until, now)
}

func (s *Store) renew(ctx context.Context, table, id string, until *time.Time, now time.Time) error {
	done := s.db.Conn(ctx).Exec("UPDATE "+table+" SET expires_at = ?, reminded_at = NULL, updated_at = ? WHERE id = ? AND ended_at IS NULL",
		utc(until), now.UTC(), id)
	if done.Error == nil && done.RowsAffected == 0 {
		return fmt.Errorf("renew %s: %w", id, claims.ErrCompNotFound)
	}
	return db.Err("renew comp", done.Error)
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
	if f.Seen {
		q = q.Where("(NOT by_address OR " + inDirectory + ")")
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
	c.ExpiresAt, c.EndedAt, c.RemindedAt = utc(c.ExpiresAt), utc(c.EndedAt), utc(c.RemindedAt)
	return c
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
