package store

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// DirectoryFilter chooses a page of an app's people, in the order of their addresses.
type DirectoryFilter struct {
	ClientID string
	// Search is a part of the address or name; "" finds everybody.
	Search string
	// AfterID is the user that the page goes on behind, "" for the first page; one who is not in the directory
	// begins it anew.
	AfterID string
	Limit   int
}

// Directory answers a page of an app's people with what each holds in it at now: two statements, whatever the
// size of the app, the first along an index that holds all it needs.
func (s *Store) Directory(ctx context.Context, f DirectoryFilter, now time.Time) ([]claims.AppUser, error) {
	args := map[string]any{"client": f.ClientID, "after": f.AfterID, "limit": f.Limit}
	var users []claims.AppUser
	err := s.db.Conn(ctx).Raw(`SELECT d.user_id, u.email, d.name, u.disabled_at IS NOT NULL AS disabled FROM (
			SELECT user_id, email_normal, name FROM app_users WHERE client_id = @client AND email_normal > COALESCE(
				(SELECT a.email_normal FROM app_users a WHERE a.client_id = @client AND a.user_id = @after), '')
			`+s.searching(f.Search, args)+` ORDER BY email_normal LIMIT @limit
		) d JOIN users u ON u.id = d.user_id ORDER BY d.email_normal`, args).Scan(&users).Error
	if err != nil {
		return nil, db.Err("list people of "+f.ClientID, err)
	}
	return users, s.fillHoldings(ctx, f.ClientID, users, now)
}

// searching is the condition of a search. An engine folds the case of ASCII alone, so the usual spellings of
// other letters are tried beside each other.
func (s *Store) searching(typed string, args map[string]any) string {
	if typed == "" {
		return ""
	}
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(typed))
	var spellings []string
	for _, spelling := range []string{escaped, strings.ToUpper(escaped), capital(escaped)} {
		if !slices.Contains(spellings, spelling) {
			spellings = append(spellings, spelling)
		}
	}
	like := " LIKE @"
	if s.db.Dialect() == db.Postgres {
		like = " ILIKE @"
	}
	conditions := []string{"email_normal" + like + `q0 ESCAPE '\'`}
	for i, spelling := range spellings {
		name := "q" + string(rune('0'+i))
		args[name] = "%" + spelling + "%"
		conditions = append(conditions, "name"+like+name+` ESCAPE '\'`)
	}
	return "AND (" + strings.Join(conditions, " OR ") + ")"
}

// capital begins every word with a capital letter.
func capital(s string) string {
	first := true
	return strings.Map(func(r rune) rune {
		if first {
			r = unicode.ToUpper(r)
		}
		first = !unicode.IsLetter(r)
		return r
	}, s)
}

// InDirectory tells whether a person is in an app's directory.
func (s *Store) InDirectory(ctx context.Context, clientID, userID string) (bool, error) {
	var n int64
	err := s.db.Conn(ctx).Raw("SELECT COUNT(*) FROM app_users WHERE client_id = ? AND user_id = ?", clientID, userID).Scan(&n).Error
	return n > 0, db.Err("look into directory", err)
}

// AppUser answers one person of an app's directory with what they hold; ok is false for anybody else.
func (s *Store) AppUser(ctx context.Context, clientID, userID string, now time.Time) (user claims.AppUser, ok bool, err error) {
	var users []claims.AppUser
	err = s.db.Conn(ctx).Raw(`SELECT d.user_id, u.email, d.name, u.disabled_at IS NOT NULL AS disabled
		FROM app_users d JOIN users u ON u.id = d.user_id WHERE d.client_id = ? AND d.user_id = ?`, clientID, userID).Scan(&users).Error
	if err != nil || len(users) == 0 {
		return claims.AppUser{}, false, db.Err("find person of "+clientID, err)
	}
	err = s.fillHoldings(ctx, clientID, users, now)
	return users[0], err == nil, err
}

