-- +goose Up
-- What is known of the way by which an account's events reach us. stale_since is set while we do not hear of it.
CREATE TABLE stripe_feeds (
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    checked_at TIMESTAMP NOT NULL,
    failing_since TIMESTAMP,
    stale_since TIMESTAMP,
    reason TEXT NOT NULL DEFAULT '',
    missing BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, livemode)
);
CREATE INDEX stripe_webhook_events_version ON stripe_webhook_events (received_at) WHERE api_version <> '2023-10-16';

-- +goose Down
DROP INDEX stripe_webhook_events_version;
DROP TABLE stripe_feeds;
