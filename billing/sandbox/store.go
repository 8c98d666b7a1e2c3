package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the pure Go driver behind database/sql
)

// Every Stripe object is one JSON row; the other columns are copies that lists
// and the clock search by. seq is the order of creation.
const schema = `
CREATE TABLE IF NOT EXISTS objects(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
  created INTEGER NOT NULL, customer TEXT NOT NULL, parent TEXT NOT NULL,
  status TEXT NOT NULL, clock TEXT NOT NULL, due INTEGER,
  deleted INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL,
  UNIQUE(account, kind, id));
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects(account, kind, customer, seq);
CREATE INDEX IF NOT EXISTS objects_by_parent ON objects(account, kind, parent, seq);
CREATE INDEX IF NOT EXISTS objects_by_id ON objects(id);
CREATE INDEX IF NOT EXISTS objects_by_due ON objects(clock, due, seq) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS replies(
  account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL, body TEXT NOT NULL, request_id TEXT NOT NULL, created INTEGER NOT NULL,
  PRIMARY KEY(account, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL, event TEXT NOT NULL, type TEXT NOT NULL, endpoint TEXT NOT NULL,
  due INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL, response INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
  fault TEXT NOT NULL DEFAULT '', payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries(endpoint, due, seq) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries(event);
CREATE TABLE IF NOT EXISTS settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`

func (s *Sandbox) openState(ctx context.Context) error {
	path := s.cfg.Path
	if path == "" || path == ":memory:" {
		dir, err := os.MkdirTemp("", "wolfie-sandbox-")
		if err != nil {
			return fmt.Errorf("make temporary state: %w", err)
		}
		s.temp, path = dir, filepath.Join(dir, "sandbox.db")
	}
	query := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+query.Encode())
	if err != nil {
		return fmt.Errorf("open state %s: %w", path, err)
	}
	db.SetMaxOpenConns(8)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return errors.Join(fmt.Errorf("prepare state %s: %w", path, err), db.Close())
	}
	s.db = db
	return nil
}

// querier is what *sql.DB and *sql.Tx share: reads run outside a transaction,
// everything that writes inside one.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tx is one unit of work: a request, a page submit or one step of the clock.
// It sees the objects of one account ("" is the platform's own).
type tx struct {
	ctx      context.Context
	s        *Sandbox
	q        querier
	account  string
	now      int64 // sandbox time in Unix seconds; the test clock's for objects on one
	id, item string
	params   obj
	header   func(string) string
	request  obj
	preview  bool // nothing leaves: no events, no payment attempts
	captured obj  // the invoice that a preview would have sent
}

func (s *Sandbox) reader(ctx context.Context, account string) *tx {
	return &tx{ctx: ctx, s: s, q: s.db, account: account, now: s.cfg.Now().Unix(), request: obj{"id": nil, "idempotency_key": nil}}
}

// write runs fn in an immediate transaction and commits unless fn fails.
func (s *Sandbox) write(ctx context.Context, account string, fn func(*tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	sqlTx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = sqlTx.Rollback() }()
	t := s.reader(ctx, account)
	t.q = sqlTx
	if err := fn(t); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.nudge()
	return nil
}

