// Package ratelimit bounds how often something may be tried. [Limiter] counts in the database, so that all
// replicas share one count: for passwords, reset mails and device codes. [Flood] counts in memory by address:
// a cheap first wall that needs no statement.
package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Limiter counts attempts by bucket in fixed windows. It is safe for concurrent use.
type Limiter struct {
	db  *db.DB
	now func() time.Time
}

// New makes a limiter over the table rate_limits.
func New(d *db.DB, now func() time.Time) *Limiter { return &Limiter{db: d, now: now} }

// Allow counts one attempt in bucket and tells whether it is within limit attempts per window. When it is not,
// retryAfter is how long until the window ends. Windows are fixed, so that one statement decides: across a
// boundary up to twice the limit can pass. The bucket is stored as a hash, for it may name a person.
//
// The error wraps [db.ErrUnavailable] when the database cannot be reached; callers refuse then.
func (l *Limiter) Allow(ctx context.Context, bucket string, limit int, window time.Duration) (ok bool, retryAfter time.Duration, err error) {
	now := l.now().UTC()
	start := now.Truncate(window)
	var count int64
	err = l.db.Conn(ctx).Raw(`INSERT INTO rate_limits (bucket, window_start, count) VALUES (?, ?, 1)
		ON CONFLICT (bucket, window_start) DO UPDATE SET count = rate_limits.count + 1
		RETURNING count`, key(bucket, window), start).Scan(&count).Error
	if err != nil {
		return false, 0, db.Err("count attempt", err)
	}
	if count > int64(limit) {
		return false, start.Add(window).Sub(now), nil
	}
	return true, 0, nil
}

// Reset forgets the attempts of bucket in the current window, as after a right password.
func (l *Limiter) Reset(ctx context.Context, bucket string, window time.Duration) error {
	err := l.db.Conn(ctx).Exec("DELETE FROM rate_limits WHERE bucket = ? AND window_start = ?",
		key(bucket, window), l.now().UTC().Truncate(window)).Error
	return db.Err("reset attempts", err)
}

// longestWindow bounds what [Limiter.Prune] keeps; no caller uses a longer one.
const longestWindow = 24 * time.Hour

// Prune deletes windows older than a day and tells how many there were; run it now and then.
func (l *Limiter) Prune(ctx context.Context) (int64, error) {
	res := l.db.Conn(ctx).Exec("DELETE FROM rate_limits WHERE window_start < ?", l.now().UTC().Add(-longestWindow))
	return res.RowsAffected, db.Err("prune rate limits", res.Error)
}

// key keeps the same bucket apart under different windows.
func key(bucket string, window time.Duration) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s", window, bucket))
	return hex.EncodeToString(sum[:])
}
