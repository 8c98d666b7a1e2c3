-- +goose Up
ALTER TABLE stripe_customers ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE stripe_customers ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE stripe_customers ADD COLUMN lang TEXT NOT NULL DEFAULT '';
ALTER TABLE checkouts ADD COLUMN trial_days BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX checkouts_one_open ON checkouts (org_id, user_id, client_id, price_id, quantity, account, livemode, lang, return_to) WHERE status = 'open';
CREATE INDEX checkouts_unfinished ON checkouts (created_at) WHERE status = 'open';
CREATE UNIQUE INDEX subscriptions_checkout ON subscriptions (checkout_id) WHERE checkout_id <> '';
CREATE INDEX subscriptions_unread ON subscriptions (updated_at) WHERE ended_at IS NULL;
CREATE INDEX stripe_webhook_events_unsettled ON stripe_webhook_events (account, livemode, object_id) WHERE outcome = '';

-- +goose Down
DROP INDEX stripe_webhook_events_unsettled;
DROP INDEX subscriptions_unread;
DROP INDEX subscriptions_checkout;
DROP INDEX checkouts_unfinished;
DROP INDEX checkouts_one_open;
ALTER TABLE checkouts DROP COLUMN trial_days;
ALTER TABLE stripe_customers DROP COLUMN lang;
ALTER TABLE stripe_customers DROP COLUMN email;
ALTER TABLE stripe_customers DROP COLUMN name;