// nudge tells Run that there may be something to deliver.
func (s *Sandbox) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// savepoint runs fn; if it fails, what it wrote is undone and the rest of the
// transaction stays usable.
func (t *tx) savepoint(fn func() error) error {
	if _, err := t.q.ExecContext(t.ctx, "SAVEPOINT step"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	err := fn()
	end := "RELEASE step"
	if err != nil {
		end = "ROLLBACK TO step; RELEASE step"
	}
	if _, endErr := t.q.ExecContext(t.ctx, end); endErr != nil {
		return errors.Join(err, fmt.Errorf("end savepoint: %w", endErr))
	}
	return err
}

// home is the account that a kind of object lives in: connected accounts
// themselves belong to the platform.
func (t *tx) home(kind string) string {
	if kind == "account" || kind == "application_fee" || kind == "fee_refund" || kind == "webhook_endpoint" {
		return ""
	}
	return t.account
}

// insert stores a new object, save writes an existing one back.
func (t *tx) insert(o obj) error {
	kind := o.str("object")
	created := max(o.num("created"), o.num("date")) // invoice items say "date"
	_, err := t.q.ExecContext(t.ctx, `INSERT INTO objects(account, kind, id, created, customer, parent, status, clock, due, body)
		VALUES(?,?,?,?,?,?,?,?,?,?)`, t.home(kind), kind, o.str("id"), created,
		o.str("customer"), parentOf(o), o.str("status"), o.str("test_clock"), dueOf(o), o.json())
	if err != nil {
		return fmt.Errorf("insert %s: %w", o.str("id"), err)
	}
	return nil
}

func (t *tx) save(o obj) error {
	kind := o.str("object")
	_, err := t.q.ExecContext(t.ctx, `UPDATE objects SET customer=?, parent=?, status=?, clock=?, due=?, body=? WHERE account=? AND kind=? AND id=?`,
		o.str("customer"), parentOf(o), o.str("status"), o.str("test_clock"), dueOf(o), o.json(), t.home(kind), kind, o.str("id"))
	if err != nil {
		return fmt.Errorf("save %s: %w", o.str("id"), err)
	}
	return nil
}

// remove hides an object from lists and reads; its deletion stays visible as Stripe shows it.
func (t *tx) remove(o obj) error {
	kind := o.str("object")
	_, err := t.q.ExecContext(t.ctx, `UPDATE objects SET deleted=1, due=NULL WHERE account=? AND kind=? AND id=?`, t.home(kind), kind, o.str("id"))
	if err != nil {
		return fmt.Errorf("remove %s: %w", o.str("id"), err)
	}
	return nil
}

var errAbsent = errors.New("no such object")

// find loads an object of this account, or errAbsent. A deleted one comes back
// with "deleted" true.
func (t *tx) find(kind, id string) (obj, error) {
	var body string
	var deleted bool
	err := t.q.QueryRowContext(t.ctx, `SELECT body, deleted FROM objects WHERE account=? AND kind=? AND id=?`, t.home(kind), kind, id).Scan(&body, &deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", id, err)
	}
	o, err := parseObj(body)
	if err != nil {
		return nil, err
	}
	if deleted {
		o["deleted"] = true
	}
	return o, nil
}

// accountOf finds in which account an id lives, for hosted pages that carry only the id.
func (s *Sandbox) accountOf(ctx context.Context, kind, id string) (string, error) {
	var account string
	err := s.db.QueryRowContext(ctx, `SELECT account FROM objects WHERE id=? AND kind=? AND deleted=0`, id, kind).Scan(&account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errAbsent
	}
	if err != nil {
		return "", fmt.Errorf("find account of %s: %w", id, err)
	}
	return account, nil
}

// all loads live objects that match a condition over the index columns, oldest first.
func (t *tx) all(kind, where string, args ...any) ([]obj, error) {
	rows, err := t.q.QueryContext(t.ctx, `SELECT body FROM objects WHERE account=? AND kind=? AND deleted=0 AND `+where+` ORDER BY seq`,
		append([]any{t.home(kind), kind}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", kind, err)
	}
	return scanObjs(rows)
}

func scanObjs(rows *sql.Rows) ([]obj, error) {
	defer func() { _ = rows.Close() }()
	var out []obj
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("scan object: %w", err)
		}
		o, err := parseObj(body)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	return out, nil
}

var parentKey = map[string]string{
	"price": "product", "subscription_item": "subscription", "invoice": "subscription", "invoiceitem": "subscription",
	"charge": "payment_intent", "refund": "charge", "application_fee": "charge", "fee_refund": "fee",
	"checkout.session": "subscription", "payment_intent": "invoice", "dispute": "charge", "event": "type",
}

func parentOf(o obj) string { return o.str(parentKey[o.str("object")]) }

// dueOf is the moment at which time alone changes the object, or nil.
func dueOf(o obj) any {
	if due := o.num("_due"); due > 0 {
		return due
	}
	return nil
}
