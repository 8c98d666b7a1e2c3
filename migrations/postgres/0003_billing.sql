-- +goose Up
CREATE TABLE billing_apps (
    client_id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT FALSE,
    gateway TEXT NOT NULL DEFAULT '',
    livemode BOOLEAN NOT NULL DEFAULT FALSE,
    default_currency TEXT NOT NULL DEFAULT '',
    default_country TEXT NOT NULL DEFAULT '',
    headline TEXT NOT NULL DEFAULT '',
    sentence TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX billing_apps_org ON billing_apps (org_id);

CREATE TABLE stripe_accounts (
    org_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    account TEXT NOT NULL,
    charges_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, livemode)
);
CREATE UNIQUE INDEX stripe_accounts_account ON stripe_accounts (account, livemode);

CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    color TEXT NOT NULL DEFAULT '',
    position BIGINT NOT NULL DEFAULT 0,
    hidden BOOLEAN NOT NULL DEFAULT FALSE,
    recommended BOOLEAN NOT NULL DEFAULT FALSE,
    trial_days BIGINT NOT NULL DEFAULT 0,
    grace_days BIGINT NOT NULL DEFAULT 7,
    lasts_days BIGINT NOT NULL DEFAULT 0,
    archived_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (scope_kind, scope_id, slug)
);

CREATE TABLE features (
    id TEXT PRIMARY KEY,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (scope_kind, scope_id, key)
);

CREATE TABLE plan_features (
    plan_id TEXT NOT NULL REFERENCES plans (id),
    feature_id TEXT NOT NULL REFERENCES features (id),
    position BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (plan_id, feature_id)
);

CREATE TABLE membership_prices (
    id TEXT PRIMARY KEY,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    amount BIGINT NOT NULL DEFAULT 0,
    currency TEXT NOT NULL,
    billing_interval TEXT NOT NULL,
    per_seat BOOLEAN NOT NULL DEFAULT FALSE,
    seat_label TEXT NOT NULL DEFAULT '',
    country_codes TEXT NOT NULL DEFAULT '[]',
    scheme TEXT NOT NULL DEFAULT 'flat',
    retired_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX membership_prices_plan ON membership_prices (plan_id);

CREATE TABLE price_tiers (
    price_id TEXT NOT NULL REFERENCES membership_prices (id),
    position BIGINT NOT NULL,
    up_to BIGINT,
    unit_amount BIGINT NOT NULL,
    flat_amount BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (price_id, position)
);

CREATE TABLE plan_stripe_products (
    plan_id TEXT NOT NULL REFERENCES plans (id),
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    id TEXT NOT NULL UNIQUE,
    product_id TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (plan_id, account, livemode)
);

CREATE TABLE price_stripe_ids (
    price_id TEXT NOT NULL REFERENCES membership_prices (id),
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    id TEXT NOT NULL UNIQUE,
    stripe_price_id TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (price_id, account, livemode)
);
CREATE INDEX price_stripe_ids_stripe ON price_stripe_ids (account, livemode, stripe_price_id);

CREATE TABLE stripe_customers (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    currency TEXT NOT NULL,
    customer_id TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, account, livemode, currency)
);
CREATE INDEX stripe_customers_customer ON stripe_customers (account, livemode, customer_id);

CREATE TABLE checkouts (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    price_id TEXT NOT NULL REFERENCES membership_prices (id),
    quantity BIGINT NOT NULL,
    committed BIGINT NOT NULL DEFAULT 1,
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    currency TEXT NOT NULL,
    lang TEXT NOT NULL DEFAULT '',
    return_to TEXT NOT NULL DEFAULT '',
    session_id TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    expires_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX checkouts_scope ON checkouts (org_id, scope_kind, scope_id, livemode);
CREATE INDEX checkouts_session ON checkouts (account, livemode, session_id);

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    price_id TEXT NOT NULL REFERENCES membership_prices (id),
    checkout_id TEXT NOT NULL DEFAULT '',
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    stripe_id TEXT NOT NULL,
    customer_id TEXT NOT NULL DEFAULT '',
    recurring BOOLEAN NOT NULL,
    holds BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    committed BIGINT NOT NULL DEFAULT 1,
    currency TEXT NOT NULL,
    billing_interval TEXT NOT NULL,
    current_period_start TIMESTAMPTZ,
    current_period_end TIMESTAMPTZ,
    trial_end TIMESTAMPTZ,
    cancel_at TIMESTAMPTZ,
    cancel_at_period_end BOOLEAN NOT NULL DEFAULT FALSE,
    canceled_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    oldest_unpaid_at TIMESTAMPTZ,
    stripe_created_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (account, livemode, stripe_id)
);
CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (org_id, scope_kind, scope_id, livemode) WHERE holds;
CREATE INDEX subscriptions_org ON subscriptions (org_id);
CREATE INDEX subscriptions_customer ON subscriptions (account, livemode, customer_id);

CREATE TABLE stripe_reads (
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    object_id TEXT NOT NULL,
    taken BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    PRIMARY KEY (account, livemode, object_id)
);

CREATE TABLE stripe_refunds (
    id TEXT PRIMARY KEY,
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    payment_id TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL,
    refund_id TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (subscription_id, reason)
);

CREATE TABLE stripe_webhook_events (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    api_version TEXT NOT NULL,
    object_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '',
    received_at TIMESTAMPTZ NOT NULL,
    applied_at TIMESTAMPTZ,
    UNIQUE (account, event_id)
);

CREATE TABLE app_entitlement_overrides (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    plan_slug TEXT NOT NULL,
    plan_name TEXT NOT NULL,
    features TEXT NOT NULL DEFAULT '[]',
    expires_at TIMESTAMPTZ,
    given_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    ended_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX app_entitlement_overrides_one ON app_entitlement_overrides (user_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX app_entitlement_overrides_client ON app_entitlement_overrides (client_id);

-- +goose Down
DROP TABLE app_entitlement_overrides;
DROP TABLE stripe_webhook_events;
DROP TABLE stripe_refunds;
DROP TABLE stripe_reads;
DROP TABLE subscriptions;
DROP TABLE checkouts;
DROP TABLE stripe_customers;
DROP TABLE price_stripe_ids;
DROP TABLE plan_stripe_products;
DROP TABLE price_tiers;
DROP TABLE membership_prices;
DROP TABLE plan_features;
DROP TABLE features;
DROP TABLE plans;
DROP TABLE stripe_accounts;
DROP TABLE billing_apps;
