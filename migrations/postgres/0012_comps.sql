-- +goose Up
ALTER TABLE app_entitlement_overrides ADD COLUMN by_address BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE app_entitlement_overrides ADD COLUMN reminded_at TIMESTAMPTZ;
CREATE INDEX app_entitlement_overrides_ending ON app_entitlement_overrides (expires_at) WHERE ended_at IS NULL;
ALTER TABLE plans ADD COLUMN moved_at TIMESTAMPTZ;

-- A pass for an address: it becomes a comp as soon as the address is proven to be a person's.
CREATE TABLE address_comps (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_normal TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    features TEXT NOT NULL DEFAULT '[]',
    expires_at TIMESTAMPTZ,
    given_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    user_id TEXT NOT NULL DEFAULT '',
    comp_id TEXT NOT NULL DEFAULT '',
    reminded_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
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
    finished_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX comp_runs_client ON comp_runs (client_id, created_at);

CREATE TABLE comp_run_items (
    run_id TEXT NOT NULL REFERENCES comp_runs (id),
    line BIGINT NOT NULL,
    email TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    until TEXT NOT NULL,
    expires_at TIMESTAMPTZ,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    updated_at TIMESTAMPTZ NOT NULL,
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
CREATE FUNCTION app_users_of_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_grant AFTER INSERT ON grants FOR EACH ROW WHEN (NEW.user_id <> '') EXECUTE FUNCTION app_users_of_grant();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_comp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_comp AFTER INSERT ON app_entitlement_overrides FOR EACH ROW WHEN (NOT NEW.by_address) EXECUTE FUNCTION app_users_of_comp();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_subscription() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT CAST(NEW.scope_id AS TEXT) AS client_id WHERE NEW.scope_kind = 'app' UNION SELECT ba.client_id FROM bundle_apps ba WHERE NEW.scope_kind = 'bundle' AND ba.bundle_id = NEW.scope_id) a, memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = NEW.org_id AND m.removed_at IS NULL ORDER BY 1, 2 ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_subscription AFTER INSERT ON subscriptions FOR EACH ROW EXECUTE FUNCTION app_users_of_subscription();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT CAST(NEW.scope_id AS TEXT) AS client_id WHERE NEW.scope_kind = 'app' UNION SELECT ba.client_id FROM bundle_apps ba WHERE NEW.scope_kind = 'bundle' AND ba.bundle_id = NEW.scope_id) a, memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = NEW.org_id AND m.removed_at IS NULL ORDER BY 1, 2 ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_move AFTER UPDATE OF scope_kind, scope_id ON subscriptions FOR EACH ROW WHEN (NEW.scope_id <> OLD.scope_id) EXECUTE FUNCTION app_users_of_move();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_membership() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT s.scope_id AS client_id FROM subscriptions s WHERE s.org_id = NEW.org_id AND s.scope_kind = 'app' UNION SELECT ba.client_id FROM subscriptions s JOIN bundle_apps ba ON ba.bundle_id = s.scope_id WHERE s.org_id = NEW.org_id AND s.scope_kind = 'bundle' UNION SELECT a.client_id FROM oidc_clients a JOIN orgs o ON o.id = a.org_id WHERE o.id = NEW.org_id AND o.platform_owner) a, users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_membership AFTER INSERT ON memberships FOR EACH ROW WHEN (NEW.removed_at IS NULL) EXECUTE FUNCTION app_users_of_membership();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_return() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM (SELECT s.scope_id AS client_id FROM subscriptions s WHERE s.org_id = NEW.org_id AND s.scope_kind = 'app' UNION SELECT ba.client_id FROM subscriptions s JOIN bundle_apps ba ON ba.bundle_id = s.scope_id WHERE s.org_id = NEW.org_id AND s.scope_kind = 'bundle' UNION SELECT a.client_id FROM oidc_clients a JOIN orgs o ON o.id = a.org_id WHERE o.id = NEW.org_id AND o.platform_owner) a, users u WHERE u.id = NEW.user_id ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_return AFTER UPDATE OF removed_at ON memberships FOR EACH ROW WHEN (NEW.removed_at IS NULL AND OLD.removed_at IS NOT NULL) EXECUTE FUNCTION app_users_of_return();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_bundle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM subscriptions s JOIN memberships m ON m.org_id = s.org_id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE s.scope_kind = 'bundle' AND s.scope_id = NEW.bundle_id ORDER BY u.id ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_bundle AFTER INSERT ON bundle_apps FOR EACH ROW EXECUTE FUNCTION app_users_of_bundle();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_client() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT NEW.client_id, u.id, u.email_normal, u.name FROM orgs o JOIN memberships m ON m.org_id = o.id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE o.id = NEW.org_id AND o.platform_owner ORDER BY u.id ON CONFLICT (client_id, user_id) DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_client AFTER INSERT ON oidc_clients FOR EACH ROW EXECUTE FUNCTION app_users_of_client();
-- +goose StatementBegin
CREATE FUNCTION app_users_of_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE app_users SET email_normal = NEW.email_normal, name = NEW.name WHERE user_id = NEW.id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER app_users_of_person AFTER UPDATE OF email_normal, name ON users FOR EACH ROW WHEN (NEW.email_normal <> OLD.email_normal OR NEW.name <> OLD.name) EXECUTE FUNCTION app_users_of_person();

INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT g.client_id, u.id, u.email_normal, u.name FROM (SELECT DISTINCT client_id, user_id FROM grants) g JOIN users u ON u.id = g.user_id WHERE TRUE ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT c.client_id, u.id, u.email_normal, u.name FROM (SELECT DISTINCT client_id, user_id FROM app_entitlement_overrides) c JOIN users u ON u.id = c.user_id WHERE TRUE ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT DISTINCT s.scope_id, u.id, u.email_normal, u.name FROM subscriptions s JOIN memberships m ON m.org_id = s.org_id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE s.scope_kind = 'app' ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT DISTINCT ba.client_id, u.id, u.email_normal, u.name FROM subscriptions s JOIN bundle_apps ba ON ba.bundle_id = s.scope_id JOIN memberships m ON m.org_id = s.org_id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE s.scope_kind = 'bundle' ON CONFLICT (client_id, user_id) DO NOTHING;
INSERT INTO app_users (client_id, user_id, email_normal, name) SELECT a.client_id, u.id, u.email_normal, u.name FROM oidc_clients a JOIN orgs o ON o.id = a.org_id JOIN memberships m ON m.org_id = o.id AND m.removed_at IS NULL JOIN users u ON u.id = m.user_id WHERE o.platform_owner ON CONFLICT (client_id, user_id) DO NOTHING;

-- What the claim read at any moment since: a row for each state, valid from the row's own time until the next
-- one of the same thing. Triggers write it; nothing changes it.
CREATE TABLE claim_history (
    began_at TIMESTAMPTZ NOT NULL
);
INSERT INTO claim_history (began_at) SELECT now() WHERE EXISTS (SELECT 1 FROM orgs);

CREATE TABLE past_billing_apps (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
    client_id TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    livemode BOOLEAN NOT NULL
);
CREATE INDEX past_billing_apps_key ON past_billing_apps (client_id);
-- +goose StatementBegin
CREATE FUNCTION past_billing_apps_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_billing_apps (valid_from, client_id, enabled, livemode) VALUES (NEW.updated_at, NEW.client_id, NEW.enabled, NEW.livemode); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_billing_apps_new AFTER INSERT ON billing_apps FOR EACH ROW EXECUTE FUNCTION past_billing_apps_new();
-- +goose StatementBegin
CREATE FUNCTION past_billing_apps_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_billing_apps (valid_from, client_id, enabled, livemode) VALUES (NEW.updated_at, NEW.client_id, NEW.enabled, NEW.livemode); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_billing_apps_change AFTER UPDATE ON billing_apps FOR EACH ROW WHEN (NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.enabled IS DISTINCT FROM OLD.enabled OR NEW.livemode IS DISTINCT FROM OLD.livemode) EXECUTE FUNCTION past_billing_apps_change();
INSERT INTO past_billing_apps (valid_from, client_id, enabled, livemode) SELECT updated_at, client_id, enabled, livemode FROM billing_apps;

