package sandbox

import (
	"context"
	"errors"
	"net/http"
)

// ConnectClientID names the sandbox's platform to the owners of accounts.
const ConnectClientID = platformApplication

const (
	platformAccount     = "acct_sandbox_platform" // the account that the secret key belongs to
	platformApplication = "ca_sandbox_platform"   // its Connect application
)

var accountFields = fields{
	"email": text(), "business_type": word("company", "government_entity", "individual", "non_profit"), "default_currency": text(), "metadata": metadata(),
	"business_profile": hash(fields{"name": text().clearable(), "url": text().clearable(), "mcc": text(), "product_description": text(), "support_email": text(), "support_phone": text(), "support_url": text(), "support_address": loose()}),
	"capabilities":     loose(), "company": loose(), "individual": loose(), "settings": loose(), "tos_acceptance": loose(), "external_account": loose(), "documents": loose(), "account_token": text(),
}

var createAccount = operation{
	params: accountFields.plus(fields{"type": word("standard", "express", "custom"), "country": text(), "controller": loose()}),
	run: func(t *tx) (obj, error) {
		if t.account != "" {
			return nil, badRequest("", "", "You can only create new accounts if you've signed up for Connect.")
		}
		chosen := t.header("Sandbox-Id")
		if chosen != "" {
			if found, err := t.find("account", chosen); err == nil && !found.flag("deleted") {
				return found, nil
			}
		}
		o := t.newAccount(t.params.str("type"))
		if chosen != "" { // a chosen account is for demos and tests: it can sell at once
			o["id"] = chosen
			enable(o)
		}
		if c := t.params.str("country"); c != "" {
			o["country"] = c
		}
		t.fillAccount(o)
		return o, t.insert(o)
	},
}

func (t *tx) newAccount(kind string) obj {
	o := t.base("account", "acct_")
	delete(o, "livemode")
	if kind == "" {
		kind = "standard"
	}
	o["type"], o["country"], o["default_currency"], o["email"] = kind, "PL", "pln", nil
	o["business_type"], o["charges_enabled"], o["payouts_enabled"], o["details_submitted"] = nil, false, false, false
	o["business_profile"] = obj{"mcc": nil, "name": nil, "product_description": nil, "support_address": nil, "support_email": nil, "support_phone": nil, "support_url": nil, "url": nil}
	o["capabilities"], o["controller"], o["external_accounts"] = obj{}, obj{"type": "application", "is_controller": true}, listOf("/v1/accounts/"+o.str("id")+"/external_accounts", nil, false)
	due := []any{"business_profile.url", "external_account", "tos_acceptance.date"}
	o["requirements"], o["future_requirements"] = requirements(due, "requirements.past_due"), requirements([]any{}, "")
	o["settings"] = obj{
		"branding": obj{"icon": nil, "logo": nil, "primary_color": nil, "secondary_color": nil}, "card_issuing": obj{"tos_acceptance": obj{"date": nil, "ip": nil}},
		"card_payments": obj{"decline_on": obj{"avs_failure": false, "cvc_failure": false}, "statement_descriptor_prefix": nil, "statement_descriptor_prefix_kana": nil, "statement_descriptor_prefix_kanji": nil},
		"dashboard":     obj{"display_name": nil, "timezone": "Etc/UTC"}, "payments": obj{"statement_descriptor": nil, "statement_descriptor_kana": nil, "statement_descriptor_kanji": nil},
		"payouts": obj{"debit_negative_balances": true, "schedule": obj{"delay_days": int64(2), "interval": "daily"}, "statement_descriptor": nil}, "sepa_debit_payments": obj{},
	}
	o["tos_acceptance"] = obj{"date": nil, "ip": nil, "user_agent": nil}
	return o
}

func requirements(due []any, reason string) obj {
	return obj{"alternatives": []any{}, "current_deadline": nil, "currently_due": due, "disabled_reason": orNil(reason), "errors": []any{}, "eventually_due": due, "past_due": due, "pending_verification": []any{}}
}

// enable makes an account ready to charge and to be paid out.
func enable(o obj) {
	o["charges_enabled"], o["payouts_enabled"], o["details_submitted"] = true, true, true
	o["capabilities"] = obj{"card_payments": "active", "transfers": "active"}
	o["requirements"] = requirements([]any{}, "")
}

func (t *tx) fillAccount(o obj) {
	o.take(t.params, "email", "business_type", "default_currency")
	o.sub("business_profile").take(t.params.sub("business_profile"), "name", "url", "mcc", "product_description", "support_email", "support_phone", "support_url")
	if name := o.sub("business_profile").str("name"); name != "" {
		o.sub("settings").sub("dashboard")["display_name"] = name
	}
	o.mergeMetadata(t.params)
}

// reachable loads an account that the platform still has access to.
func (t *tx) reachable(id string) (obj, error) {
	o, err := t.find("account", id)
	if errors.Is(err, errAbsent) || err == nil && (o.flag("deleted") || o.flag("_revoked")) {
		e := badRequest("account_invalid", "", "The provided key '%s' does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", maskKey(t.s.cfg.SecretKey), id)
		e.status = http.StatusForbidden
		return nil, e
	}
	return o, err
}

var retrieveAccount = operation{params: fields{}, run: func(t *tx) (obj, error) {
	id := t.id
	if id == "" { // GET /v1/account
		id = t.account
	}
	if id == "" {
		id = platformAccount
	}
	if t.account != "" && id != t.account {
		return nil, noSuch("account", id)
	}
	return t.reachable(id)
}}

var updateAccount = operation{params: accountFields, run: func(t *tx) (obj, error) {
	o, err := t.reachable(t.id)
	if err != nil {
		return nil, err
	}
	return o, t.change("account.updated", o, func() { t.fillAccount(o) })
}}

var deleteAccount = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.reachable(t.id)
	if err != nil {
		return nil, err
	}
	if t.id == platformAccount {
		return nil, badRequest("", "", "You cannot delete your own account.")
	}
	return obj{"id": o["id"], "object": "account", "deleted": true}, t.remove(o)
}}

var listAccounts = operation{params: listParams(nil), run: func(t *tx) (obj, error) {
	return t.page("account", "/v1/accounts", filter{"id<>?", platformAccount}, filter{"json_extract(body, '$._revoked') IS NOT ?", true})
}}

// ensurePlatform makes the platform's own account on first start.
func (s *Sandbox) ensurePlatform(ctx context.Context) error {
	return s.write(ctx, "", func(t *tx) error {
		_, err := t.find("account", platformAccount)
		if !errors.Is(err, errAbsent) {
			return err
		}
		t.params = obj{}
		o := t.newAccount("standard")
		o["id"] = platformAccount
		o.sub("business_profile")["name"] = "Sandbox platform"
		enable(o)
		return t.insert(o)
	})
}

// accountOfToken finds the account whose OAuth access token this is.
func (s *Sandbox) accountOfToken(r *http.Request, token string) (string, bool) {
	var id string
	err := s.db.QueryRowContext(r.Context(), `SELECT id FROM objects WHERE account='' AND kind='account' AND deleted=0
		AND json_extract(body,'$._access_token')=? AND json_extract(body,'$._revoked') IS NOT 1`, token).Scan(&id)
	return id, err == nil
}
