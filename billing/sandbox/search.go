package sandbox

import "regexp"

// clause is the one form of search that is understood: a key of the metadata has a value.
var clause = regexp.MustCompile(`^\s*metadata\[(?:'([^'"\\]{1,40})'|"([^'"\\]{1,40})")\]\s*:\s*(?:'([^'"\\]{1,500})'|"([^'"\\]{1,500})")\s*$`)

// searching answers a search by metadata. Unlike Stripe's, it knows what was made a moment ago.
func searching(kind, url string) operation {
	return operation{
		params: fields{"query": text().need(), "limit": between(1, 100), "page": text()},
		run: func(t *tx) (obj, error) {
			m := clause.FindStringSubmatch(t.params.str("query"))
			if m == nil {
				return nil, badRequest("", "query", "We were unable to parse your search query. The sandbox searches for metadata['key']:'value' alone.")
			}
			page, err := t.page(kind, url, filter{"json_extract(body, '$.metadata.\"" + m[1] + m[2] + "\"')=?", m[3] + m[4]})
			if err != nil {
				return nil, err
			}
			page["object"], page["next_page"] = "search_result", nil
			return page, nil
		},
	}
}
