-- +goose Up
CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    email TEXT NOT NULL,
    email_normal TEXT NOT NULL,
    role TEXT NOT NULL,
    invited_by TEXT NOT NULL REFERENCES users (id),
    lang TEXT NOT NULL DEFAULT '',
    quote TEXT NOT NULL DEFAULT '',
    token_hash TEXT NOT NULL UNIQUE,
    sent_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    accepted_at TIMESTAMP,
    accepted_by TEXT NOT NULL DEFAULT '',
    declined_at TIMESTAMP,
    revoked_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX invitations_one_open ON invitations (org_id, email_normal) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_org ON invitations (org_id, id);
CREATE INDEX invitations_inviter ON invitations (org_id, invited_by);
CREATE INDEX invitations_address ON invitations (email_normal) WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- +goose Down
DROP TABLE invitations;
