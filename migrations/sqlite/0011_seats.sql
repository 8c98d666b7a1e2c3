-- +goose Up
ALTER TABLE plans ADD COLUMN max_seats BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN item_id TEXT NOT NULL DEFAULT '';

CREATE TABLE seat_limits (
    org_id TEXT PRIMARY KEY,
    max_seats BIGINT NOT NULL DEFAULT 0,
    max_monthly_amount BIGINT NOT NULL DEFAULT 0,
    currency TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE seat_waits (
    subscription_id TEXT PRIMARY KEY REFERENCES subscriptions (id),
    org_id TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    told_at TIMESTAMP,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX seat_waits_org ON seat_waits (org_id);

CREATE TABLE seat_changes (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    position BIGINT NOT NULL DEFAULT 0,
    at TIMESTAMP NOT NULL,
    actor_kind TEXT NOT NULL DEFAULT '',
    actor_id TEXT NOT NULL DEFAULT '',
    cause TEXT NOT NULL,
    members BIGINT NOT NULL DEFAULT 0,
    committed BIGINT NOT NULL DEFAULT 1,
    quantity_from BIGINT NOT NULL,
    quantity_to BIGINT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    covered_by TEXT NOT NULL DEFAULT '',
    attempt BIGINT NOT NULL DEFAULT 0,
    sent_at TIMESTAMP,
    proration_date TIMESTAMP,
    done_at TIMESTAMP,
    noted_at TIMESTAMP,
    invoice_id TEXT NOT NULL DEFAULT '',
    invoice_line TEXT NOT NULL DEFAULT '',
    amount BIGINT NOT NULL DEFAULT 0,
    currency TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX seat_changes_step ON seat_changes (subscription_id, position) WHERE position > 0;
CREATE INDEX seat_changes_open ON seat_changes (subscription_id) WHERE status = 'pending';
CREATE INDEX seat_changes_org ON seat_changes (org_id, id);

-- +goose Down
DROP TABLE seat_changes;
DROP TABLE seat_waits;
DROP TABLE seat_limits;
ALTER TABLE subscriptions DROP COLUMN item_id;
ALTER TABLE plans DROP COLUMN max_seats;
