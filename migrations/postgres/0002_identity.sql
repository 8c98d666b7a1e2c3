-- +goose Up
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_normal TEXT NOT NULL UNIQUE,
    email_verified_at TIMESTAMPTZ,
    name TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL DEFAULT '',
    locale TEXT NOT NULL DEFAULT '',
    disabled_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    personal_user_id TEXT UNIQUE REFERENCES users (id),
    platform_owner BOOLEAN NOT NULL DEFAULT FALSE,
    suspended_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX orgs_one_platform_owner ON orgs (platform_owner) WHERE platform_owner;

CREATE TABLE memberships (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    removed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE oidc_clients (
    client_id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    color TEXT NOT NULL DEFAULT '',
    logo_media_type TEXT NOT NULL DEFAULT '',
    logo BYTEA,
    kind TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    secret_hash TEXT NOT NULL DEFAULT '',
    jwks TEXT NOT NULL DEFAULT '',
    redirect_uris TEXT NOT NULL DEFAULT '[]',
    post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]',
    grant_types TEXT NOT NULL DEFAULT '[]',
    scopes TEXT NOT NULL DEFAULT '[]',
    access_token_type TEXT NOT NULL DEFAULT 'opaque',
    signing_alg TEXT NOT NULL DEFAULT 'RS256',
    trusted BOOLEAN NOT NULL DEFAULT FALSE,
    access_token_seconds BIGINT NOT NULL DEFAULT 300,
    id_token_seconds BIGINT NOT NULL DEFAULT 300,
    refresh_token_seconds BIGINT NOT NULL DEFAULT 2592000,
    id_token_userinfo BOOLEAN NOT NULL DEFAULT TRUE,
    disabled_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX oidc_clients_org ON oidc_clients (org_id);

CREATE TABLE app_bundles (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, slug)
);

CREATE TABLE bundle_apps (
    bundle_id TEXT NOT NULL REFERENCES app_bundles (id),
    client_id TEXT NOT NULL REFERENCES oidc_clients (client_id),
    PRIMARY KEY (bundle_id, client_id)
);
CREATE INDEX bundle_apps_client ON bundle_apps (client_id);

CREATE TABLE one_time_tokens (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    email TEXT NOT NULL,
    next TEXT NOT NULL DEFAULT '',
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, kind);

-- +goose Down
DROP TABLE one_time_tokens;
DROP TABLE bundle_apps;
DROP TABLE app_bundles;
DROP TABLE oidc_clients;
DROP TABLE memberships;
DROP TABLE orgs;
DROP TABLE users;
