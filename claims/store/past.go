package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// asOf names, in front of [loadSQL], what the live tables held at @at under the names of those tables: the newest
// state of each thing that had begun by then. What never changes is read where it lives.
const asOf = `
WITH billing_apps AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY client_id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_billing_apps h WHERE client_id = @client AND valid_from <= @at) h WHERE age = 1
), memberships AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_memberships h WHERE user_id = @user AND valid_from <= @at) h WHERE age = 1
), orgs AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_orgs h WHERE (personal_user_id = @user OR id IN (SELECT org_id FROM memberships)) AND valid_from <= @at) h WHERE age = 1
), bundle_apps AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY bundle_id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_bundle_apps h WHERE client_id = @client AND valid_from <= @at) h WHERE age = 1 AND NOT gone
), plans AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_plans h WHERE valid_from <= @at AND id IN (SELECT o.id FROM past_plans o WHERE (o.scope_kind = 'app' AND o.scope_id = @client)
			OR (o.scope_kind = 'bundle' AND o.scope_id IN (SELECT bundle_id FROM bundle_apps)))) h WHERE age = 1 AND NOT gone
), subscriptions AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_subscriptions h WHERE org_id IN (SELECT id FROM orgs) AND valid_from <= @at) h WHERE age = 1
), app_entitlement_overrides AS (
	SELECT * FROM (SELECT h.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY valid_from DESC, seq DESC) AS age
		FROM past_comps h WHERE user_id = @user AND client_id = @client AND valid_from <= @at) h WHERE age = 1
), app AS`

// pastSQL is loadSQL over the state of a moment. It lets through what loadSQL leaves out (comps that were taken
// back, subscriptions that lost their place or are of the other mode), and says so in the last column. That a grace was
// held while an account was not heard of is not kept: it shows as over.
func pastSQL() string {
	return strings.NewReplacer(
		"\nWITH app AS", asOf,
		"@plan_features", "p.features",
		"app.enabled\nFROM app\nCROSS", "app.enabled, CASE WHEN NOT s.holds THEN 'not_holding' WHEN s.livemode <> app.livemode THEN 'other_mode' ELSE '' END AS left_out\nFROM app\nCROSS",
		"\n\tAND s.livemode = app.livemode AND s.holds", "",
		" AND c.ended_at IS NULL", "",
		"fd.stale_since", "CAST(NULL AS TIMESTAMPTZ)", "\nLEFT JOIN stripe_feeds fd ON fd.account = s.account AND fd.livemode = s.livemode", "",
		"'', FALSE\nFROM", "'', FALSE, ''\nFROM",
		"o.id, FALSE\nFROM", "o.id, FALSE, ''\nFROM",
		"'', app.enabled\nFROM app", "'', app.enabled, ''\nFROM app",
	).Replace(loadSQL)
}

// Explain answers the claim of a user who acts for an org in an app as it was at a moment, from the history, with
// everything that led to it. The rule is the claim's own.
func (s *Store) Explain(ctx context.Context, userID, orgID, clientID string, at time.Time) (claims.Explanation, error) {
	began, err := s.historyBegan(ctx)
	if err != nil {
		return claims.Explanation{}, err
	}
	in := claims.Input{HasUser: userID != "", ClientID: clientID, Now: at}
	out := claims.Explanation{Input: in, BeganAt: began, Known: began == nil || !at.Before(*began), OrgNames: map[string]string{}}
	if !out.Known {
		return out, nil
	}
	var rows []loadRow
	err = s.db.Conn(ctx).Raw(s.pastSQL, sql.Named("user", userID), sql.Named("org", orgID), sql.Named("client", clientID),
		sql.Named("last", claims.PositionLast), sql.Named("at", at.UTC())).Scan(&rows).Error
	if err != nil {
		return out, db.Err(fmt.Sprintf("load past of %s in %s", userID, clientID), err)
	}
	var others []loadRow
	for _, row := range rows {
		switch {
		case row.Kind == kindApp:
			in.BillingEnabled = row.Enabled
		case row.LeftOut != "":
			others = append(others, row)
		default:
			in.Sources = append(in.Sources, row.source())
		}
	}
	out.Input, out.Result = in, claims.Assemble(in)
	for _, row := range others {
		out.Decide(row.source(), row.LeftOut)
	}
	return out, s.nameOrgs(ctx, &out)
}

// historyBegan answers nil where everything was recorded from the start.
func (s *Store) historyBegan(ctx context.Context) (*time.Time, error) {
	var rows []struct{ BeganAt time.Time }
	if err := s.db.Conn(ctx).Raw("SELECT began_at FROM claim_history").Scan(&rows).Error; err != nil {
		return nil, db.Err("read beginning of history", err)
	}
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // no beginning is no error
	}
	return utc(&rows[0].BeganAt), nil
}

func (s *Store) nameOrgs(ctx context.Context, e *claims.Explanation) error {
	ids := []string{""}
	for _, d := range e.Explained {
		ids = append(ids, d.OrgID)
	}
	var rows []struct{ ID, Name string }
	if err := s.db.Conn(ctx).Raw("SELECT id, name FROM orgs WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return db.Err("name orgs", err)
	}
	for _, r := range rows {
		e.OrgNames[r.ID] = r.Name
	}
	return nil
}

// ActingOrgs lists the orgs, apart from the personal one, that bought the app or a bundle with it and of which the
// user is or was a member, and those that the user's grants in it acted for. Other orgs of the user are nobody's
// business there.
func (s *Store) ActingOrgs(ctx context.Context, userID, clientID string) ([]claims.Org, error) {
	var rows []claims.Org
	err := s.db.Conn(ctx).Raw(`SELECT o.id, o.name FROM orgs o WHERE o.personal_user_id IS NULL AND o.id IN (
		SELECT m.org_id FROM memberships m JOIN subscriptions s ON s.org_id = m.org_id WHERE m.user_id = @user AND (
			(s.scope_kind = 'app' AND s.scope_id = @client)
			OR (s.scope_kind = 'bundle' AND s.scope_id IN (SELECT bundle_id FROM bundle_apps WHERE client_id = @client)))
		UNION SELECT g.org_id FROM grants g WHERE g.user_id = @user AND g.client_id = @client
	) ORDER BY o.name, o.id`, map[string]any{"user": userID, "client": clientID}).Scan(&rows).Error
	return rows, db.Err("list acting orgs", err)
}
