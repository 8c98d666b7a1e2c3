package sandbox

import (
	"fmt"
	"strings"
)

// Every list takes these.
var pageParams = fields{"limit": between(1, 100), "starting_after": text(), "ending_before": text()}

var createdFilter = field{kind: looseField}

// filter is one condition of a list: a column or a JSON path, and its value.
type filter struct {
	expr string
	arg  any
}

// listParams are the page parameters and the filters of one list.
func listParams(filters fields) fields {
	return pageParams.plus(fields{"created": createdFilter}).plus(filters)
}

// page answers a list of one kind, newest first, as Stripe's cursors do.
func (t *tx) page(kind, url string, filters ...filter) (obj, error) {
	where := []string{"account=?", "kind=?", "deleted=0"}
	args := []any{t.home(kind), kind}
	for _, f := range filters {
		where, args = append(where, f.expr), append(args, f.arg)
	}
	bounds, err := createdBounds(t.params["created"])
	if err != nil {
		return nil, err
	}
	for _, f := range bounds {
		where, args = append(where, f.expr), append(args, f.arg)
	}
	limit := t.params.or("limit", int64(10)).(int64)
	order := "DESC"
	if after := t.params.str("starting_after"); after != "" {
		seq, err := t.cursor(kind, after, "starting_after")
		if err != nil {
			return nil, err
		}
		where, args = append(where, "seq<?"), append(args, seq)
	}
	if before := t.params.str("ending_before"); before != "" {
		seq, err := t.cursor(kind, before, "ending_before")
		if err != nil {
			return nil, err
		}
		where, args, order = append(where, "seq>?"), append(args, seq), "ASC"
	}
	query := `SELECT body FROM objects WHERE ` + strings.Join(where, " AND ") + ` ORDER BY seq ` + order + ` LIMIT ?` // fixed fragments only
	rows, err := t.q.QueryContext(t.ctx, query, append(args, limit+1)...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	found, err := scanObjs(rows)
	if err != nil {
		return nil, err
	}
	more := int64(len(found)) > limit
	if more {
		found = found[:limit]
	}
	data := anys(found)
	if order == "ASC" {
		for i, j := 0, len(data)-1; i < j; i, j = i+1, j-1 {
			data[i], data[j] = data[j], data[i]
		}
	}
	return listOf(url, data, more), nil
}

func (t *tx) cursor(kind, id, param string) (int64, error) {
	var seq int64
	err := t.q.QueryRowContext(t.ctx, `SELECT seq FROM objects WHERE account=? AND kind=? AND id=?`, t.home(kind), kind, id).Scan(&seq)
	if err != nil {
		return 0, noSuchParam(kind, id, param)
	}
	return seq, nil
}

// createdBounds reads created=T or created[gt|gte|lt|lte]=T.
func createdBounds(v any) ([]filter, error) {
	ops := map[string]string{"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
	var out []filter
	switch v := v.(type) {
	case string:
		n, err := integer().integer(v, "created")
		if err != nil {
			return nil, err
		}
		out = append(out, filter{"created=?", n})
	case obj:
		for k, x := range v {
			op, ok := ops[k]
			s, isText := x.(string)
			if !ok || !isText {
				return nil, badRequest("parameter_unknown", "created["+k+"]", "Received unknown parameter: created[%s]", k)
			}
			n, err := integer().integer(s, "created["+k+"]")
			if err != nil {
				return nil, err
			}
			out = append(out, filter{"created" + op + "?", n})
		}
	}
	return out, nil
}

// where builds filters from the text parameters that were sent:
// parameter name -> SQL condition.
func (t *tx) where(conditions map[string]string) []filter {
	var out []filter
	for name, expr := range conditions {
		if v, ok := t.params[name]; ok {
			out = append(out, filter{expr, v})
		}
	}
	return out
}

func jsonPath(key string) string { return "json_extract(body, '$." + key + "')=?" }

// pageOf cuts a list that is already in memory, such as the lines of an invoice.
func (t *tx) pageOf(url string, all []any) obj {
	start, limit := 0, int(t.params.or("limit", int64(10)).(int64))
	if after := t.params.str("starting_after"); after != "" {
		for i, v := range all {
			if v.(obj).str("id") == after {
				start = i + 1
			}
		}
	}
	end := min(start+limit, len(all))
	return listOf(url, all[start:end], end < len(all))
}
