-- +goose Up
ALTER TABLE stripe_accounts ADD COLUMN payouts_enabled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE stripe_accounts ADD COLUMN details_submitted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE stripe_accounts ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE stripe_accounts ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE stripe_accounts ADD COLUMN default_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE stripe_accounts ADD COLUMN disabled_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE stripe_accounts ADD COLUMN due TEXT;
ALTER TABLE stripe_accounts ADD COLUMN pending BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE stripe_accounts ADD COLUMN deadline TIMESTAMPTZ;
ALTER TABLE stripe_accounts ADD COLUMN read_at TIMESTAMPTZ;
ALTER TABLE stripe_accounts ADD COLUMN ended_at TIMESTAMPTZ;
ALTER TABLE stripe_accounts ADD COLUMN ended_why TEXT NOT NULL DEFAULT '';

CREATE TABLE stripe_connect_attempts (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    state_hash TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX stripe_connect_attempts_state ON stripe_connect_attempts (state_hash);
CREATE INDEX stripe_connect_attempts_expires ON stripe_connect_attempts (expires_at);

CREATE TABLE stripe_account_makings (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    country TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '',
    account TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX stripe_account_makings_open ON stripe_account_makings (org_id, livemode) WHERE account = '';

-- +goose Down
DROP TABLE stripe_account_makings;
DROP TABLE stripe_connect_attempts;
ALTER TABLE stripe_accounts DROP COLUMN ended_why;
ALTER TABLE stripe_accounts DROP COLUMN ended_at;
ALTER TABLE stripe_accounts DROP COLUMN read_at;
ALTER TABLE stripe_accounts DROP COLUMN deadline;
ALTER TABLE stripe_accounts DROP COLUMN pending;
ALTER TABLE stripe_accounts DROP COLUMN due;
ALTER TABLE stripe_accounts DROP COLUMN disabled_reason;
ALTER TABLE stripe_accounts DROP COLUMN default_currency;
ALTER TABLE stripe_accounts DROP COLUMN country;
ALTER TABLE stripe_accounts DROP COLUMN name;
ALTER TABLE stripe_accounts DROP COLUMN details_submitted;
ALTER TABLE stripe_accounts DROP COLUMN payouts_enabled;
