package sandbox

import "errors"

// need loads the object that the path names.
func (t *tx) need(kind, id string) (obj, error) {
	o, err := t.find(kind, id)
	if errors.Is(err, errAbsent) || (err == nil && o.flag("deleted")) {
		return nil, noSuch(kind, id)
	}
	return o, err
}

// needParam loads an object that a parameter names.
func (t *tx) needParam(kind, id, param string) (obj, error) {
	o, err := t.find(kind, id)
	if errors.Is(err, errAbsent) || (err == nil && o.flag("deleted")) {
		return nil, noSuchParam(kind, id, param)
	}
	return o, err
}

// retrieve answers GET /v1/<kind>/<id>.
func retrieve(kind string) operation {
	return operation{params: fields{}, run: func(t *tx) (obj, error) { return t.need(kind, t.id) }}
}

// retrieveGone is retrieve for kinds whose deletion stays visible.
func retrieveGone(kind string) operation {
	return operation{params: fields{}, run: func(t *tx) (obj, error) {
		o, err := t.find(kind, t.id)
		if errors.Is(err, errAbsent) {
			return nil, noSuch(kind, t.id)
		}
		return o, err
	}}
}

// deletion answers DELETE and emits the given event, if any.
func deletion(kind, event string) operation {
	return operation{params: fields{}, run: func(t *tx) (obj, error) {
		o, err := t.need(kind, t.id)
		if err != nil {
			return nil, err
		}
		if event != "" {
			if err := t.emit(event, o); err != nil {
				return nil, err
			}
		}
		return obj{"id": o["id"], "object": o["object"], "deleted": true}, t.remove(o)
	}}
}

// listing answers a list with filters: parameter -> SQL condition.
func listing(kind, url string, conditions map[string]string, params fields) operation {
	return operation{params: listParams(params), run: func(t *tx) (obj, error) {
		return t.page(kind, url, t.where(conditions)...)
	}}
}

// base is what every object begins with.
func (t *tx) base(kind, prefix string) obj {
	o := obj{"id": newID(prefix), "object": kind, "created": t.now, "livemode": false, "metadata": obj{}}
	o.mergeMetadata(t.params)
	return o
}

// create inserts a new object and emits its event.
func (t *tx) create(event string, o obj) error {
	if err := t.insert(o); err != nil {
		return err
	}
	if event == "" {
		return nil
	}
	return t.emit(event, o)
}
