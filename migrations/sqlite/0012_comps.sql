-- +goose Up
ALTER TABLE app_entitlement_overrides ADD COLUMN by_address BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE app_entitlement_overrides ADD COLUMN reminded_at TIMESTAMP;
CREATE INDEX app_entitlement_overrides_ending ON app_entitlement_overrides (expires_at) WHERE ended_at IS NULL;
ALTER TABLE plans ADD COLUMN moved_at TIMESTAMP;

-- A pass for an address: it becomes a comp as soon as the address is proven to be a person's.
CREATE TABLE address_comps (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_normal TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    features TEXT NOT NULL DEFAULT '[]',
    expires_at TIMESTAMP,
    given_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    user_id TEXT NOT NULL DEFAULT '',
    comp_id TEXT NOT NULL DEFAULT '',
    reminded_at TIMESTAMP,
    ended_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX address_comps_one ON address_comps (client_id, email_normal) WHERE ended_at IS NULL;
CREATE INDEX address_comps_email ON address_comps (email_normal) WHERE ended_at IS NULL;
CREATE INDEX address_comps_comp ON address_comps (comp_id) WHERE comp_id <> '';
CREATE INDEX address_comps_ending ON address_comps (expires_at) WHERE ended_at IS NULL;

CREATE TABLE comp_runs (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    given_by TEXT NOT NULL,
    state TEXT NOT NULL,
    total BIGINT NOT NULL,
    finished_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX comp_runs_client ON comp_runs (client_id, created_at);

CREATE TABLE comp_run_items (
    run_id TEXT NOT NULL REFERENCES comp_runs (id),
    line BIGINT NOT NULL,
    email TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    until TEXT NOT NULL,
    expires_at TIMESTAMP,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, line)
);
CREATE INDEX comp_run_items_state ON comp_run_items (run_id, state, line);

-- Who belongs to an app's directory: everybody who ever signed in to it, was given it, or is in an org that
-- bought it. Triggers keep it, so that no writer can forget; the address and the name are copies to search by.
CREATE TABLE app_users (
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    email_normal TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (client_id, user_id)
);
CREATE INDEX app_users_email ON app_users (client_id, email_normal, user_id, name);
CREATE INDEX app_users_user ON app_users (user_id);

-- +goose StatementBegin
CREATE TRIGGER app_users_of_grant AFTER INSERT ON grants FOR EACH ROW WHEN NEW.user_id <> '' BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_comp AFTER INSERT ON app_entitlement_overrides FOR EACH ROW WHEN NOT NEW.by_address BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_subscription AFTER INSERT ON subscriptions FOR EACH ROW BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT CAST(NEW.scope_id AS TEXT) AS client_id WHERE NEW.scope_kind = 'app' UNION SELECT ba.client_id FROM bundle_apps ba WHERE NEW.scope_kind = 'bundle' AND ba.bundle_id = NEW.scope_id) a, memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = NEW.org_id AND m.removed_at IS NULL ORDER BY 1, 2 ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_move AFTER UPDATE OF scope_kind, scope_id ON subscriptions FOR EACH ROW WHEN NEW.scope_id <> OLD.scope_id BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT CAST(NEW.scope_id AS TEXT) AS client_id WHERE NEW.scope_kind = 'app' UNION SELECT ba.client_id FROM bundle_apps ba WHERE NEW.scope_kind = 'bundle' AND ba.bundle_id = NEW.scope_id) a, memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = NEW.org_id AND m.removed_at IS NULL ORDER BY 1, 2 ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_membership AFTER INSERT ON memberships FOR EACH ROW WHEN NEW.removed_at IS NULL BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT s.scope_id AS client_id FROM subscriptions s WHERE s.org_id = NEW.org_id AND s.scope_kind = 'app' UNION SELECT ba.client_id FROM subscriptions s JOIN bundle_apps ba ON ba.bundle_id = s.scope_id WHERE s.org_id = NEW.org_id AND s.scope_kind = 'bundle' UNION SELECT a.client_id FROM oidc_clients a JOIN orgs o ON o.id = a.org_id WHERE o.id = NEW.org_id AND o.platform_owner) a, users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_return AFTER UPDATE OF removed_at ON memberships FOR EACH ROW WHEN NEW.removed_at IS NULL AND OLD.removed_at IS NOT NULL BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT s.scope_id AS client_id FROM subscriptions s WHERE s.org_id = NEW.org_id AND s.scope_kind = 'app' UNION SELECT ba.client_id FROM subscriptions s JOIN bundle_apps ba ON ba.bundle_id = s.scope_id WHERE s.org_id = NEW.org_id AND s.scope_kind = 'bundle' UNION SELECT a.client_id FROM oidc_clients a JOIN orgs o ON o.id = a.org_id WHERE o.id = NEW.org_id AND o.platform_owner) a, users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_bundle AFTER INSERT ON bundle_apps FOR EACH ROW BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM subscriptions s JOIN memberships m ON m.org_id = s.org_id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE s.scope_kind = 'bundle' AND s.scope_id = NEW.bundle_id ORDER BY u.id ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_client AFTER INSERT ON oidc_clients FOR EACH ROW BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM orgs o JOIN memberships m ON m.org_id = o.id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE o.id = NEW.org_id AND o.platform_owner ORDER BY u.id ON CONFLICT (client_id, user_id) DO NOTHING; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER app_users_of_person AFTER UPDATE OF email_normal, name ON users FOR EACH ROW WHEN NEW.email_normal <> OLD.email_normal OR NEW.name <> OLD.name BEGIN UPDATE app_users SET email_normal = NEW.email_normal, name = NEW.name WHERE user_id = NEW.id; END;
-- +goose StatementEnd

INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT g.client_id, u.id, u.email_normal, u.name FROM (SELECT DISTINCT client_id, user_id FROM grants) g JOIN users u ON u.id = g.user_id WHERE TRUE ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT c.client_id, u.id, u.email_normal, u.name FROM (SELECT DISTINCT client_id, user_id FROM app_entitlement_overrides) c JOIN users u ON u.id = c.user_id WHERE TRUE ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT DISTINCT s.scope_id, u.id, u.email_normal, u.name FROM subscriptions s JOIN memberships m ON m.org_id = s.org_id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE s.scope_kind = 'app' ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT DISTINCT ba.client_id, u.id, u.email_normal, u.name FROM subscriptions s JOIN bundle_apps ba ON ba.bundle_id = s.scope_id JOIN memberships m ON m.org_id = s.org_id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE s.scope_kind = 'bundle' ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM oidc_clients a JOIN orgs o ON o.id = a.org_id JOIN memberships m ON m.org_id = o.id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE o.platform_owner ON CONFLICT (client_id, user_id) DO NOTHING;

-- What the claim read at any moment since: a row for each state, valid from the row's own time until the next
-- one of the same thing. Triggers write it; nothing changes it.
CREATE TABLE claim_history (
    began_at TIMESTAMP NOT NULL
);
INSERT INTO claim_history (began_at) SELECT strftime('%Y-%m-%d %H:%M:%f+00:00', 'now') WHERE EXISTS (SELECT 1 FROM orgs);

CREATE TABLE past_billing_apps (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    client_id TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    livemode BOOLEAN NOT NULL
);
CREATE INDEX past_billing_apps_key ON past_billing_apps (client_id);
-- +goose StatementBegin
CREATE TRIGGER past_billing_apps_new AFTER INSERT ON billing_apps FOR EACH ROW BEGIN INSERT INTO past_billing_apps (valid_from, client_id, enabled, livemode) VALUES (NEW.updated_at, NEW.client_id, NEW.enabled, NEW.livemode); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_billing_apps_change AFTER UPDATE ON billing_apps FOR EACH ROW WHEN NEW.client_id IS NOT OLD.client_id OR NEW.enabled IS NOT OLD.enabled OR NEW.livemode IS NOT OLD.livemode BEGIN INSERT INTO past_billing_apps (valid_from, client_id, enabled, livemode) VALUES (NEW.updated_at, NEW.client_id, NEW.enabled, NEW.livemode); END;
-- +goose StatementEnd
INSERT INTO past_billing_apps (valid_from, client_id, enabled, livemode) SELECT updated_at, client_id, enabled, livemode FROM billing_apps;

