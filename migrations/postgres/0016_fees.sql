-- +goose Up
CREATE TABLE stripe_invoices (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    stripe_id TEXT NOT NULL,
    payment_id TEXT NOT NULL DEFAULT '',
    org_id TEXT NOT NULL,
    buyer_org_id TEXT NOT NULL,
    client_id TEXT NOT NULL DEFAULT '',
    plan_id TEXT NOT NULL DEFAULT '',
    subscription_id TEXT NOT NULL DEFAULT '',
    number TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    total BIGINT NOT NULL DEFAULT 0,
    tax BIGINT NOT NULL DEFAULT 0,
    amount_paid BIGINT NOT NULL DEFAULT 0,
    refunded BIGINT NOT NULL DEFAULT 0,
    dispute_lost BIGINT NOT NULL DEFAULT 0,
    application_fee BIGINT NOT NULL DEFAULT 0,
    stripe_created TIMESTAMPTZ NOT NULL,
    paid_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (account, livemode, stripe_id)
);
CREATE INDEX stripe_invoices_payment ON stripe_invoices (account, livemode, payment_id);
CREATE INDEX stripe_invoices_seller ON stripe_invoices (org_id, id);
CREATE INDEX stripe_invoices_buyer ON stripe_invoices (buyer_org_id, id);

CREATE TABLE fee_rates (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    basis_points BIGINT NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    starts_at TIMESTAMPTZ NOT NULL,
    set_by TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, starts_at)
);

CREATE TABLE fee_rows (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    invoice_id TEXT NOT NULL REFERENCES stripe_invoices (id),
    stripe_invoice_id TEXT NOT NULL,
    client_id TEXT NOT NULL DEFAULT '',
    buyer_org_id TEXT NOT NULL DEFAULT '',
    sequence BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    returned BIGINT NOT NULL DEFAULT 0,
    basis_points BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (invoice_id, sequence)
);
CREATE INDEX fee_rows_org ON fee_rows (org_id, id);

CREATE TABLE fee_postings (
    id TEXT PRIMARY KEY,
    entry_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    currency TEXT NOT NULL,
    account TEXT NOT NULL,
    amount BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (entry_id, account)
);

CREATE TABLE fee_statements (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    currency TEXT NOT NULL,
    month TEXT NOT NULL,
    net BIGINT NOT NULL,
    corrections BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, livemode, currency, month)
);

CREATE TABLE fee_statement_rows (
    row_id TEXT PRIMARY KEY REFERENCES fee_rows (id),
    statement_id TEXT NOT NULL REFERENCES fee_statements (id),
    corrects TEXT NOT NULL DEFAULT ''
);
CREATE INDEX fee_statement_rows_statement ON fee_statement_rows (statement_id);

CREATE TABLE tax_profiles (
    org_id TEXT PRIMARY KEY,
    seller BOOLEAN NOT NULL DEFAULT FALSE,
    name TEXT NOT NULL,
    address1 TEXT NOT NULL,
    address2 TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL,
    nip TEXT NOT NULL DEFAULT '',
    vat_number TEXT NOT NULL DEFAULT '',
    tax_id TEXT NOT NULL DEFAULT '',
    bank_account TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX tax_profiles_seller ON tax_profiles (seller) WHERE seller;

CREATE TABLE fee_invoices (
    id TEXT PRIMARY KEY,
    statement_id TEXT NOT NULL REFERENCES fee_statements (id),
    corrects TEXT NOT NULL DEFAULT '',
    org_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    net BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    number TEXT NOT NULL DEFAULT '',
    issued_on TEXT NOT NULL DEFAULT '',
    rate TEXT NOT NULL DEFAULT '',
    document TEXT NOT NULL DEFAULT '',
    ksef_number TEXT NOT NULL DEFAULT '',
    receipt TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (statement_id, corrects)
);
CREATE UNIQUE INDEX fee_invoices_number ON fee_invoices (number) WHERE number <> '';
CREATE INDEX fee_invoices_org ON fee_invoices (org_id, id);
CREATE INDEX fee_invoices_waiting ON fee_invoices (state) WHERE state <> 'issued';

CREATE TABLE fee_invoice_numbers (
    seller_nip TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (seller_nip, year)
);

-- The ledger is written once and never changed, whoever asks.
-- +goose StatementBegin
CREATE FUNCTION fee_ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER fee_rates_no_update BEFORE UPDATE OR DELETE ON fee_rates
    FOR EACH ROW EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_rates_no_truncate BEFORE TRUNCATE ON fee_rates
    FOR EACH STATEMENT EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_rows_no_update BEFORE UPDATE OR DELETE ON fee_rows
    FOR EACH ROW EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_rows_no_truncate BEFORE TRUNCATE ON fee_rows
    FOR EACH STATEMENT EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_postings_no_update BEFORE UPDATE OR DELETE ON fee_postings
    FOR EACH ROW EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_postings_no_truncate BEFORE TRUNCATE ON fee_postings
    FOR EACH STATEMENT EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_statements_no_update BEFORE UPDATE OR DELETE ON fee_statements
    FOR EACH ROW EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_statements_no_truncate BEFORE TRUNCATE ON fee_statements
    FOR EACH STATEMENT EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_statement_rows_no_update BEFORE UPDATE OR DELETE ON fee_statement_rows
    FOR EACH ROW EXECUTE FUNCTION fee_ledger_append_only();
CREATE TRIGGER fee_statement_rows_no_truncate BEFORE TRUNCATE ON fee_statement_rows
    FOR EACH STATEMENT EXECUTE FUNCTION fee_ledger_append_only();

-- +goose Down
DROP TABLE fee_invoice_numbers;
DROP TABLE fee_invoices;
DROP TABLE tax_profiles;
DROP TABLE fee_statement_rows;
DROP TABLE fee_statements;
DROP TABLE fee_postings;
DROP TABLE fee_rows;
DROP TABLE fee_rates;
DROP TABLE stripe_invoices;
DROP FUNCTION fee_ledger_append_only;
