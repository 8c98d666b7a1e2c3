-- +goose Up
-- A customer that was deleted at Stripe is replaced; what Stripe still tells of the old one reaches the same org.
CREATE TABLE stripe_customers_past (
    account TEXT NOT NULL,
    livemode BOOLEAN NOT NULL,
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account, livemode, customer_id)
);

-- +goose Down
DROP TABLE stripe_customers_past;
