package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// sessionStore keeps sessions in the table of that name. It is gorilla's Store: the cookie holds a random
// value only, the table its SHA-256, so that a read of the database opens no session.
type sessionStore struct {
	db     *db.DB
	now    func() time.Time
	secure bool
}

type sessionRow struct {
	IDHash     string `gorm:"primaryKey"`
	ID         string
	UserID     string
	OrgID      string
	AuthTime   *time.Time
	Data       string
	IP         string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// TableName names the table.
func (*sessionRow) TableName() string { return "sessions" }

// sessionData is the JSON of the data column.
type sessionData struct {
	AMR    []string          `json:"amr,omitempty"`
	Values map[string]string `json:"values,omitempty"`
	Flash  *Flash            `json:"flash,omitempty"`
}

const (
	sessionCookie = "wolfieauth"
	sessionValue  = "session"
)

func (s *sessionStore) cookieName() string {
	return cookie(s.secure, sessionCookie, "", 0).Name
}

// Get answers the session of r from gorilla's registry, reading it once.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session that the cookie of r names. A cookie that names none is ignored and never adopted:
// the next save makes a value of its own.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := sessions.NewSession(s, name)
	gs.Options = &sessions.Options{Path: "/", MaxAge: int(sessionAbsolute.Seconds()), Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	gs.IsNew = true
	own := &Session{}
	gs.Values[sessionValue] = own
	c, err := r.Cookie(name)
	if err != nil || c.Value == "" {
		return gs, nil //nolint:nilerr // no cookie is an anonymous visitor
	}
	found, err := s.read(r.Context(), c.Value)
	if err != nil {
		return gs, err
	}
	if found != nil {
		*own, gs.ID, gs.IsNew = *found, found.ID, false
	}
	return gs, nil
}

// Save updates the row of gs, or deletes it when MaxAge is negative.
func (s *sessionStore) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	own := typed(gs)
	if gs.Options.MaxAge < 0 {
		if own.secret != "" {
			if err := s.delete(r.Context(), own.secret); err != nil {
				return err
			}
		}
		if _, err := r.Cookie(gs.Name()); err == nil {
			http.SetCookie(w, cookie(s.secure, sessionCookie, "", -1))
		}
		return nil
	}
	return s.update(r.Context(), own)
}

func typed(gs *sessions.Session) *Session { return gs.Values[sessionValue].(*Session) }

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// read answers the living session of secret, nil when there is none, in one statement (and a second, at most
// once a minute, that moves last_seen_at).
func (s *sessionStore) read(ctx context.Context, secret string) (*Session, error) {
	now := s.now().UTC()
	var rows []sessionRow
	err := s.db.Conn(ctx).Where("id_hash = ? AND expires_at > ?", hashOf(secret), now).Limit(1).Find(&rows).Error
	if err != nil {
		return nil, db.Err("read session", err)
	}
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // an unknown cookie is an anonymous visitor
	}
	own, err := rows[0].session()
	if err != nil {
		return nil, err
	}
	own.secret = secret
	if now.Sub(own.LastSeenAt) >= seenEvery {
		own.LastSeenAt, own.ExpiresAt = now, expiry(own.CreatedAt, now)
		err := s.db.Conn(ctx).Model(&sessionRow{}).Where("id_hash = ?", rows[0].IDHash).
			Updates(map[string]any{"last_seen_at": own.LastSeenAt, "expires_at": own.ExpiresAt}).Error
		if err != nil {
			return nil, db.Err("touch session", err)
		}
	}
	return own, nil
}

func (s *sessionStore) insert(ctx context.Context, own *Session) error {
	row, err := own.row()
	if err != nil {
		return err
	}
	return db.Err("store session", s.db.Conn(ctx).Create(row).Error)
}

// rotate replaces the session of the old secret (or none) by own.
func (s *sessionStore) rotate(ctx context.Context, old string, own *Session) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if old != "" {
			if err := s.delete(ctx, old); err != nil {
				return err
			}
		}
		return s.insert(ctx, own)
	})
}

