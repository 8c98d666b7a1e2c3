-- +goose Up
ALTER TABLE plan_stripe_products ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_stripe_products ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_stripe_products ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE plan_stripe_products ADD COLUMN telling TEXT NOT NULL DEFAULT '';
ALTER TABLE price_stripe_ids ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE plan_stripe_products SET
    name = (SELECT p.name FROM plans p WHERE p.id = plan_id),
    description = (SELECT p.description FROM plans p WHERE p.id = plan_id);

CREATE TABLE price_stripe_past (
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    stripe_price_id TEXT NOT NULL,
    price_id TEXT NOT NULL REFERENCES membership_prices (id),
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account, livemode, stripe_price_id)
);

CREATE TABLE catalog_sync_runs (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    finished_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX catalog_sync_runs_scope ON catalog_sync_runs (scope_kind, scope_id, created_at);

CREATE TABLE catalog_sync_items (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES catalog_sync_runs (id),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    price_id TEXT NOT NULL DEFAULT '',
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    stripe_id TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (run_id, position)
);

CREATE INDEX subscriptions_plan ON subscriptions (plan_id, price_id);
CREATE INDEX checkouts_plan ON checkouts (plan_id, price_id);

-- +goose Down
DROP INDEX checkouts_plan;
DROP INDEX subscriptions_plan;
DROP TABLE catalog_sync_items;
DROP TABLE catalog_sync_runs;
DROP TABLE price_stripe_past;
ALTER TABLE price_stripe_ids DROP COLUMN active;
ALTER TABLE plan_stripe_products DROP COLUMN telling;
ALTER TABLE plan_stripe_products DROP COLUMN active;
ALTER TABLE plan_stripe_products DROP COLUMN description;
ALTER TABLE plan_stripe_products DROP COLUMN name;
