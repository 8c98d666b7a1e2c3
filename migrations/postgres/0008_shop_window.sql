-- +goose Up
ALTER TABLE billing_apps ADD COLUMN shop TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE billing_apps DROP COLUMN shop;
