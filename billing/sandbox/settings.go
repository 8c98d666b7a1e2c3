package sandbox

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Dunning is what an account does with failed renewals: the days after each
// failure until the next attempt, and the end when none is left: "cancel",
// "unpaid" or "past_due".
type Dunning struct {
	RetryDays []int64 `json:"retry_days"`
	Action    string  `json:"action"`
}

func (t *tx) dunning() (Dunning, error) {
	rules := Dunning{RetryDays: []int64{3, 5, 7}, Action: "cancel"}
	var text string
	err := t.q.QueryRowContext(t.ctx, `SELECT value FROM settings WHERE name=?`, "dunning:"+t.account).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return rules, nil
	}
	if err != nil {
		return rules, fmt.Errorf("load dunning: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		return rules, fmt.Errorf("read dunning: %w", err)
	}
	return rules, nil
}

func (t *tx) setDunning(rules Dunning) error {
	text, err := json.Marshal(rules)
	if err != nil {
		return fmt.Errorf("write dunning: %w", err)
	}
	if _, err := t.q.ExecContext(t.ctx, `INSERT OR REPLACE INTO settings(name, value) VALUES(?,?)`, "dunning:"+t.account, string(text)); err != nil {
		return fmt.Errorf("store dunning: %w", err)
	}
	return nil
}