CREATE TABLE past_orgs (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
    id TEXT NOT NULL,
    personal_user_id TEXT,
    platform_owner BOOLEAN NOT NULL,
    suspended_at TIMESTAMPTZ
);
CREATE INDEX past_orgs_key ON past_orgs (id);
CREATE INDEX past_orgs_personal ON past_orgs (personal_user_id);
-- +goose StatementBegin
CREATE FUNCTION past_orgs_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_orgs (valid_from, id, personal_user_id, platform_owner, suspended_at) VALUES (NEW.updated_at, NEW.id, NEW.personal_user_id, NEW.platform_owner, NEW.suspended_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_orgs_new AFTER INSERT ON orgs FOR EACH ROW EXECUTE FUNCTION past_orgs_new();
-- +goose StatementBegin
CREATE FUNCTION past_orgs_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_orgs (valid_from, id, personal_user_id, platform_owner, suspended_at) VALUES (NEW.updated_at, NEW.id, NEW.personal_user_id, NEW.platform_owner, NEW.suspended_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_orgs_change AFTER UPDATE ON orgs FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.personal_user_id IS DISTINCT FROM OLD.personal_user_id OR NEW.platform_owner IS DISTINCT FROM OLD.platform_owner OR NEW.suspended_at IS DISTINCT FROM OLD.suspended_at) EXECUTE FUNCTION past_orgs_change();
INSERT INTO past_orgs (valid_from, id, personal_user_id, platform_owner, suspended_at) SELECT updated_at, id, personal_user_id, platform_owner, suspended_at FROM orgs;

CREATE TABLE past_memberships (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
    id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    removed_at TIMESTAMPTZ
);
CREATE INDEX past_memberships_key ON past_memberships (user_id);
-- +goose StatementBegin
CREATE FUNCTION past_memberships_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_memberships (valid_from, id, org_id, user_id, removed_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.user_id, NEW.removed_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_memberships_new AFTER INSERT ON memberships FOR EACH ROW EXECUTE FUNCTION past_memberships_new();
-- +goose StatementBegin
CREATE FUNCTION past_memberships_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_memberships (valid_from, id, org_id, user_id, removed_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.user_id, NEW.removed_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_memberships_change AFTER UPDATE ON memberships FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.org_id IS DISTINCT FROM OLD.org_id OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.removed_at IS DISTINCT FROM OLD.removed_at) EXECUTE FUNCTION past_memberships_change();
INSERT INTO past_memberships (valid_from, id, org_id, user_id, removed_at) SELECT updated_at, id, org_id, user_id, removed_at FROM memberships;

CREATE TABLE past_subscriptions (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
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
    current_period_end TIMESTAMPTZ,
    trial_end TIMESTAMPTZ,
    cancel_at TIMESTAMPTZ,
    cancel_at_period_end BOOLEAN NOT NULL,
    ended_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    oldest_unpaid_at TIMESTAMPTZ
);
CREATE INDEX past_subscriptions_key ON past_subscriptions (org_id);
-- +goose StatementBegin
CREATE FUNCTION past_subscriptions_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_subscriptions (valid_from, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.scope_kind, NEW.scope_id, NEW.plan_id, NEW.price_id, NEW.livemode, NEW.recurring, NEW.holds, NEW.status, NEW.quantity, NEW.current_period_end, NEW.trial_end, NEW.cancel_at, NEW.cancel_at_period_end, NEW.ended_at, NEW.expires_at, NEW.oldest_unpaid_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_subscriptions_new AFTER INSERT ON subscriptions FOR EACH ROW EXECUTE FUNCTION past_subscriptions_new();
-- +goose StatementBegin
CREATE FUNCTION past_subscriptions_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_subscriptions (valid_from, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at) VALUES (NEW.updated_at, NEW.id, NEW.org_id, NEW.scope_kind, NEW.scope_id, NEW.plan_id, NEW.price_id, NEW.livemode, NEW.recurring, NEW.holds, NEW.status, NEW.quantity, NEW.current_period_end, NEW.trial_end, NEW.cancel_at, NEW.cancel_at_period_end, NEW.ended_at, NEW.expires_at, NEW.oldest_unpaid_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_subscriptions_change AFTER UPDATE ON subscriptions FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.org_id IS DISTINCT FROM OLD.org_id OR NEW.scope_kind IS DISTINCT FROM OLD.scope_kind OR NEW.scope_id IS DISTINCT FROM OLD.scope_id OR NEW.plan_id IS DISTINCT FROM OLD.plan_id OR NEW.price_id IS DISTINCT FROM OLD.price_id OR NEW.livemode IS DISTINCT FROM OLD.livemode OR NEW.recurring IS DISTINCT FROM OLD.recurring OR NEW.holds IS DISTINCT FROM OLD.holds OR NEW.status IS DISTINCT FROM OLD.status OR NEW.quantity IS DISTINCT FROM OLD.quantity OR NEW.current_period_end IS DISTINCT FROM OLD.current_period_end OR NEW.trial_end IS DISTINCT FROM OLD.trial_end OR NEW.cancel_at IS DISTINCT FROM OLD.cancel_at OR NEW.cancel_at_period_end IS DISTINCT FROM OLD.cancel_at_period_end OR NEW.ended_at IS DISTINCT FROM OLD.ended_at OR NEW.expires_at IS DISTINCT FROM OLD.expires_at OR NEW.oldest_unpaid_at IS DISTINCT FROM OLD.oldest_unpaid_at) EXECUTE FUNCTION past_subscriptions_change();
INSERT INTO past_subscriptions (valid_from, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at) SELECT updated_at, id, org_id, scope_kind, scope_id, plan_id, price_id, livemode, recurring, holds, status, quantity, current_period_end, trial_end, cancel_at, cancel_at_period_end, ended_at, expires_at, oldest_unpaid_at FROM subscriptions;

CREATE TABLE past_comps (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    features TEXT NOT NULL,
    expires_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
CREATE INDEX past_comps_key ON past_comps (user_id, client_id);
-- +goose StatementBegin
CREATE FUNCTION past_comps_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_comps (valid_from, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at) VALUES (NEW.updated_at, NEW.id, NEW.user_id, NEW.client_id, NEW.plan_slug, NEW.plan_name, NEW.features, NEW.expires_at, NEW.ended_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_comps_new AFTER INSERT ON app_entitlement_overrides FOR EACH ROW EXECUTE FUNCTION past_comps_new();
-- +goose StatementBegin
CREATE FUNCTION past_comps_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_comps (valid_from, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at) VALUES (NEW.updated_at, NEW.id, NEW.user_id, NEW.client_id, NEW.plan_slug, NEW.plan_name, NEW.features, NEW.expires_at, NEW.ended_at); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_comps_change AFTER UPDATE ON app_entitlement_overrides FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.plan_slug IS DISTINCT FROM OLD.plan_slug OR NEW.plan_name IS DISTINCT FROM OLD.plan_name OR NEW.features IS DISTINCT FROM OLD.features OR NEW.expires_at IS DISTINCT FROM OLD.expires_at OR NEW.ended_at IS DISTINCT FROM OLD.ended_at) EXECUTE FUNCTION past_comps_change();
INSERT INTO past_comps (valid_from, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at) SELECT updated_at, id, user_id, client_id, plan_slug, plan_name, features, expires_at, ended_at FROM app_entitlement_overrides;

CREATE TABLE past_plans (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
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
CREATE FUNCTION past_plans_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM past_plans WHERE id = NEW.id AND valid_from = (SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = NEW.id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT CAST(COALESCE(json_agg(f.key), '[]') AS TEXT) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = NEW.id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_plans_new AFTER INSERT ON plans FOR EACH ROW EXECUTE FUNCTION past_plans_new();
-- +goose StatementBegin
CREATE FUNCTION past_plans_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM past_plans WHERE id = NEW.id AND valid_from = (SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = NEW.id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT CAST(COALESCE(json_agg(f.key), '[]') AS TEXT) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = NEW.id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_plans_change AFTER UPDATE ON plans FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.scope_kind IS DISTINCT FROM OLD.scope_kind OR NEW.scope_id IS DISTINCT FROM OLD.scope_id OR NEW.slug IS DISTINCT FROM OLD.slug OR NEW.name IS DISTINCT FROM OLD.name OR NEW.position IS DISTINCT FROM OLD.position OR NEW.grace_days IS DISTINCT FROM OLD.grace_days) EXECUTE FUNCTION past_plans_change();
-- +goose StatementBegin
CREATE FUNCTION past_plans_gain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM past_plans WHERE id = NEW.plan_id AND valid_from = (SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = NEW.plan_id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT CAST(COALESCE(json_agg(f.key), '[]') AS TEXT) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = NEW.plan_id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_plans_gain AFTER INSERT ON plan_features FOR EACH ROW EXECUTE FUNCTION past_plans_gain();
-- +goose StatementBegin
CREATE FUNCTION past_plans_loss() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM past_plans WHERE id = OLD.plan_id AND valid_from = (SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)) FROM plans p WHERE p.id = OLD.plan_id); INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT GREATEST(p.updated_at, COALESCE(p.moved_at, p.updated_at)), p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT CAST(COALESCE(json_agg(f.key), '[]') AS TEXT) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p WHERE p.id = OLD.plan_id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_plans_loss AFTER DELETE ON plan_features FOR EACH ROW EXECUTE FUNCTION past_plans_loss();
-- +goose StatementBegin
CREATE FUNCTION past_plans_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features, gone) VALUES (now(), OLD.id, OLD.scope_kind, OLD.scope_id, OLD.slug, OLD.name, OLD.position, OLD.grace_days, '[]', TRUE); RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_plans_gone AFTER DELETE ON plans FOR EACH ROW EXECUTE FUNCTION past_plans_gone();
INSERT INTO past_plans (valid_from, id, scope_kind, scope_id, slug, name, position, grace_days, features) SELECT p.updated_at, p.id, p.scope_kind, p.scope_id, p.slug, p.name, p.position, p.grace_days, (SELECT CAST(COALESCE(json_agg(f.key), '[]') AS TEXT) FROM plan_features pf JOIN features f ON f.id = pf.feature_id WHERE pf.plan_id = p.id) FROM plans p;

CREATE TABLE past_bundle_apps (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from TIMESTAMPTZ NOT NULL,
    bundle_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    gone BOOLEAN NOT NULL
);
CREATE INDEX past_bundle_apps_client ON past_bundle_apps (client_id);
-- +goose StatementBegin
CREATE FUNCTION past_bundle_apps_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_bundle_apps (valid_from, bundle_id, client_id, gone) SELECT b.updated_at, NEW.bundle_id, NEW.client_id, FALSE FROM app_bundles b WHERE b.id = NEW.bundle_id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_bundle_apps_new AFTER INSERT ON bundle_apps FOR EACH ROW EXECUTE FUNCTION past_bundle_apps_new();
-- +goose StatementBegin
CREATE FUNCTION past_bundle_apps_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_bundle_apps (valid_from, bundle_id, client_id, gone) SELECT b.updated_at, OLD.bundle_id, OLD.client_id, TRUE FROM app_bundles b WHERE b.id = OLD.bundle_id; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER past_bundle_apps_gone AFTER DELETE ON bundle_apps FOR EACH ROW EXECUTE FUNCTION past_bundle_apps_gone();
INSERT INTO past_bundle_apps (valid_from, bundle_id, client_id, gone) SELECT b.updated_at, ba.bundle_id, ba.client_id, FALSE FROM bundle_apps ba JOIN app_bundles b ON b.id = ba.bundle_id;

-- +goose Down
DROP TRIGGER past_bundle_apps_gone ON bundle_apps;
DROP FUNCTION past_bundle_apps_gone();
DROP TRIGGER past_bundle_apps_new ON bundle_apps;
DROP FUNCTION past_bundle_apps_new();
DROP TRIGGER past_plans_gone ON plans;
DROP FUNCTION past_plans_gone();
DROP TRIGGER past_plans_loss ON plan_features;
DROP FUNCTION past_plans_loss();
DROP TRIGGER past_plans_gain ON plan_features;
DROP FUNCTION past_plans_gain();
DROP TRIGGER past_plans_change ON plans;
DROP FUNCTION past_plans_change();
DROP TRIGGER past_plans_new ON plans;
DROP FUNCTION past_plans_new();
DROP TRIGGER past_comps_change ON app_entitlement_overrides;
DROP FUNCTION past_comps_change();
DROP TRIGGER past_comps_new ON app_entitlement_overrides;
DROP FUNCTION past_comps_new();
DROP TRIGGER past_subscriptions_change ON subscriptions;
DROP FUNCTION past_subscriptions_change();
DROP TRIGGER past_subscriptions_new ON subscriptions;
DROP FUNCTION past_subscriptions_new();
DROP TRIGGER past_memberships_change ON memberships;
DROP FUNCTION past_memberships_change();
DROP TRIGGER past_memberships_new ON memberships;
DROP FUNCTION past_memberships_new();
DROP TRIGGER past_orgs_change ON orgs;
DROP FUNCTION past_orgs_change();
DROP TRIGGER past_orgs_new ON orgs;
DROP FUNCTION past_orgs_new();
DROP TRIGGER past_billing_apps_change ON billing_apps;
DROP FUNCTION past_billing_apps_change();
DROP TRIGGER past_billing_apps_new ON billing_apps;
DROP FUNCTION past_billing_apps_new();
DROP TRIGGER app_users_of_person ON users;
DROP FUNCTION app_users_of_person();
DROP TRIGGER app_users_of_client ON oidc_clients;
DROP FUNCTION app_users_of_client();
DROP TRIGGER app_users_of_bundle ON bundle_apps;
DROP FUNCTION app_users_of_bundle();
DROP TRIGGER app_users_of_return ON memberships;
DROP FUNCTION app_users_of_return();
DROP TRIGGER app_users_of_membership ON memberships;
DROP FUNCTION app_users_of_membership();
DROP TRIGGER app_users_of_move ON subscriptions;
DROP FUNCTION app_users_of_move();
DROP TRIGGER app_users_of_subscription ON subscriptions;
DROP FUNCTION app_users_of_subscription();
DROP TRIGGER app_users_of_comp ON app_entitlement_overrides;
DROP FUNCTION app_users_of_comp();
DROP TRIGGER app_users_of_grant ON grants;
DROP FUNCTION app_users_of_grant();
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
