package idp_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/ratelimit"
)

// house is the services over one fresh database, with stand-ins that remember what they were told.
type house struct {
	*idp.Service
	db      *db.DB
	store   *store.Store
	clock   *clock
	mail    *letters
	revoked *revocations
	seats   *seatCounter
	proven  *proven
	log     *audit.Log
}

func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, setupWith(t, d, db.NewVersions(d))) })
}

func setupWith(t *testing.T, d *db.DB, versions *db.Versions) *house {
	t.Helper()
	h := &house{
		db: d, store: store.New(d, versions), clock: &clock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)},
		mail: &letters{}, revoked: &revocations{}, seats: &seatCounter{db: d}, proven: &proven{},
	}
	h.log = audit.NewLog(d, h.clock.now)
	h.Service = idp.New(idp.Deps{
		Store: h.store, Tx: d, Now: h.clock.now, Passwords: plainPasswords{}, Mail: h.mail, Issuer: &url.URL{Scheme: "https", Host: "id.test"}, Audit: h.log,
		Revoker: h.revoked, Seats: h.seats, Verified: h.proven, Limits: ratelimit.New(d, h.clock.now),
	})
	return h
}

func (h *house) user(t *testing.T, email string) idp.User {
	t.Helper()
	u, _, err := h.CreateUser(t.Context(), idp.CreateUser{Email: email, Name: "Somebody", Password: "correct horse"})
	if err != nil {
		t.Fatalf("create user %s: %v", email, err)
	}
	return u
}

// verified is a person whose address is proven.
func (h *house) verified(t *testing.T, email string) idp.User {
	t.Helper()
	u, _, err := h.CreateUser(t.Context(), idp.CreateUser{Email: email, Name: "Ann Smith", Password: "correct horse", Verified: true})
	if err != nil {
		t.Fatalf("create user %s: %v", email, err)
	}
	return u
}

// invite sends an invitation and answers it with the token in its mail.
func (h *house) invite(t *testing.T, org idp.Org, by idp.User, email, role string) (idp.Invitation, string) {
	t.Helper()
	inv, err := h.Invite(t.Context(), idp.Invite{OrgID: org.ID, InviterID: by.ID, Email: email, Role: role})
	if err != nil {
		t.Fatalf("invite %s: %v", email, err)
	}
	_, token := h.mail.last(t, mail.Invitation)
	return inv, token
}

func (h *house) org(t *testing.T, slug string) (idp.Org, idp.User) {
	t.Helper()
	owner := h.user(t, "owner@"+slug+".test")
	o, err := h.CreateOrg(t.Context(), idp.CreateOrg{Slug: slug, Name: strings.ToUpper(slug), OwnerUserID: owner.ID})
	if err != nil {
		t.Fatalf("create org %s: %v", slug, err)
	}
	return o, owner
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// plainPasswords is fast; internal/secret tests the true one.
type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, p string) (string, error) { return "plain:" + p, nil }

func (plainPasswords) Verify(_ context.Context, p, hash string) (ok, rehash bool, err error) {
	old := hash == "old:"+p
	return old || hash == "plain:"+p, old, nil
}

type letters struct {
	mu   sync.Mutex
	sent []mail.Message
}

func (l *letters) Send(_ context.Context, m mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, m)
	return nil
}

// last answers the newest letter of a template and the token in its link.
func (l *letters) last(t *testing.T, template mail.Template) (m mail.Message, token string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range slices.Backward(l.sent) {
		if m.Template == template {
			link, _ := m.Data["Link"].(string)
			return m, link[strings.LastIndexByte(link, '/')+1:]
		}
	}
	t.Fatalf("no letter %s among %d", template, len(l.sent))
	return m, ""
}

func (l *letters) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent)
}

type revocations struct{ calls []string }

func (r *revocations) EndSessions(_ context.Context, userID, except string) error {
	r.calls = append(r.calls, "sessions "+userID+" but "+except)
	return nil
}

func (r *revocations) RevokeGrants(_ context.Context, userID string) error {
	r.calls = append(r.calls, "grants "+userID)
	return nil
}

func (r *revocations) LeaveOrg(_ context.Context, orgID, userID string) error {
	r.calls = append(r.calls, "org "+orgID+" "+userID)
	return nil
}

// seatCounter counts in the transaction of the change, as billing does; cap 0 is none.
type seatCounter struct {
	mu      sync.Mutex
	db      *db.DB
	cap     int64
	changed []string
	asked   []int64
}

func (s *seatCounter) MembersChanged(_ context.Context, orgID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = append(s.changed, orgID)
	return nil
}

func (s *seatCounter) CheckAdd(ctx context.Context, orgID string, seats int64) error {
	s.mu.Lock()
	s.asked = append(s.asked, seats)
	s.mu.Unlock()
	var members int64
	err := s.db.Conn(ctx).Raw("SELECT count(*) FROM memberships WHERE org_id = ? AND removed_at IS NULL", orgID).Scan(&members).Error
	if err != nil {
		return err
	}
	if seats <= members {
		return fmt.Errorf("asked for %d seats, %d members", seats, members)
	}
	if s.cap > 0 && seats > s.cap {
		return &idp.SeatCapError{Cap: s.cap, Reason: "org_seats"}
	}
	return nil
}

// proven remembers whose addresses were proven.
type proven struct{ told []string }

func (p *proven) AddressVerified(_ context.Context, userID, emailNormal string) error {
	p.told = append(p.told, userID+" "+emailNormal)
	return nil
}
