package secret_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

func TestDatabaseRefusesAnotherMasterKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now := t.Context(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for range 2 {
			if err := newBox(t, 1).EnsureCheck(ctx, d, now); err != nil {
				t.Fatal(err)
			}
		}
		if err := newBox(t, 2).EnsureCheck(ctx, d, now); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("wrong key: %v", err)
		}
		if err := newBox(t, 2, 1).EnsureCheck(ctx, d, now); err != nil {
			t.Errorf("rotation: %v", err)
		}
		if err := newBox(t, 2).EnsureCheck(ctx, d, now); err != nil {
			t.Errorf("after rotation: %v", err)
		}
		if err := newBox(t, 1).EnsureCheck(ctx, d, now); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("the dropped key: %v", err)
		}
	})
}
