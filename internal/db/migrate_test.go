package db_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, err := db.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for range 2 {
			if err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, table := range tables(t, d) {
			if !strings.HasPrefix(table, "goose_") {
				t.Errorf("table %s is left after the last step down", table)
			}
		}
	})
}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				d, err := db.Open(t.Context(), dsn)
				if err != nil {
					t.Error(err)
					return
				}
				defer d.Close()
				if err := d.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// TestTheTwoSchemasAgree compares tables, columns, kinds, nullability and unique keys of the two engines.
func TestTheTwoSchemasAgree(t *testing.T) {
	t.Parallel()
	dsn := dbtest.PostgresDSN(t)
	if dsn == "" {
		return
	}
	pg, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	if diff := cmp.Diff(sqliteSchema(t, dbtest.SQLite(t)), postgresSchema(t, pg)); diff != "" {
		t.Errorf("schemas differ (-sqlite +postgres):\n%s", diff)
	}
}

func tables(t *testing.T, d *db.DB) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if d.Dialect() == db.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"
	}
	var names []string
	if err := d.Conn(t.Context()).Raw(query).Scan(&names).Error; err != nil {
		t.Fatal(err)
	}
	return names
}

// ours leaves out the tables of the migration and job libraries, whose schemas are theirs.
func ours(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool {
		return strings.HasPrefix(n, "goose_") || strings.HasPrefix(n, "river_")
	})
}

var kinds = map[string]string{
	"text": "text", "bigint": "integer", "integer": "integer", "boolean": "boolean", // SQLite numbers rows by itself as INTEGER alone
	"timestamp": "time", "timestamp with time zone": "time", "blob": "bytes", "bytea": "bytes",
}

func sqliteSchema(t *testing.T, d *db.DB) []string {
	t.Helper()
	var out []string
	for _, table := range ours(tables(t, d)) {
		var cols []struct {
			Name    string
			Type    string
			Notnull int
			Pk      int
		}
		if err := d.Conn(t.Context()).Raw("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)", table).Scan(&cols).Error; err != nil {
			t.Fatal(err)
		}
		for _, c := range cols {
			out = append(out, fmt.Sprintf("%s.%s %s null=%v", table, c.Name, kinds[strings.ToLower(c.Type)], c.Notnull == 0 && c.Pk == 0))
			if c.Pk == 1 && c.Type == "INTEGER" { // the row's own number: unique without an index
				out = append(out, uniqueLines(table, []string{c.Name})...)
			}
		}
		var uniques []string
		err := d.Conn(t.Context()).Raw(`SELECT group_concat(name) FROM (
			SELECT l.name AS idx, i.name AS name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l."unique" = 1 ORDER BY l.name, i.name)
			GROUP BY idx`, table).Scan(&uniques).Error
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, uniqueLines(table, uniques)...)
	}
	slices.Sort(out)
	return out
}

func postgresSchema(t *testing.T, d *db.DB) []string {
	t.Helper()
	var out []string
	for _, table := range ours(tables(t, d)) {
		var cols []struct{ ColumnName, DataType, IsNullable string }
		if err := d.Conn(t.Context()).Raw("SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ?", table).Scan(&cols).Error; err != nil {
			t.Fatal(err)
		}
		for _, c := range cols {
			out = append(out, fmt.Sprintf("%s.%s %s null=%v", table, c.ColumnName, kinds[c.DataType], c.IsNullable == "YES"))
		}
		var uniques []string
		err := d.Conn(t.Context()).Raw(`SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_index x
			JOIN pg_class c ON c.oid = x.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey)
			WHERE x.indisunique AND c.relname = ? GROUP BY x.indexrelid`, table).Scan(&uniques).Error
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, uniqueLines(table, uniques)...)
	}
	slices.Sort(out)
	return out
}

var comma = regexp.MustCompile(`\s*,\s*`)

func uniqueLines(table string, groups []string) []string {
	var out []string
	for _, g := range groups {
		names := comma.Split(g, -1)
		slices.Sort(names)
		out = append(out, table+" unique "+strings.Join(names, ","))
	}
	return out
}
