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

// CreateAddressComp saves a pass for an address as given at now and fills in its id and times. One that is over
// by then is closed on the way. Errors: [claims.ErrInvalidComp]; [claims.ErrCompExists] while another one of that
// address still counts in the app.
func (s *Store) CreateAddressComp(ctx context.Context, a *claims.AddressComp, now time.Time) error {
	if err := a.For(a.EmailNormal).Validate(); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make comp id: %w", err)
	}
	row := *a
	row.ID, row.CreatedAt, row.UpdatedAt, row.ExpiresAt = id.String(), now.UTC(), now.UTC(), utc(a.ExpiresAt)
	if row.Features == nil {
		row.Features = claims.FeatureList{}
	}
	made := false
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		err := s.db.Conn(ctx).Exec(`UPDATE address_comps SET ended_at = expires_at, updated_at = ?
			WHERE client_id = ? AND email_normal = ? AND ended_at IS NULL AND expires_at < ?`,
			now.UTC(), row.ClientID, row.EmailNormal, now.UTC().Truncate(time.Second).Add(time.Second)).Error
		if err != nil {
			return db.Err("close expired address comp", err)
		}
		res := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		made = res.RowsAffected > 0
		return db.Err("create address comp", res.Error)
	})
	if err != nil {
		return err
	}
	if !made {
		return fmt.Errorf("comp of an address for %s: %w", row.ClientID, claims.ErrCompExists)
	}
	*a = row
	return nil
}

// TakeAddressComp notes which comp a pass became.
func (s *Store) TakeAddressComp(ctx context.Context, id, userID, compID string, now time.Time) error {
	err := s.db.Conn(ctx).Exec(`UPDATE address_comps SET user_id = ?, comp_id = ?, updated_at = ? WHERE id = ?`, userID, compID, now.UTC(), id).Error
	return db.Err("take address comp", err)
}

// EndAddressComp takes a pass back at now; one that ended already stays as it is.
func (s *Store) EndAddressComp(ctx context.Context, id string, now time.Time) error {
	err := s.db.Conn(ctx).Exec(`UPDATE address_comps SET ended_at = ?, updated_at = ? WHERE id = ? AND ended_at IS NULL`, now.UTC(), now.UTC(), id).Error
	return db.Err("end address comp", err)
}

// RenewAddressComp gives a pass another end. Errors: [claims.ErrCompNotFound].
func (s *Store) RenewAddressComp(ctx context.Context, id string, until *time.Time, now time.Time) error {
	return s.renew(ctx, "address_comps", id, until, now)
}

// AddressComp answers a pass by its own id or by that of the comp that it became. Errors: [claims.ErrCompNotFound].
func (s *Store) AddressComp(ctx context.Context, id string) (claims.AddressComp, error) {
	var row claims.AddressComp
	err := db.Err("load address comp", s.db.Conn(ctx).Where("id = ? OR (comp_id <> '' AND comp_id = ?)", id, id).Take(&row).Error)
	if errors.Is(err, db.ErrNotFound) {
		return claims.AddressComp{}, fmt.Errorf("comp %s: %w", id, claims.ErrCompNotFound)
	}
	return addressInUTC(row), err
}

// WaitingFor lists the passes of an address that nobody took back and that no comp was made of.
func (s *Store) WaitingFor(ctx context.Context, emailNormal string) ([]claims.AddressComp, error) {
	var rows []claims.AddressComp
	err := s.db.Conn(ctx).Where("email_normal = ? AND ended_at IS NULL AND comp_id = ''", emailNormal).Order("id").Find(&rows).Error
	for i := range rows {
		rows[i] = addressInUTC(rows[i])
	}
	return rows, db.Err("list waiting comps", err)
}

func addressInUTC(a claims.AddressComp) claims.AddressComp {
	a.CreatedAt, a.UpdatedAt = a.CreatedAt.UTC(), a.UpdatedAt.UTC()
	a.ExpiresAt, a.EndedAt, a.RemindedAt = utc(a.ExpiresAt), utc(a.EndedAt), utc(a.RemindedAt)
	return a
}
