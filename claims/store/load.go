package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// loadSQL answers one row of kind "app" with the app's billing settings, if it
// has any, and one row for each candidate source.
//
//   - buyers are the personal org of the user, and the org that the grant acts
//     for as long as the user is an active member of it.
//   - scopes are the app itself and every bundle that holds it.
//   - A subscription counts in the app's current mode only, and only while it
//     holds its place: a second payment that is being given back does not.
//   - A comp takes the position of the app's plan of the same slug.
//   - The owner's grant goes by the flag on the org's row and the org's id on
//     the app's, never by a name.
//
// The first branch gives the columns their types, on either engine. Its cross
// joins make SQLite go to the subscriptions last, by the index of those that
// hold, so that an org's history costs nothing.
//
//nolint:dupword // columns that a branch does not have are NULL one after another
const loadSQL = `
WITH app AS (
	SELECT enabled, livemode FROM billing_apps WHERE client_id = @client
), buyers AS (
	SELECT id FROM orgs WHERE personal_user_id = @user AND suspended_at IS NULL
	UNION
	SELECT o.id FROM memberships m JOIN orgs o ON o.id = m.org_id
	WHERE m.org_id = @org AND m.user_id = @user AND m.removed_at IS NULL AND o.suspended_at IS NULL
), scopes AS (
	SELECT 'app' AS kind, CAST(@client AS TEXT) AS id, '' AS bundle
	UNION ALL
	SELECT 'bundle', b.id, b.slug FROM bundle_apps ba JOIN app_bundles b ON b.id = ba.bundle_id
	WHERE ba.client_id = @client
)
SELECT 'subscription' AS kind, s.id, s.status AS stripe_status,
	p.slug AS plan_slug, p.name AS plan_name, p.position AS plan_position, @plan_features AS features,
	sc.bundle, s.recurring, s.current_period_end, s.trial_end, s.cancel_at, s.cancel_at_period_end,
	s.ended_at, s.expires_at, s.oldest_unpaid_at, p.grace_days, fd.stale_since, s.quantity, pr.per_seat, s.org_id,
	app.enabled
FROM app
CROSS JOIN buyers
CROSS JOIN scopes sc
CROSS JOIN subscriptions s
JOIN plans p ON p.id = s.plan_id AND p.scope_kind = sc.kind AND p.scope_id = sc.id
JOIN membership_prices pr ON pr.id = s.price_id
LEFT JOIN stripe_feeds fd ON fd.account = s.account AND fd.livemode = s.livemode
WHERE s.org_id = buyers.id AND s.scope_kind = sc.kind AND s.scope_id = sc.id
	AND s.livemode = app.livemode AND s.holds
UNION ALL
SELECT 'comp', c.id, '', c.plan_slug, c.plan_name, COALESCE(p.position, @last), c.features,
	'', FALSE, NULL, NULL, NULL, FALSE,
	c.ended_at, c.expires_at, NULL, 0, NULL, 0, FALSE, '', FALSE
FROM app_entitlement_overrides c
LEFT JOIN plans p ON p.scope_kind = 'app' AND p.scope_id = c.client_id AND p.slug = c.plan_slug
WHERE c.user_id = @user AND c.client_id = @client AND c.ended_at IS NULL
UNION ALL
SELECT 'grant', m.id, '', '', '', @last, '[]',
	'', FALSE, NULL, NULL, NULL, FALSE,
	NULL, NULL, NULL, 0, NULL, 0, FALSE, o.id, FALSE
FROM orgs o
JOIN oidc_clients a ON a.org_id = o.id AND a.client_id = @client
JOIN memberships m ON m.org_id = o.id AND m.user_id = @user AND m.removed_at IS NULL
WHERE o.platform_owner AND o.suspended_at IS NULL
UNION ALL
SELECT 'app', '', '', '', '', 0, '[]',
	'', FALSE, NULL, NULL, NULL, FALSE,
	NULL, NULL, NULL, 0, NULL, 0, FALSE, '', app.enabled
FROM app`

const kindApp = "app"

