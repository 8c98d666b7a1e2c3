package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// standingColumns and standingJoins load a grant (g) with everything that it rests on.
const (
	standingColumns = `g.*,
		u.id IS NOT NULL AS user_found, COALESCE(u.email, '') AS email, u.email_verified_at AS email_verified_at,
		COALESCE(u.name, '') AS user_name, COALESCE(u.locale, '') AS locale, u.updated_at AS user_updated_at,
		u.disabled_at AS user_disabled_at,
		o.id IS NOT NULL AS org_found, COALESCE(o.slug, '') AS org_slug, COALESCE(o.name, '') AS org_name,
		o.suspended_at AS org_suspended_at,
		m.id IS NOT NULL AS member_found, COALESCE(m.role, '') AS role, m.removed_at AS membership_removed_at,
		s.id IS NOT NULL AS session_found,
		a.disabled_at AS app_disabled_at, ao.suspended_at AS app_org_suspended_at, a.access_token_seconds AS access_token_seconds`
	standingJoins = ` JOIN oidc_clients a ON a.client_id = g.client_id
		JOIN orgs ao ON ao.id = a.org_id
		LEFT JOIN users u ON u.id = g.user_id
		LEFT JOIN orgs o ON o.id = g.org_id
		LEFT JOIN memberships m ON m.org_id = g.org_id AND m.user_id = g.user_id
		LEFT JOIN sessions s ON s.id = g.session_id`
	heldColumns = `t.hash AS token_hash, t.id AS token_id, t.kind AS token_kind, t.scopes AS token_scopes,
		t.created_at AS token_created_at, t.expires_at AS token_expires_at, t.used_at AS token_used_at,
		t.revoked_at AS token_revoked_at, `
)

// CreateGrant saves a grant.
func (s *Provider) CreateGrant(ctx context.Context, g idp.Grant) error {
	err := db.Err("create grant", s.db.Conn(ctx).Create(&g).Error)
	if errors.Is(err, db.ErrForeignKey) {
		return fmt.Errorf("create grant: %w", idp.ErrAppNotFound)
	}
	return err
}

// RedeemCode marks the code as used by its client at now and tells whether this call was the first: of many
// at once exactly one is.
func (s *Provider) RedeemCode(ctx context.Context, codeHash, clientID string, now time.Time) (first bool, err error) {
	return s.changed(ctx, "redeem code", `UPDATE grants SET redeemed_at = ?
		WHERE code_hash = ? AND client_id = ? AND redeemed_at IS NULL AND code_expires_at > ? AND revoked_at IS NULL`,
		now.UTC(), codeHash, clientID, now.UTC())
}

// GrantByCode loads the grant of a code with what it rests on; [idp.ErrGrantNotFound].
func (s *Provider) GrantByCode(ctx context.Context, codeHash string) (idp.Standing, error) {
	return one[idp.Standing](s.db.Conn(ctx).Raw(`SELECT `+standingColumns+` FROM grants g`+standingJoins+
		` WHERE g.code_hash = ?`, codeHash), "load grant of code", idp.ErrGrantNotFound)
}

// Grant loads a grant by id with what it rests on; [idp.ErrGrantNotFound].
func (s *Provider) Grant(ctx context.Context, id string) (idp.Standing, error) {
	return one[idp.Standing](s.db.Conn(ctx).Raw(`SELECT `+standingColumns+` FROM grants g`+standingJoins+
		` WHERE g.id = ?`, id), "load grant", idp.ErrGrantNotFound)
}

// CreateTokens saves tokens in one statement.
func (s *Provider) CreateTokens(ctx context.Context, tokens ...idp.Token) error {
	return db.Err("create tokens", s.db.Conn(ctx).Create(&tokens).Error)
}

// RotateToken marks a living refresh token of the client as used at now and tells whether this call was the
// first: of many at once exactly one is.
func (s *Provider) RotateToken(ctx context.Context, hash, clientID string, now time.Time) (first bool, err error) {
	return s.changed(ctx, "rotate token", `UPDATE tokens SET used_at = ? WHERE hash = ? AND client_id = ? AND kind = ?
		AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?`, now.UTC(), hash, clientID, idp.TokenRefresh, now.UTC())
}

// Token loads a token with its grant and what that rests on; [idp.ErrGrantNotFound].
func (s *Provider) Token(ctx context.Context, hash string) (idp.Held, error) {
	return one[idp.Held](s.db.Conn(ctx).Raw(`SELECT `+heldColumns+standingColumns+
		` FROM tokens t JOIN grants g ON g.id = t.grant_id`+standingJoins+` WHERE t.hash = ?`, hash), "load token", idp.ErrGrantNotFound)
}

// RevokeToken ends one token alone.
func (s *Provider) RevokeToken(ctx context.Context, hash string, now time.Time) error {
	_, err := s.changed(ctx, "revoke token", "UPDATE tokens SET revoked_at = ? WHERE hash = ? AND revoked_at IS NULL", now.UTC(), hash)
	return err
}

// RevokeGrant ends a grant and with it every token of its family.
func (s *Provider) RevokeGrant(ctx context.Context, id string, now time.Time) error {
	_, err := s.changed(ctx, "revoke grant", "UPDATE grants SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now.UTC(), id)
	return err
}

// RevokeGrantsOfUser ends every grant of a user, as after a password change.
func (s *Provider) RevokeGrantsOfUser(ctx context.Context, userID string, now time.Time) error {
	_, err := s.changed(ctx, "revoke the user's grants",
		"UPDATE grants SET revoked_at = ? WHERE user_id = ? AND user_id <> '' AND revoked_at IS NULL", now.UTC(), userID)
	return err
}

// RevokeGrantsOfMember ends every grant in which the user acts for the org.
func (s *Provider) RevokeGrantsOfMember(ctx context.Context, orgID, userID string, now time.Time) error {
	_, err := s.changed(ctx, "revoke the member's grants",
		"UPDATE grants SET revoked_at = ? WHERE user_id = ? AND user_id <> '' AND org_id = ? AND revoked_at IS NULL", now.UTC(), userID, orgID)
	return err
}

// RevokeGrantsOfApp ends what the user has granted to one app, consent included.
func (s *Provider) RevokeGrantsOfApp(ctx context.Context, userID, clientID string, now time.Time) error {
	_, err := s.changed(ctx, "revoke the app's grants",
		"UPDATE grants SET revoked_at = ? WHERE user_id = ? AND user_id <> '' AND client_id = ? AND revoked_at IS NULL", now.UTC(), userID, clientID)
	if err != nil {
		return err
	}
	_, err = s.changed(ctx, "withdraw consent", "DELETE FROM consents WHERE user_id = ? AND client_id = ?", userID, clientID)
	return err
}
