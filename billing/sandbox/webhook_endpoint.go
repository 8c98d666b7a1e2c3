package sandbox

import "net/url"

var createEndpoint = operation{
	params: fields{
		"url": text().need(), "enabled_events": list(text()).need(), "api_version": text(), "connect": yesNo(),
		"description": text().clearable(), "metadata": metadata(),
	},
	run: func(t *tx) (obj, error) {
		if err := checkHookURL(t.params.str("url")); err != nil {
			return nil, err
		}
		id, secret := newID("we_"), "whsec_"+randomText(32)
		if chosen := t.header("Sandbox-Id"); chosen != "" {
			if found, err := t.find("webhook_endpoint", chosen); err == nil && !found.flag("deleted") {
				return t.reviseEndpoint(found, true)
			}
			id = chosen
		}
		if chosen := t.header("Sandbox-Secret"); chosen != "" {
			secret = chosen
		}
		o := obj{
			"id": id, "object": "webhook_endpoint", "api_version": t.params["api_version"], "application": nil, "created": t.now,
			"description": t.params["description"], "enabled_events": t.params["enabled_events"], "livemode": false,
			"metadata": obj{}, "status": "enabled", "url": t.params["url"], "_connect": t.params.flag("connect"), "_secret": secret,
		}
		o.mergeMetadata(t.params)
		if err := t.insert(o); err != nil {
			return nil, err
		}
		return withSecret(o), nil
	},
}

// withSecret shows the signing secret, which only the answer to a creation does.
func withSecret(o obj) obj {
	out := o.clone()
	out["secret"] = o["_secret"]
	return out
}

func checkHookURL(raw string) *apiError {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return badRequest("url_invalid", "url", "Invalid URL: An explicit scheme (such as https) must be provided.")
	}
	return nil
}

// reviseEndpoint updates an endpoint in place; a demo that starts again with
// the same chosen id ends with one endpoint, at its new address.
func (t *tx) reviseEndpoint(o obj, reveal bool) (obj, error) {
	o.take(t.params, "url", "enabled_events", "description")
	if t.params.given("connect") {
		o["_connect"] = t.params.flag("connect")
	}
	if chosen := t.header("Sandbox-Secret"); chosen != "" {
		o["_secret"] = chosen
	}
	if t.params.given("disabled") {
		o["status"] = map[bool]string{true: "disabled", false: "enabled"}[t.params.flag("disabled")]
	}
	o.mergeMetadata(t.params)
	if err := t.save(o); err != nil {
		return nil, err
	}
	if reveal {
		return withSecret(o), nil
	}
	return o, nil
}

var updateEndpoint = operation{
	params: fields{
		"url": text(), "enabled_events": list(text()), "description": text().clearable(), "metadata": metadata(), "disabled": yesNo(),
	},
	run: func(t *tx) (obj, error) {
		o, err := t.need("webhook_endpoint", t.id)
		if err != nil {
			return nil, err
		}
		if t.params.given("url") {
			if err := checkHookURL(t.params.str("url")); err != nil {
				return nil, err
			}
		}
		return t.reviseEndpoint(o, false)
	},
}
