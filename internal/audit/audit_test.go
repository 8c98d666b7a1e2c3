package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func each(t *testing.T, f func(t *testing.T, d *db.DB, log *audit.Log)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f(t, d, audit.NewLog(d, func() time.Time { return noon }))
	})
}

func TestEntryCarriesTheRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *db.DB, log *audit.Log) {
		ctx := audit.WithRequest(t.Context(), audit.Request{IP: "192.0.2.1", RequestID: "r1", ActorKind: audit.ActorUser, ActorID: "u1"})
		entry := audit.Entry{
			OrgID: "o1", Action: "plan.renamed", Target: audit.Target{Kind: "plan", ID: "p1"},
			Before: map[string]string{"name": "Pro"}, After: map[string]string{"name": "Złoty"},
		}
		if err := log.Record(ctx, entry); err != nil {
			t.Fatal(err)
		}
		got, next, err := log.List(ctx, audit.Filter{OrgID: "o1"})
		if err != nil || next != "" || len(got) != 1 {
			t.Fatalf("%v, %q, %v", got, next, err)
		}
		want := audit.Record{
			ID: got[0].ID, At: noon, ActorKind: "user", ActorID: "u1", OrgID: "o1", Action: "plan.renamed",
			TargetKind: "plan", TargetID: "p1", IP: "192.0.2.1", RequestID: "r1",
			BeforeJSON: `{"name":"Pro"}`, AfterJSON: `{"name":"Złoty"}`,
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEntryFallsWithItsTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *db.DB, log *audit.Log) {
		failed := errors.New("the action failed")
		err := d.InTx(t.Context(), func(ctx context.Context) error {
			if err := log.Record(ctx, audit.Entry{Action: "a.done"}); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if got, _, _ := log.List(t.Context(), audit.Filter{}); len(got) != 0 {
			t.Errorf("%d entries of an action that never was", len(got))
		}
		if err := log.Record(t.Context(), audit.Entry{Action: "a.done", After: func() {}}); err == nil {
			t.Error("recorded what cannot be written")
		}
	})
}

func TestEntriesCannotBeChanged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *db.DB, log *audit.Log) {
		if err := log.Record(t.Context(), audit.Entry{Action: "a.done"}); err != nil {
			t.Fatal(err)
		}
		statements := []string{"UPDATE audit_entries SET action = 'b.done'", "DELETE FROM audit_entries"}
		if d.Dialect() == db.Postgres { // SQLite has no other way to empty a table
			statements = append(statements, "TRUNCATE audit_entries")
		}
		for _, stmt := range statements {
			if err := d.Conn(t.Context()).Exec(stmt).Error; err == nil {
				t.Errorf("the database accepted %s", stmt)
			}
		}
		got, _, err := log.List(t.Context(), audit.Filter{Action: "a.done"})
		if err != nil || len(got) != 1 || got[0].ActorKind != audit.ActorSystem {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestPagesAndFilters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *db.DB, log *audit.Log) {
		ctx := t.Context()
		for i := range 25 {
			e := audit.Entry{Actor: audit.Actor{Kind: "user", ID: "u1"}, OrgID: "o1", Action: "a.done"}
			if i%5 == 0 {
				e.OrgID, e.Actor.ID = "o2", "u2"
			}
			if err := log.Record(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		seen, f := map[string]bool{}, audit.Filter{OrgID: "o1", Limit: 7}
		for {
			page, next, err := log.List(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				if seen[r.ID] || r.OrgID != "o1" {
					t.Errorf("%+v twice or foreign", r)
				}
				seen[r.ID] = true
			}
			if f.Before = next; next == "" {
				break
			}
		}
		if len(seen) != 20 {
			t.Errorf("saw %d of 20", len(seen))
		}
		for _, f := range []audit.Filter{{ActorID: "u2"}, {OrgID: "o2", From: noon}, {OrgID: "o2", To: noon.Add(time.Microsecond)}} {
			if page, _, err := log.List(ctx, f); err != nil || len(page) != 5 {
				t.Errorf("%+v: %d, %v", f, len(page), err)
			}
		}
		for _, f := range []audit.Filter{{To: noon}, {From: noon.Add(time.Microsecond)}, {TargetID: "' OR 1=1"}, {Before: "0"}} {
			if page, _, err := log.List(ctx, f); err != nil || len(page) != 0 {
				t.Errorf("%+v: %d, %v", f, len(page), err)
			}
		}
	})
}

type base struct{ CreatedAt time.Time }

type account struct {
	base
	*hidden
	Name         string  `json:"name"`
	PasswordHash string  `json:"password_hash"`
	ClientSecret string  `json:"clientSecret"`
	EmptyToken   string  `json:"emptyToken"`
	TokenMinutes int     `json:"tokenMinutes"`
	Note         string  `audit:"-"`
	Ignored      string  `json:"-"`
	Gone         *string `json:"gone,omitempty"`
	Raw          []byte
	Nested       []map[string]any
	private      string
}

type hidden struct{ Hidden string }

func TestRedact(t *testing.T) {
	t.Parallel()
	v := &account{
		base: base{CreatedAt: noon}, Name: "Ann", PasswordHash: "s3cr3t-a", ClientSecret: "s3cr3t-b", TokenMinutes: 5,
		Note: "s3cr3t-c", Ignored: "s3cr3t-d", Raw: []byte("s3cr3t-e"), private: "s3cr3t-f",
		Nested: []map[string]any{{"API-Key": "s3cr3t-g", "ok": true, "accessToken": []string{"s3cr3t-h"}, "none": nil}},
	}
	raw, err := json.Marshal(audit.Redact(v))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"CreatedAt":"2026-03-01T12:00:00Z","Nested":[{"API-Key":"[redacted]","accessToken":"[redacted]","none":null,"ok":true}],` +
		`"Raw":"[bytes]","clientSecret":"[redacted]","emptyToken":"","name":"Ann","password_hash":"[redacted]","tokenMinutes":5}`
	if string(raw) != want || strings.Contains(string(raw), "s3cr3t") {
		t.Errorf("\n%s\n%s", raw, want)
	}
	for _, v := range []any{nil, (*account)(nil), map[string]string(nil), "text", 5} {
		if _, err := json.Marshal(audit.Redact(v)); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}
