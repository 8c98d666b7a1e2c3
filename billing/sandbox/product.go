package sandbox

var productFields = fields{
	"active": yesNo(), "description": text().clearable(), "features": list(hash(fields{"name": text().need()})),
	"images": list(text()), "metadata": metadata(), "name": text(), "package_dimensions": loose(), "shippable": yesNo(),
	"statement_descriptor": text(), "tax_code": text().clearable(), "unit_label": text().clearable(), "url": text().clearable(),
}

var createProduct = operation{
	params: productFields.plus(fields{"id": text(), "name": text().need(), "type": text(), "default_price_data": hash(priceDataFields)}),
	run: func(t *tx) (obj, error) {
		o := t.base("product", "prod_")
		if id := t.params.str("id"); id != "" {
			if _, err := t.find("product", id); err == nil {
				return nil, badRequest("resource_already_exists", "id", "Product already exists.")
			}
			o["id"] = id
		}
		for _, k := range []string{"default_price", "description", "package_dimensions", "shippable", "statement_descriptor", "tax_code", "unit_label", "url"} {
			o[k] = nil
		}
		o["active"], o["features"], o["images"] = true, []any{}, []any{}
		o.take(t.params, "active", "description", "features", "images", "name", "package_dimensions", "shippable", "statement_descriptor", "tax_code", "unit_label", "url")
		o["updated"] = t.now
		if err := t.create("product.created", o); err != nil {
			return nil, err
		}
		data := t.params.sub("default_price_data")
		if data == nil {
			return o, nil
		}
		price, err := t.newPrice(data, o.str("id"))
		if err != nil {
			return nil, err
		}
		return o, t.change("product.updated", o, func() { o["default_price"] = price["id"] })
	},
}

var updateProduct = operation{
	params: productFields.plus(fields{"default_price": text()}),
	run: func(t *tx) (obj, error) {
		o, err := t.need("product", t.id)
		if err != nil {
			return nil, err
		}
		if id := t.params.str("default_price"); id != "" {
			if _, err := t.needParam("price", id, "default_price"); err != nil {
				return nil, err
			}
		}
		return o, t.change("product.updated", o, func() {
			o.take(t.params, "active", "default_price", "description", "features", "images", "name", "package_dimensions", "shippable", "statement_descriptor", "tax_code", "unit_label", "url")
			o.mergeMetadata(t.params)
			o["updated"] = t.now
		})
	},
}

var deleteProduct = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.need("product", t.id)
	if err != nil {
		return nil, err
	}
	prices, err := t.all("price", "parent=?", t.id)
	if err != nil {
		return nil, err
	}
	if len(prices) > 0 {
		return nil, badRequest("", "id", "This product cannot be deleted because it has one or more user-created prices.")
	}
	if err := t.emit("product.deleted", o); err != nil {
		return nil, err
	}
	return obj{"id": o["id"], "object": "product", "deleted": true}, t.remove(o)
}}

var listProducts = operation{
	params: listParams(fields{"active": yesNo(), "ids": list(text()), "url": text(), "shippable": yesNo()}),
	run: func(t *tx) (obj, error) {
		filters := t.where(map[string]string{"active": jsonPath("active"), "url": jsonPath("url"), "shippable": jsonPath("shippable")})
		if ids := t.params.strs("ids"); len(ids) > 0 {
			filters = append(filters, filter{"id IN (SELECT value FROM json_each(?))", jsonArray(ids)})
		}
		return t.page("product", "/v1/products", filters...)
	},
}
