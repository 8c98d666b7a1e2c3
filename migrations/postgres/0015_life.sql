-- +goose Up
-- How a change of plan is charged, by the owner's choice for the app.
ALTER TABLE billing_apps ADD COLUMN change_mode TEXT NOT NULL DEFAULT 'create_prorations';

-- What a buyer wished for a subscription; each row is the idempotency key of its call.
CREATE TABLE subscription_changes (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL DEFAULT '',
    actor_id TEXT NOT NULL DEFAULT '',
    from_price_id TEXT NOT NULL DEFAULT '',
    to_price_id TEXT NOT NULL DEFAULT '',
    quoted BIGINT NOT NULL DEFAULT 0,
    currency TEXT NOT NULL DEFAULT '',
    quantity BIGINT NOT NULL DEFAULT 0,
    mode TEXT NOT NULL DEFAULT '',
    proration_date TIMESTAMPTZ,
    due_at TIMESTAMPTZ,
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    attempt BIGINT NOT NULL DEFAULT 0,
    done_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX subscription_changes_open ON subscription_changes (subscription_id) WHERE status = 'pending';
CREATE INDEX subscription_changes_org ON subscription_changes (org_id, id);

-- What an org was told of a subscription, once for each step of each occasion.
CREATE TABLE life_notices (
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    step TEXT NOT NULL,
    occasion TEXT NOT NULL,
    told_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (subscription_id, step, occasion)
);

-- +goose Down
DROP TABLE life_notices;
DROP TABLE subscription_changes;
ALTER TABLE billing_apps DROP COLUMN change_mode;
