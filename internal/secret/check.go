package secret

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

type masterKeyCheck struct {
	ID        string `gorm:"primaryKey"`
	Sealed    string
	CreatedAt time.Time
}

// EnsureCheck writes this box's check row at the first start of a database, and at every later one tells
// whether the box holds the database's key: [ErrWrongKey] or [ErrDamaged], and the server must not start. A
// row that an older key sealed is sealed again under the current one, so that the old key can be dropped.
func (b *Box) EnsureCheck(ctx context.Context, d *db.DB, now time.Time) error {
	return d.InTx(ctx, func(ctx context.Context) error {
		fresh := masterKeyCheck{ID: checkID, Sealed: b.NewCheck(), CreatedAt: now.UTC()}
		// The insert comes first, so that of two processes that start together one waits for the other.
		res := d.Conn(ctx).Exec(`INSERT INTO master_key_checks (id, sealed, created_at) VALUES (?, ?, ?)
			ON CONFLICT (id) DO NOTHING`, fresh.ID, fresh.Sealed, fresh.CreatedAt)
		if res.Error != nil || res.RowsAffected == 1 {
			return db.Err("store master key check", res.Error)
		}
		var stored masterKeyCheck
		if err := d.Conn(ctx).Take(&stored, "id = ?", checkID).Error; err != nil {
			return db.Err("load master key check", err)
		}
		if err := b.Check(stored.Sealed); err != nil {
			return err
		}
		if !b.Stale(stored.Sealed) {
			return nil
		}
		return db.Err("renew master key check", d.Conn(ctx).Save(&fresh).Error)
	})
}
