package browsertest_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// anID stands in an address for one of many alike.
var anID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// maxAdminPages bounds the tour, so that a calendar or a pager cannot make it endless.
const maxAdminPages = 30

// administer follows the links of the console from page to page, as the platform's owner or as an org's, and
// looks at one page of each kind.
func administer(t *testing.T, lang string) {
	t.Helper()
	b := newTab(t, lang)
	b.signIn(map[string]string{"en": "platform@wolfie.test", "pl": "admin@acme.test"}[lang])
	seen := map[string]bool{kind(house.line.AdminURL): true}
	for queue := []string{house.line.AdminURL}; len(queue) > 0; {
		next := queue[0]
		queue = queue[1:]
		b.open(next)
		b.inspect(adminName(next), lang)
		for _, link := range b.adminLinks() {
			if k := kind(link); !seen[k] && len(seen) < maxAdminPages {
				seen[k] = true
				queue = append(queue, link)
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("the console has only %d pages that its links lead to", len(seen))
	}
}

// adminLinks are the console's pages that this one links to; downloads are none.
func (b *tab) adminLinks() []string {
	b.t.Helper()
	links := eval[[]string](b, `[...document.querySelectorAll("a[href]:not([download])")].map(a => a.href.split("#")[0])`)
	return slices.DeleteFunc(links, func(link string) bool {
		return !strings.HasPrefix(link, house.line.AdminURL) || strings.Contains(link, "export") || strings.Contains(link, ".csv")
	})
}

// kind is an address without what makes it one of many: ids, the query, the names of apps and orgs.
func kind(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	parts := strings.Split(strings.TrimSuffix(anID.ReplaceAllString(u.Path, "ID"), "/"), "/")
	for i := 1; i < len(parts); i++ {
		if slices.Contains([]string{"clients", "orgs", "apps", "bundles", "members", "users"}, parts[i-1]) && parts[i] != "new" {
			parts[i] = "ID"
		}
	}
	return strings.Join(parts, "/")
}

func adminName(address string) string {
	return strings.ReplaceAll(strings.Trim(kind(address), "/"), "/", "-")
}
