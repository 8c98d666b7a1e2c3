package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Run lets time pass and delivers webhooks until ctx ends. Each endpoint has a
// line of its own: first attempts go out one by one in the order of creation,
// retries when their delay is over.
func (s *Sandbox) Run(ctx context.Context) error {
	var lines sync.WaitGroup
	defer lines.Wait()
	running := map[string]bool{}
	var mu sync.Mutex
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	var ticked time.Time
	for {
		if time.Since(ticked) >= time.Second {
			if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Logger.ErrorContext(ctx, "sandbox tick failed", "error", err)
			}
			ticked = time.Now() // the beat of the loop is real time
		}
		due, err := s.dueEndpoints(ctx)
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "sandbox cannot read deliveries", "error", err)
		}
		for _, endpoint := range due {
			mu.Lock()
			busy := running[endpoint]
			running[endpoint] = true
			mu.Unlock()
			if busy {
				continue
			}
			lines.Go(func() {
				s.deliverLine(ctx, endpoint)
				mu.Lock()
				delete(running, endpoint)
				mu.Unlock()
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		case <-s.wake:
		}
	}
}

func (s *Sandbox) dueEndpoints(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT endpoint FROM deliveries WHERE state='pending' AND due<=?`, time.Now().UnixMilli()) // real time
	if err != nil {
		return nil, fmt.Errorf("find due endpoints: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("find due endpoints: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// parcel is one attempt to make.
type parcel struct {
	seq      int64
	attempts int
	payload  string
	endpoint obj
}

// deliverLine sends what is due for one endpoint until nothing is.
func (s *Sandbox) deliverLine(ctx context.Context, endpoint string) {
	for ctx.Err() == nil {
		p, err := s.nextParcel(ctx, endpoint)
		if errors.Is(err, errAbsent) {
			return
		}
		if err == nil {
			status, failure := s.post(ctx, p)
			if ctx.Err() != nil {
				return // stays pending and goes out again after a restart
			}
			err = s.noteAttempt(ctx, p, status, failure)
		}
		if err != nil && ctx.Err() != nil {
			return // the end, not a failure
		}
		if err != nil {
			s.cfg.Logger.ErrorContext(ctx, "sandbox delivery failed", "endpoint", endpoint, "error", err)
			return
		}
	}
}

func (s *Sandbox) nextParcel(ctx context.Context, endpoint string) (*parcel, error) {
	p := &parcel{}
	err := s.db.QueryRowContext(ctx, `SELECT seq, attempts, payload FROM deliveries WHERE endpoint=? AND state='pending' AND due<=? ORDER BY attempts>0, due, seq LIMIT 1`,
		endpoint, time.Now().UnixMilli()).Scan(&p.seq, &p.attempts, &p.payload) // real time
	if err != nil {
		return nil, errAbsent
	}
	p.endpoint, err = s.reader(ctx, "").find("webhook_endpoint", endpoint)
	if err == nil && p.endpoint.flag("deleted") || errors.Is(err, errAbsent) {
		_, err = s.db.ExecContext(ctx, `UPDATE deliveries SET state='abandoned' WHERE endpoint=? AND state='pending'`, endpoint)
		return nil, errors.Join(errAbsent, err)
	}
	return p, err
}

// post sends one signed request. The stamp is real time, because receivers
// check their tolerance against it.
func (s *Sandbox) post(ctx context.Context, p *parcel) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint.str("url"), strings.NewReader(p.payload))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", Sign(p.payload, p.endpoint.str("_secret"), time.Now())) // real time
	resp, err := s.cfg.HTTPClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, resp.Status
	}
	return resp.StatusCode, ""
}

// Sign gives the Stripe-Signature header of a payload: "t=<unix>,v1=<hex HMAC-SHA256>".
func Sign(payload, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), payload)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func (s *Sandbox) noteAttempt(ctx context.Context, p *parcel, status int, failure string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	state, due := "delivered", int64(0)
	if failure != "" {
		state = "failed"
		if p.attempts < len(s.cfg.RetrySchedule) {
			state = "pending"
			due = time.Now().Add(s.cfg.RetrySchedule[p.attempts]).UnixMilli() // real time
		}
	}
	_, err := s.db.ExecContext(ctx, `UPDATE deliveries SET attempts=attempts+1, response=?, error=?, state=?, due=? WHERE seq=?`,
		status, failure, state, due, p.seq)
	if err != nil {
		return fmt.Errorf("note delivery %d: %w", p.seq, err)
	}
	return nil
}