CREATE TABLE past_orgs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    id TEXT NOT NULL,
    personal_user_id TEXT,
    platform_owner BOOLEAN NOT NULL,
    suspended_at TIMESTAMP
);
CREATE INDEX past_orgs_key ON past_orgs (id);
CREATE INDEX past_orgs_personal ON past_orgs (personal_user_id);
-- +goose StatementBegin
CREATE TRIGGER past_orgs_new AFTER INSERT ON orgs FOR EACH ROW BEGIN INSERT INTO past_orgs (valid_from, id, personal_user_id, platform_owner, suspended_at) VALUES (NEW.updated_at, NEW.id, NEW.personal_user_id, NEW.platform_owner, NEW.suspended_at); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_orgs_change AFTER UPDATE ON orgs FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR NEW.personal_user_id IS NOT OLD.personal_user_id OR NEW.platform_owner IS NOT OLD.platform_owner OR NEW.suspended_at IS NOT OLD.suspended_at BEGIN INSERT INTO past_orgs (valid_from, id, personal_user_id, platform_owner, suspended_at) VALUES (NEW.updated_at, NEW.id, NEW.personal_user_id, NEW.platform_owner, NEW.suspended_at); END;
-- +goose StatementEnd
INSERT INTO past_orgs (valid_from, id, personal_user_id, platform_owner, suspended_at) SELECT updated_at, id, personal_user_id, platform_owner, suspended_at FROM orgs;

CREATE TABLE past_memberships (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    removed_at TIMESTAMP
);
CREATE INDEX past_memberships_key ON past_memberships (user_id);
-- +goose StatementBegin
CREATE TRIGGER past_memberships_new AFTER INSERT ON memberships FOR EACH ROW BEGIN INSERT INTO past_memberships (valid_from, id, org_id, user_id, removed_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.user_id, NEW.removed_at); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_memberships_change AFTER UPDATE ON memberships FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR NEW.org_id IS NOT OLD.org_id OR NEW.user_id IS NOT OLD.user_id OR NEW.removed_at IS NOT OLD.removed_at BEGIN INSERT INTO past_memberships (valid_from, id, org_id, user_id, removed_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.user_id, NEW.removed_at); END;
-- +goose StatementEnd
INSERT INTO past_memberships (valid_from, id, org_id, user_id, removed_at) SELECT updated_at, id, org_id, user_id, removed_at FROM memberships;

