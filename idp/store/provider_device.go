package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// CreateDeviceCode saves a device's request; [db.ErrDuplicate] when the user code is in use.
func (s *Provider) CreateDeviceCode(ctx context.Context, d idp.DeviceCode) error {
	err := db.Err("create device code", s.db.Conn(ctx).Create(&d).Error)
	if errors.Is(err, db.ErrForeignKey) {
		return fmt.Errorf("create device code: %w", idp.ErrAppNotFound)
	}
	return err
}

// DeviceByUserCode loads a living request that waits for its decision; [idp.ErrDeviceCodeNotFound].
func (s *Provider) DeviceByUserCode(ctx context.Context, userCode string, now time.Time) (idp.DeviceCode, error) {
	return one[idp.DeviceCode](s.db.Conn(ctx).Raw("SELECT * FROM device_codes WHERE user_code = ? AND state = ? AND expires_at > ?",
		userCode, idp.DevicePending, now.UTC()), "load device by user code", idp.ErrDeviceCodeNotFound)
}

// DeviceByCode loads a request by its secret code's hash; [idp.ErrGrantNotFound].
func (s *Provider) DeviceByCode(ctx context.Context, codeHash string) (idp.DeviceCode, error) {
	return one[idp.DeviceCode](s.db.Conn(ctx).Raw("SELECT * FROM device_codes WHERE code_hash = ?", codeHash),
		"load device", idp.ErrGrantNotFound)
}

// DecideDevice saves the person's decision; [idp.ErrDeviceCodeNotFound] when it was made already.
func (s *Provider) DecideDevice(ctx context.Context, d idp.DeviceCode, now time.Time) error {
	met, err := s.changed(ctx, "decide device", `UPDATE device_codes SET state = ?, user_id = ?, org_id = ?,
		auth_time = ?, amr = ? WHERE user_code = ? AND state = ? AND expires_at > ?`,
		d.State, d.UserID, d.OrgID, d.AuthTime, d.AMR, d.UserCode, idp.DevicePending, now.UTC())
	if err == nil && !met {
		err = fmt.Errorf("decide device: %w", idp.ErrDeviceCodeNotFound)
	}
	return err
}

// PollDevice notes when the device asked, and how long it must wait from now on.
func (s *Provider) PollDevice(ctx context.Context, codeHash string, interval int64, now time.Time) error {
	_, err := s.changed(ctx, "note poll", "UPDATE device_codes SET polled_at = ?, interval_seconds = ? WHERE code_hash = ?", now.UTC(), interval, codeHash)
	return err
}

// RedeemDevice turns an approved request into its grant and tells whether this call was the first.
func (s *Provider) RedeemDevice(ctx context.Context, codeHash, grantID string) (first bool, err error) {
	return s.changed(ctx, "redeem device", "UPDATE device_codes SET state = ?, grant_id = ? WHERE code_hash = ? AND state = ?",
		idp.DeviceRedeemed, grantID, codeHash, idp.DeviceApproved)
}
