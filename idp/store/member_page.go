package store

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// MemberPage implements [idp.MemberLists]. The cursor counts among the org's own members only, so that it tells
// nothing of anybody else.
func (s *Store) MemberPage(ctx context.Context, f idp.MemberFilter) (members []idp.Member, err error) {
	q := s.db.Conn(ctx).Table("memberships").
		Select("memberships.*, users.email AS email, users.name AS name").
		Joins("JOIN users ON users.id = memberships.user_id").
		Where("memberships.org_id = ?", f.OrgID)
	if f.Removed {
		q = q.Where("memberships.removed_at IS NOT NULL")
	} else {
		q = q.Where("memberships.removed_at IS NULL")
	}
	if f.After != "" {
		q = q.Where(`users.email_normal > (SELECT u.email_normal FROM users u JOIN memberships m ON m.user_id = u.id
			WHERE u.id = ? AND m.org_id = ?)`, text(f.After), f.OrgID)
	}
	if f.Search != "" {
		q = q.Where("(users.email_normal LIKE ? ESCAPE '\\' OR users.name LIKE ? ESCAPE '\\' OR users.name LIKE ? ESCAPE '\\' OR LOWER(users.name) LIKE ? ESCAPE '\\')",
			contains(f.Search), like(f.Search), like(titled(f.Search)), contains(f.Search))
	}
	err = q.Order("users.email_normal").Limit(f.Limit).Scan(&members).Error
	return members, db.Err("list members", err)
}

// CountOwners implements [idp.MemberLists].
func (s *Store) CountOwners(ctx context.Context, orgID string) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&idp.Membership{}).Where("org_id = ? AND role = 'owner' AND removed_at IS NULL", orgID).Count(&n).Error
	return n, db.Err("count owners", err)
}

// contains is the pattern of text that holds s, in lower case as normal addresses are.
func contains(s string) string { return like(strings.ToLower(s)) }

func like(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// titled writes each word with a capital: SQLite folds the case of ASCII alone, and "łukasz" must find Łukasz.
func titled(s string) string { return cases.Title(language.Und).String(s) }

// text is a value from outside made fit to be compared: PostgreSQL refuses what is no UTF-8, or holds a zero.
func text(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