// featuresSQL gathers a plan's feature keys into JSON text, so that a plan is
// one row however many it has. The rule sorts them.
var featuresSQL = map[db.Dialect]string{
	db.SQLite: `(SELECT json_group_array(f.key) FROM plan_features pf JOIN features f ON f.id = pf.feature_id
		WHERE pf.plan_id = p.id)`,
	db.Postgres: `(SELECT CAST(COALESCE(json_agg(f.key), '[]') AS TEXT) FROM plan_features pf JOIN features f ON f.id = pf.feature_id
		WHERE pf.plan_id = p.id)`,
}

// loadRow is a row of loadSQL. Its names are those of [claims.Source].
type loadRow struct {
	Kind              string
	ID                string
	StripeStatus      string
	PlanSlug          string
	PlanName          string
	PlanPosition      int
	Features          claims.FeatureList
	Bundle            string
	Recurring         bool
	CurrentPeriodEnd  *time.Time
	TrialEnd          *time.Time
	CancelAt          *time.Time
	CancelAtPeriodEnd bool
	EndedAt           *time.Time
	ExpiresAt         *time.Time
	OldestUnpaidAt    *time.Time
	GraceDays         int
	Quantity          int64
	PerSeat           bool
	OrgID             string
	Enabled           bool
	StaleSince        *time.Time // when the events of its account ceased to reach us

	LeftOut  claims.Reason // only in the past: why the claim's own statement leaves it out
	UserID   string        // only in a directory, with the org's name and whether it is personal
	OrgName  string
	Personal bool
}

// Load answers the input of [claims.Assemble] for a user who acts for an org in
// an app, with one statement. userID is "" when nobody is behind the token,
// orgID is "" when the grant acts for no org. An app that does not exist, or
// whose billing was never set up, has billing disabled. The error may wrap
// [db.ErrUnavailable].
func (s *Store) Load(ctx context.Context, userID, orgID, clientID string, now time.Time) (claims.Input, error) {
	in := claims.Input{HasUser: userID != "", ClientID: clientID, Now: now}
	var rows []loadRow
	err := s.db.Conn(ctx).Raw(s.loadSQL,
		sql.Named("user", userID), sql.Named("org", orgID), sql.Named("client", clientID), sql.Named("last", claims.PositionLast),
	).Scan(&rows).Error
	if err != nil {
		return claims.Input{}, db.Err(fmt.Sprintf("load plans of %s in %s", userID, clientID), err)
	}
	for _, row := range rows {
		if row.Kind == kindApp {
			in.BillingEnabled = row.Enabled
			continue
		}
		in.Sources = append(in.Sources, row.source())
	}
	return in, nil
}

func (r loadRow) source() claims.Source {
	return claims.Source{
		Kind:              claims.SourceKind(r.Kind),
		ID:                r.ID,
		StripeStatus:      r.StripeStatus,
		PlanSlug:          r.PlanSlug,
		PlanName:          r.PlanName,
		PlanPosition:      r.PlanPosition,
		Features:          r.Features,
		Bundle:            r.Bundle,
		Recurring:         r.Recurring,
		CurrentPeriodEnd:  utc(r.CurrentPeriodEnd),
		TrialEnd:          utc(r.TrialEnd),
		CancelAt:          utc(r.CancelAt),
		CancelAtPeriodEnd: r.CancelAtPeriodEnd,
		EndedAt:           utc(r.EndedAt),
		ExpiresAt:         utc(r.ExpiresAt),
		OldestUnpaidAt:    utc(r.unpaidSince()),
		GraceDays:         r.GraceDays,
		Quantity:          r.Quantity,
		PerSeat:           r.PerSeat,
		OrgID:             r.OrgID,
	}
}

// unpaidSince is nil, which holds the grace, where the account ceased to be heard of before the grace ended: the payment
// may have been made, and nobody is cut off because we were not listening. A grace that was over by then stays over.
func (r loadRow) unpaidSince() *time.Time {
	if r.StaleSince == nil || r.OldestUnpaidAt == nil {
		return r.OldestUnpaidAt
	}
	if end := r.OldestUnpaidAt.Add(time.Duration(r.GraceDays) * 24 * time.Hour); end.Before(*r.StaleSince) {
		return r.OldestUnpaidAt
	}
	return nil
}