CREATE TABLE past_subscriptions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    price_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    recurring BOOLEAN NOT NULL,
    holds BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    current_period_end TIMESTAMP,
    trial_end TIMESTAMP,
    cancel_at TIMESTAMP,
    cancel_at_period_end BOOLEAN NOT NULL,
    ended_at TIMESTAMP,
    expires_at TIMESTAMP,
    oldest_unpaid_at TIMESTAMP
);
CREATE INDEX past_subscriptions_key ON past_subscriptions (org_id);
-- +goose StatementBegin
CREATE TRIGGER past_subscriptions_new AFTER INSERT ON subscriptions FOR EACH ROW BEGIN INSERT INTO past_subscriptions (valid_from, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.scope_kind, NEW.scope_id, NEW.plan_id, NEW.price_id, NEW.livemode, NEW.recurring, NEW.holds, NEW.status, NEW.quantity, NEW.current_period_end, NEW.trial_end, NEW.cancel_at, NEW.cancel_at_period_end, NEW.ended_at, NEW.expires_at, NEW.oldest_unpaid_at); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_subscriptions_change AFTER UPDATE ON subscriptions FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR NEW.org_id IS NOT OLD.org_id OR NEW.scope_kind IS NOT OLD.scope_kind OR NEW.scope_id IS NOT OLD.scope_id OR NEW.plan_id IS NOT OLD.plan_id OR NEW.price_id IS NOT OLD.price_id OR NEW.livemode IS NOT OLD.livemode OR NEW.recurring IS NOT OLD.recurring OR NEW.holds IS NOT OLD.holds OR NEW.status IS NOT OLD.status OR NEW.quantity IS NOT OLD.quantity OR NEW.current_period_end IS NOT OLD.current_period_end OR NEW.trial_end IS NOT OLD.trial_end OR NEW.cancel_at IS NOT OLD.cancel_at OR NEW.cancel_at_period_end IS NOT OLD.cancel_at_period_end OR NEW.ended_at IS NOT OLD.ended_at OR NEW.expires_at IS NOT OLD.expires_at OR NEW.oldest_unpaid_at IS NOT OLD.oldest_unpaid_at BEGIN INSERT INTO past_subscriptions (valid_from, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.scope_kind, NEW.scope_id, NEW.plan_id, NEW.price_id, NEW.livemode, NEW.recurring, NEW.holds, NEW.status, NEW.quantity, NEW.current_period_end, NEW.trial_end, NEW.cancel_at, NEW.cancel_at_period_end, NEW.ended_at, NEW.expires_at, NEW.oldest_unpaid_at); END;
-- +goose StatementEnd
INSERT INTO past_subscriptions (valid_from, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at) SELECT updated_at, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at FROM subscriptions;

CREATE TABLE past_comps (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    features TEXT NOT NULL,
    expires_at TIMESTAMP,
    ended_at TIMESTAMP
);
CREATE INDEX past_comps_key ON past_comps (user_id, client_id);
-- +goose StatementBegin
CREATE TRIGGER past_comps_new AFTER INSERT ON app_entitlement_overrides FOR EACH ROW BEGIN INSERT INTO past_comps (valid_from, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at) VALUES (NEW.updated_at, NEW.id, NEW.user_id, NEW.client_id, NEW.plan_slug, NEW.plan_name, NEW.features, NEW.expires_at, NEW.ended_at); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_comps_change AFTER UPDATE ON app_entitlement_overrides FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR NEW.user_id IS NOT OLD.user_id OR NEW.client_id IS NOT OLD.client_id OR NEW.plan_slug IS NOT OLD.plan_slug OR NEW.plan_name IS NOT OLD.plan_name OR NEW.features IS NOT OLD.features OR NEW.expires_at IS NOT OLD.expires_at OR NEW.ended_at IS NOT OLD.ended_at BEGIN INSERT INTO past_comps (valid_from, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at) VALUES (NEW.updated_at, NEW.id, NEW.user_id, NEW.client_id, NEW.plan_slug, NEW.plan_name, NEW.features, NEW.expires_at, NEW.ended_at); END;
-- +goose StatementEnd
INSERT INTO past_comps (valid_from, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at) SELECT updated_at, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at FROM app_entitlement_overrides;

