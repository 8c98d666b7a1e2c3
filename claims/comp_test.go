package claims_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
)

var (
	_ sql.Scanner   = (*claims.FeatureList)(nil)
	_ driver.Valuer = claims.FeatureList(nil)
)

func TestFeatureListRoundTrip(t *testing.T) {
	t.Parallel()
	for _, list := range []claims.FeatureList{nil, {}, {"a"}, {"b", "ż\"", "a"}} {
		value, err := list.Value()
		if err != nil {
			t.Fatal(err)
		}
		text, ok := value.(string)
		if !ok {
			t.Fatalf("%v is kept as %T, want text", list, value)
		}
		for _, stored := range []any{text, []byte(text)} {
			var got claims.FeatureList
			if err := got.Scan(stored); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append(claims.FeatureList{}, list...), got); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestFeatureListRefusesWhatCouldReadAsEverything(t *testing.T) {
	t.Parallel()
	for _, stored := range []any{nil, "", "null", "{}", `"a"`, "[1]", 7} {
		got := claims.FeatureList{"kept"}
		if err := got.Scan(stored); err == nil {
			t.Errorf("%#v was read as %v", stored, got)
		}
	}
}

func validComp() claims.Comp {
	return claims.Comp{
		ID: "c1", UserID: "u1", ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary",
		Features: claims.FeatureList{"x"}, ExpiresAt: at(noon), GivenBy: "admin", Reason: "founding customer",
	}
}

func TestCompValidate(t *testing.T) {
	t.Parallel()
	if err := validComp().Validate(); err != nil {
		t.Errorf("a good comp: %v", err)
	}
	for name, change := range map[string]func(*claims.Comp){
		"no user":         func(c *claims.Comp) { c.UserID = "" },
		"no app":          func(c *claims.Comp) { c.ClientID = " " },
		"no slug":         func(c *claims.Comp) { c.PlanSlug = "" },
		"no name":         func(c *claims.Comp) { c.PlanName = "" },
		"a grant's slug":  func(c *claims.Comp) { c.PlanSlug = "platform-owner-grant" },
		"a blank feature": func(c *claims.Comp) { c.Features = claims.FeatureList{"x", " "} },
		"the year 10000":  func(c *claims.Comp) { c.ExpiresAt = at(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) },
	} {
		c := validComp()
		change(&c)
		if err := c.Validate(); !errors.Is(err, claims.ErrInvalidComp) {
			t.Errorf("%s: %v, want ErrInvalidComp", name, err)
		}
	}
}

func TestCompAsSource(t *testing.T) {
	t.Parallel()
	c := validComp()
	want := claims.Source{
		Kind: claims.SourceComp, ID: "c1", PlanSlug: "comp", PlanName: "Complimentary", PlanPosition: 3,
		Features: []string{"x"}, ExpiresAt: at(noon),
	}
	if diff := cmp.Diff(want, c.Source(3)); diff != "" {
		t.Error(diff)
	}
	if c.TableName() != "app_entitlement_overrides" {
		t.Errorf("table %q", c.TableName())
	}
}

func TestCompLiveAt(t *testing.T) {
	t.Parallel()
	c := validComp()
	if !c.LiveAt(noon.Add(-time.Second)) || c.LiveAt(noon) {
		t.Error("a comp counts until the second of its end")
	}
	c.ExpiresAt = nil
	if !c.LiveAt(noon.AddDate(100, 0, 0)) {
		t.Error("a comp without end counts for ever")
	}
	c.EndedAt = at(noon)
	if c.LiveAt(noon.AddDate(0, 0, -1)) {
		t.Error("one that was taken back does not count")
	}
}
