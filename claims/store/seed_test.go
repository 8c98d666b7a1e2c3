package store_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

var noon = time.Date(2026, 12, 22, 12, 0, 0, 0, time.UTC)

func at(t time.Time) *time.Time { return &t }

type row = map[string]any

// bundle is one database with two sellers: acme owns the apps acme-crm and
// acme-mail, sold together as the bundle acme-suite; wolfie is the platform
// owner and owns wolfie-crm. ann is a member of the buying org buyco.
type bundle struct {
	t     *testing.T
	db    *db.DB
	store *store.Store
	count int
}

func setup(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	b := &bundle{t: t, db: d, store: store.New(d)}
	for _, user := range []string{"ann", "bob"} {
		b.insert("users", row{"id": user, "email": user, "email_normal": user})
		b.insert("orgs", row{"id": user + "-own", "slug": user + "-own", "name": user, "personal_user_id": user})
	}
	for _, org := range []string{"acme", "wolfie", "buyco"} {
		b.insert("orgs", row{"id": org, "slug": org, "name": org, "platform_owner": org == "wolfie"})
	}
	b.insert("memberships", row{"id": "ann-buyco", "org_id": "buyco", "user_id": "ann", "role": "owner"})
	b.app("acme", "acme-crm")
	b.app("acme", "acme-mail")
	b.app("wolfie", "wolfie-crm")
	b.bundleOf("acme-suite", "acme-crm", "acme-mail")
	return b
}

func (b *bundle) insert(table string, values row) {
	b.t.Helper()
	withTimes := row{"created_at": noon, "updated_at": noon}
	if table == "bundle_apps" || table == "plan_features" {
		withTimes = row{}
	}
	maps.Copy(withTimes, values)
	if err := b.db.Conn(b.t.Context()).Table(table).Create(withTimes).Error; err != nil {
		b.t.Fatalf("insert into %s: %v", table, err)
	}
}

func (b *bundle) exec(statement string, args ...any) {
	b.t.Helper()
	if err := b.db.Conn(b.t.Context()).Exec(statement, args...).Error; err != nil {
		b.t.Fatalf("%s: %v", statement, err)
	}
}

func (b *bundle) app(org, client string) {
	b.t.Helper()
	b.insert("oidc_clients", row{"client_id": client, "org_id": org, "slug": client, "name": client, "kind": "web", "auth_method": "none"})
	b.insert("billing_apps", row{"client_id": client, "org_id": org, "enabled": true})
}

func (b *bundle) bundleOf(slug string, clients ...string) {
	b.t.Helper()
	b.insert("app_bundles", row{"id": slug + "-id", "org_id": "acme", "slug": slug, "name": slug})
	for _, client := range clients {
		b.insert("bundle_apps", row{"bundle_id": slug + "-id", "client_id": client})
	}
}

// plan makes a plan with one price and answers its id. scope is a client id, or
// a bundle's slug.
func (b *bundle) plan(kind, scope, slug string, features ...string) string {
	b.t.Helper()
	if kind == "bundle" {
		scope += "-id"
	}
	id := scope + "/" + slug
	b.insert("plans", row{"id": id, "org_id": "acme", "scope_kind": kind, "scope_id": scope, "slug": slug, "name": "The " + slug, "position": 3, "grace_days": 5})
	b.insert("membership_prices", row{"id": id + "/price", "plan_id": id, "currency": "PLN", "billing_interval": "month", "per_seat": true})
	for _, key := range features {
		b.insert("features", row{"id": id + "/" + key, "scope_kind": kind, "scope_id": id, "key": key, "name": key})
		b.insert("plan_features", row{"plan_id": id, "feature_id": id + "/" + key})
	}
	return id
}

// subscribe sells a plan to an org; change may be nil.
func (b *bundle) subscribe(org, kind, scope, plan string, change row) string {
	b.t.Helper()
	if kind == "bundle" {
		scope += "-id"
	}
	b.count++
	id := fmt.Sprintf("sub-%03d", b.count)
	values := row{
		"id": id, "org_id": org, "client_id": "acme-crm", "scope_kind": kind, "scope_id": scope,
		"plan_id": plan, "price_id": plan + "/price", "account": "acct_1", "livemode": false, "stripe_id": "stripe-" + id,
		"recurring": true, "holds": true, "status": "active", "quantity": 2, "currency": "PLN", "billing_interval": "month",
		"stripe_created_at": noon,
	}
	maps.Copy(values, change)
	b.insert("subscriptions", values)
	return id
}

func (b *bundle) load(user, org, client string) claims.Input {
	b.t.Helper()
	return b.loadWith(b.t.Context(), user, org, client)
}

func (b *bundle) loadWith(ctx context.Context, user, org, client string) claims.Input {
	b.t.Helper()
	in, err := b.store.Load(ctx, user, org, client, noon)
	if err != nil {
		b.t.Fatal(err)
	}
	return in
}

func (b *bundle) comp(change func(*claims.Comp)) claims.Comp {
	b.t.Helper()
	c := claims.Comp{UserID: "ann", ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary", GivenBy: "admin", Reason: "founding customer"}
	if change != nil {
		change(&c)
	}
	if err := b.store.CreateComp(b.t.Context(), &c, noon); err != nil {
		b.t.Fatal(err)
	}
	return c
}

func ids(in claims.Input) map[string]claims.SourceKind {
	out := map[string]claims.SourceKind{}
	for _, s := range in.Sources {
		out[s.ID] = s.Kind
	}
	return out
}