// holdingsSQL is [loadSQL] for several people at once, in whatever org they are.
//
//nolint:dupword // columns that a branch does not have are NULL one after another
const holdingsSQL = `
WITH app AS (
	SELECT livemode FROM billing_apps WHERE client_id = @client AND enabled
), scopes AS (
	SELECT 'app' AS kind, CAST(@client AS TEXT) AS id, '' AS bundle
	UNION ALL
	SELECT 'bundle', b.id, b.slug FROM bundle_apps ba JOIN app_bundles b ON b.id = ba.bundle_id
	WHERE ba.client_id = @client
)
SELECT m.user_id, o.name AS org_name, o.personal_user_id IS NOT NULL AS personal,
	'subscription' AS kind, s.id, s.status AS stripe_status,
	p.slug AS plan_slug, p.name AS plan_name, p.position AS plan_position, @plan_features AS features,
	sc.bundle, s.recurring, s.current_period_end, s.trial_end, s.cancel_at, s.cancel_at_period_end,
	s.ended_at, s.expires_at, s.oldest_unpaid_at, p.grace_days, fd.stale_since, s.quantity, pr.per_seat, s.org_id,
	FALSE AS enabled
FROM memberships m
CROSS JOIN app
CROSS JOIN scopes sc
CROSS JOIN orgs o
CROSS JOIN subscriptions s
JOIN plans p ON p.id = s.plan_id AND p.scope_kind = sc.kind AND p.scope_id = sc.id
JOIN membership_prices pr ON pr.id = s.price_id
LEFT JOIN stripe_feeds fd ON fd.account = s.account AND fd.livemode = s.livemode
WHERE m.user_id IN @users AND m.removed_at IS NULL AND o.id = m.org_id AND o.suspended_at IS NULL
	AND s.org_id = m.org_id AND s.scope_kind = sc.kind AND s.scope_id = sc.id AND s.livemode = app.livemode AND s.holds
UNION ALL
SELECT c.user_id, '', FALSE, 'comp', c.id, '', c.plan_slug, c.plan_name, @last, c.features,
	'', FALSE, NULL, NULL, NULL, FALSE,
	c.ended_at, c.expires_at, NULL, 0, NULL, 0, FALSE, '', FALSE
FROM app_entitlement_overrides c
WHERE c.user_id IN @users AND c.client_id = @client AND c.ended_at IS NULL
UNION ALL
SELECT m.user_id, o.name, FALSE, 'grant', m.id, '', '', '', @last, '[]',
	'', FALSE, NULL, NULL, NULL, FALSE,
	NULL, NULL, NULL, 0, NULL, 0, FALSE, o.id, FALSE
FROM memberships m
JOIN orgs o ON o.id = m.org_id AND o.platform_owner AND o.suspended_at IS NULL
JOIN oidc_clients a ON a.org_id = o.id AND a.client_id = @client
WHERE m.user_id IN @users AND m.removed_at IS NULL`

// fillHoldings puts what the people hold beside them, judged by the rule of the claim.
func (s *Store) fillHoldings(ctx context.Context, clientID string, users []claims.AppUser, now time.Time) error {
	if len(users) == 0 {
		return nil
	}
	ids, at := make([]string, len(users)), make(map[string]int, len(users))
	for i, u := range users {
		ids[i], at[u.UserID] = u.UserID, i
	}
	var rows []loadRow
	query := strings.ReplaceAll(holdingsSQL, "@plan_features", featuresSQL[s.db.Dialect()])
	err := s.db.Conn(ctx).Raw(query, map[string]any{"client": clientID, "users": ids, "last": claims.PositionLast}).Scan(&rows).Error
	if err != nil {
		return db.Err("load holdings in "+clientID, err)
	}
	for _, row := range rows {
		src := row.source()
		if plan, ok := claims.Hold(src, clientID, now); ok {
			u := &users[at[row.UserID]]
			u.Holdings = append(u.Holdings, claims.Holding{Source: src, Plan: plan, OrgName: row.OrgName, Personal: row.Personal})
		}
	}
	for _, u := range users {
		slices.SortFunc(u.Holdings, func(a, b claims.Holding) int {
			return -strings.Compare(string(a.Source.Kind)+a.Source.ID, string(b.Source.Kind)+b.Source.ID)
		})
	}
	return nil
}
