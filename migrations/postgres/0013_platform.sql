-- +goose Up
-- A trigger of rows does not see the table being emptied as a whole.
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_append_only();
-- Personal orgs are as many as people; the list of the others must not read past them.
CREATE INDEX orgs_shared ON orgs (slug) WHERE personal_user_id IS NULL;
CREATE INDEX stripe_webhook_events_outcome ON stripe_webhook_events (outcome, id);
CREATE INDEX stripe_webhook_events_type ON stripe_webhook_events (type, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, id);
CREATE INDEX audit_entries_action ON audit_entries (action, id);

-- +goose Down
DROP TRIGGER audit_entries_no_truncate ON audit_entries;
DROP INDEX orgs_shared;
DROP INDEX audit_entries_action;
DROP INDEX audit_entries_actor;
DROP INDEX stripe_webhook_events_type;
DROP INDEX stripe_webhook_events_outcome;