func (s *sessionStore) update(ctx context.Context, own *Session) error {
	row, err := own.row()
	if err != nil {
		return err
	}
	res := s.db.Conn(ctx).Model(&sessionRow{}).Where("id_hash = ?", row.IDHash).
		Updates(map[string]any{"org_id": row.OrgID, "data": row.Data})
	if res.Error != nil {
		return db.Err("save session", res.Error)
	}
	if res.RowsAffected == 0 {
		return fmt.Errorf("save session %s: %w", own.ID, ErrSessionEnded)
	}
	return nil
}

func (s *sessionStore) delete(ctx context.Context, secret string) error {
	return db.Err("delete session", s.db.Conn(ctx).Where("id_hash = ?", hashOf(secret)).Delete(&sessionRow{}).Error)
}

// revoke deletes userID's session id, or all of theirs but except when id is empty.
func (s *sessionStore) revoke(ctx context.Context, userID, id, except string) error {
	q := s.db.Conn(ctx).Where("user_id = ?", userID)
	if id != "" {
		q = q.Where("id = ?", id)
	}
	if except != "" {
		q = q.Where("id <> ?", except)
	}
	if userID == "" {
		return fmt.Errorf("revoke sessions: %w", db.ErrNotFound) // the anonymous have no user to name
	}
	return db.Err("revoke sessions", q.Delete(&sessionRow{}).Error)
}

func (s *sessionStore) move(ctx context.Context, userID, from, to string) error {
	if userID == "" || from == "" {
		return fmt.Errorf("move sessions: %w", db.ErrNotFound) // neither the anonymous nor the undecided have an org to leave
	}
	return db.Err("move sessions", s.db.Conn(ctx).Model(&sessionRow{}).
		Where("user_id = ? AND org_id = ?", userID, from).Update("org_id", to).Error)
}

func (s *sessionStore) list(ctx context.Context, userID string) ([]Session, error) {
	var rows []sessionRow
	err := s.db.Conn(ctx).Where("user_id = ? AND user_id <> '' AND expires_at > ?", userID, s.now().UTC()).
		Order("last_seen_at DESC, id").Find(&rows).Error
	if err != nil {
		return nil, db.Err("list sessions", err)
	}
	out := make([]Session, 0, len(rows))
	for i := range rows {
		own, err := rows[i].session()
		if err != nil {
			return nil, err
		}
		out = append(out, *own)
	}
	return out, nil
}

func (s *sessionStore) prune(ctx context.Context) (int64, error) {
	res := s.db.Conn(ctx).Where("expires_at <= ?", s.now().UTC()).Delete(&sessionRow{})
	return res.RowsAffected, db.Err("prune sessions", res.Error)
}

func (s *sessionStore) writeCookie(w http.ResponseWriter, secret string) {
	http.SetCookie(w, cookie(s.secure, sessionCookie, secret, int(sessionAbsolute.Seconds())))
}

func (r *sessionRow) session() (*Session, error) {
	var data sessionData
	if err := json.Unmarshal([]byte(r.Data), &data); err != nil {
		return nil, fmt.Errorf("read session %s: %w", r.ID, err)
	}
	own := &Session{
		ID: r.ID, UserID: r.UserID, OrgID: r.OrgID, AMR: data.AMR, Values: data.Values, Flash: data.Flash,
		CreatedAt: r.CreatedAt.UTC(), LastSeenAt: r.LastSeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), IP: r.IP, UserAgent: r.UserAgent,
	}
	if r.AuthTime != nil {
		own.AuthTime = r.AuthTime.UTC()
	}
	return own, nil
}

func (s *Session) row() (*sessionRow, error) {
	data, err := json.Marshal(sessionData{AMR: s.AMR, Values: s.Values, Flash: s.Flash})
	if err != nil {
		return nil, fmt.Errorf("write session %s: %w", s.ID, err)
	}
	row := &sessionRow{
		IDHash: hashOf(s.secret), ID: s.ID, UserID: s.UserID, OrgID: s.OrgID, Data: clean(string(data), len(data)),
		IP: s.IP, UserAgent: s.UserAgent, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
	}
	if !s.AuthTime.IsZero() {
		row.AuthTime = &s.AuthTime
	}
	return row, nil
}
