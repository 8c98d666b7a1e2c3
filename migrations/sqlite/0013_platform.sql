-- +goose Up
CREATE INDEX stripe_webhook_events_outcome ON stripe_webhook_events (outcome, id);
CREATE INDEX stripe_webhook_events_type ON stripe_webhook_events (type, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, id);
CREATE INDEX audit_entries_action ON audit_entries (action, id);

-- +goose Down
DROP INDEX audit_entries_action;
DROP INDEX audit_entries_actor;
DROP INDEX stripe_webhook_events_type;
DROP INDEX stripe_webhook_events_outcome;
