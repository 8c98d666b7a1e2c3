package provider

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// hint is an ID token of ours that somebody sent back.
type hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Session  string `json:"sid"`
}

// readHint verifies an ID token that was handed out before; an expired one still tells who and for whom. What
// is not signed by a key of ours, or is another kind of token, is an invalid_request.
func (p *Provider) readHint(ctx context.Context, token string) (hint, error) {
	payload, err := p.deps.Keys.Verify(ctx, token, keys.TypeIDToken)
	if errors.Is(err, db.ErrUnavailable) {
		return hint{}, err
	}
	var h hint
	if err != nil || json.Unmarshal(payload, &h) != nil || h.Issuer != p.cfg.Issuer || h.Subject == "" {
		return hint{}, invalidRequest("id_token_hint is not a token of this issuer")
	}
	return h, nil
}