CREATE TABLE past_plans (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    id TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    grace_days BIGINT NOT NULL,
    features TEXT NOT NULL,
    gone BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX past_plans_scope ON past_plans (scope_kind, scope_id);
CREATE INDEX past_plans_id ON past_plans (id, valid_from);
-- +goose StatementBegin
CREATE TRIGGER past_plans_new AFTER INSERT ON plans FOR EACH ROW BEGIN DELETE FROM past_plans WHERE id = NEW.id AND valid_from = (SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = NEW.id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT json_group_array(f.key) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_plans_change AFTER UPDATE ON plans FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR NEW.scope_kind IS NOT OLD.scope_kind OR NEW.scope_id IS NOT OLD.scope_id OR NEW.slug IS NOT OLD.slug OR NEW.name IS NOT OLD.name OR NEW.position IS NOT OLD.position OR NEW.grace_days IS NOT OLD.grace_days BEGIN DELETE FROM past_plans WHERE id = NEW.id AND valid_from = (SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = NEW.id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT json_group_array(f.key) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_plans_gain AFTER INSERT ON plan_features FOR EACH ROW BEGIN DELETE FROM past_plans WHERE id = NEW.plan_id AND valid_from = (SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = NEW.plan_id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT json_group_array(f.key) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = NEW.plan_id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_plans_loss AFTER DELETE ON plan_features FOR EACH ROW BEGIN DELETE FROM past_plans WHERE id = OLD.plan_id AND valid_from = (SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = OLD.plan_id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT MAX(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT json_group_array(f.key) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = OLD.plan_id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_plans_gone AFTER DELETE ON plans FOR EACH ROW BEGIN INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features, gone) VALUES (strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'), OLD.id, OLD.scope_kind, OLD.scope_id, OLD.slug, OLD.name, OLD.position, OLD.grace_days, '[]', TRUE); END;
-- +goose StatementEnd
INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT p.updated_at, p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT json_group_array(f.key) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p;

CREATE TABLE past_bundle_apps (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    valid_from TIMESTAMP NOT NULL,
    bundle_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    gone BOOLEAN NOT NULL
);
CREATE INDEX past_bundle_apps_client ON past_bundle_apps (client_id);
-- +goose StatementBegin
CREATE TRIGGER past_bundle_apps_new AFTER INSERT ON bundle_apps FOR EACH ROW BEGIN INSERT INTO past_bundle_apps (valid_from, bundle_id, client_id, gone) SELECT b.updated_at, NEW.bundle_id, NEW.client_id, FALSE FROM app_bundles b WHERE b.id = NEW.bundle_id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER past_bundle_apps_gone AFTER DELETE ON bundle_apps FOR EACH ROW BEGIN INSERT INTO past_bundle_apps (valid_from, bundle_id, client_id, gone) SELECT b.updated_at, OLD.bundle_id, OLD.client_id, TRUE FROM app_bundles b WHERE b.id = OLD.bundle_id; END;
-- +goose StatementEnd
INSERT INTO past_bundle_apps (valid_from, bundle_id, client_id, gone) SELECT b.updated_at, ba.bundle_id, ba.client_id, FALSE FROM bundle_apps ba JOIN app_bundles b ON b.id = ba.bundle_id;

-- +goose Down
DROP TRIGGER past_bundle_apps_gone;
DROP TRIGGER past_bundle_apps_new;
DROP TRIGGER past_plans_gone;
DROP TRIGGER past_plans_loss;
DROP TRIGGER past_plans_gain;
DROP TRIGGER past_plans_change;
DROP TRIGGER past_plans_new;
DROP TRIGGER past_comps_change;
DROP TRIGGER past_comps_new;
DROP TRIGGER past_subscriptions_change;
DROP TRIGGER past_subscriptions_new;
DROP TRIGGER past_memberships_change;
DROP TRIGGER past_memberships_new;
DROP TRIGGER past_orgs_change;
DROP TRIGGER past_orgs_new;
DROP TRIGGER past_billing_apps_change;
DROP TRIGGER past_billing_apps_new;
DROP TRIGGER app_users_of_person;
DROP TRIGGER app_users_of_client;
DROP TRIGGER app_users_of_bundle;
DROP TRIGGER app_users_of_return;
DROP TRIGGER app_users_of_membership;
DROP TRIGGER app_users_of_move;
DROP TRIGGER app_users_of_subscription;
DROP TRIGGER app_users_of_comp;
DROP TRIGGER app_users_of_grant;
DROP TABLE past_bundle_apps;
DROP TABLE past_plans;
DROP TABLE past_comps;
DROP TABLE past_subscriptions;
DROP TABLE past_memberships;
DROP TABLE past_orgs;
DROP TABLE past_billing_apps;
DROP TABLE claim_history;
DROP TABLE app_users;
DROP TABLE comp_run_items;
DROP TABLE comp_runs;
DROP TABLE address_comps;
ALTER TABLE plans DROP COLUMN moved_at;
DROP INDEX app_entitlement_overrides_ending;
ALTER TABLE app_entitlement_overrides DROP COLUMN reminded_at;
ALTER TABLE app_entitlement_overrides DROP COLUMN by_address;
