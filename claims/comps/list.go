package comps

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/claims"
)

// MaxLines bounds a list.
const MaxLines = 20_000

// ErrTooManyLines and ErrNoLines mean that a list has more than [MaxLines], or none.
var (
	ErrTooManyLines = errors.New("too many lines")
	ErrNoLines      = errors.New("no lines")
)

// Why a line was refused.
const (
	CodeUnreadable   = "unreadable"
	CodeAddress      = "email_invalid"
	CodeDuplicate    = "duplicate"
	CodePlan         = "plan_unknown"
	CodeUntil        = "until_invalid"
	CodePast         = "until_past"
	CodeReason       = "reason_missing"
	CodeSelf         = "self"
	CodeExists       = "exists"
	fieldLimit       = 400
	columnEmail      = "email"
	columnPlan       = "plan"
	columnUntil      = "until"
	columnReason     = "reason"
	passesPerTx      = 100
	dateLayout       = time.DateOnly
	endOfDay         = 24 * time.Hour
	byteOrderMark    = "\ufeff"
	defaultSeparator = ','
)

// List is a list of passes as it was sent: one address a line, or CSV with the columns email, plan, until and
// reason, in that order or as its first line names them, separated by commas or semicolons. What a line leaves
// out is taken from here.
type List struct {
	ClientID, GivenBy string
	Text              string
	PlanSlug          string
	ExpiresAt         *time.Time
	Reason            string
}

// Check reads a list and keeps it with a result for each line; nothing is given yet. Errors: [ErrNoLines],
// [ErrTooManyLines], [ErrPlan] for the list's own plan, [ErrEndPast] for its end.
func (s *Service) Check(ctx context.Context, in List) (claims.CompRun, error) {
	if in.ExpiresAt != nil && !in.ExpiresAt.After(s.now()) {
		return claims.CompRun{}, ErrEndPast
	}
	slug, name, err := s.plan(ctx, in.ClientID, in.PlanSlug)
	if err != nil {
		return claims.CompRun{}, err
	}
	plans, err := s.deps.Apps.Plans(ctx, in.ClientID)
	if err != nil {
		return claims.CompRun{}, err
	}
	own, err := s.deps.People.NormalOf(ctx, in.GivenBy)
	if err != nil {
		return claims.CompRun{}, err
	}
	r := reader{
		list: in, now: s.now(), own: own, address: s.deps.People.Address, seen: map[string]int{}, fallback: Choice{slug, name},
		plans: append(plans, Choice{DefaultSlug, DefaultName}), columns: []string{columnEmail, columnPlan, columnUntil, columnReason},
	}
	items, err := r.read()
	if err != nil {
		return claims.CompRun{}, err
	}
	passed, err := s.deps.Store.Passed(ctx, in.ClientID, slices.Collect(keysOf(r.seen)), s.now())
	if err != nil {
		return claims.CompRun{}, err
	}
	for normal := range passed {
		if item := &items[r.seen[normal]]; item.State == claims.CompItemReady {
			item.State, item.Code = claims.CompItemRefused, CodeExists
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return claims.CompRun{}, err
	}
	run := claims.CompRun{
		ID: id.String(), ClientID: in.ClientID, GivenBy: in.GivenBy, State: claims.CompRunChecked, Total: int64(len(items)),
		CreatedAt: s.now(), UpdatedAt: s.now(),
	}
	for i := range items {
		items[i].RunID, items[i].UpdatedAt = run.ID, s.now()
	}
	return run, s.deps.Store.CreateRun(ctx, run, items)
}

func keysOf(m map[string]int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// reader reads a list line by line, so that a fault stays on its line.
type reader struct {
	list     List
	now      time.Time
	own      string
	address  func(string) (email, normal string, ok bool)
	seen     map[string]int // the item of an address
	fallback Choice
	plans    []Choice
	columns  []string
	started  bool
	sep      rune
}

func (r *reader) read() ([]claims.CompRunItem, error) {
	var items []claims.CompRunItem
	n := int64(0)
	for line := range strings.Lines(strings.TrimPrefix(r.list.Text, byteOrderMark)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !r.started {
			r.started = true
			r.sep = defaultSeparator
			if strings.Contains(line, ";") && !strings.Contains(line, ",") {
				r.sep = ';'
			}
			if r.header(line) {
				continue
			}
		}
		if len(items) == MaxLines {
			return nil, ErrTooManyLines
		}
		item, normal := r.item(line)
		item.Line = n
		if normal != "" {
			if _, twice := r.seen[normal]; twice && item.State == claims.CompItemReady {
				item.State, item.Code = claims.CompItemRefused, CodeDuplicate
			} else if !twice {
				r.seen[normal] = len(items)
			}
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil, ErrNoLines
	}
	return items, nil
}

func (r *reader) fields(line string) ([]string, error) {
	c := csv.NewReader(strings.NewReader(line))
	c.Comma, c.FieldsPerRecord, c.TrimLeadingSpace = r.sep, -1, true
	fields, err := c.Read()
	if err != nil {
		return nil, err
	}
	if _, more := c.Read(); !errors.Is(more, io.EOF) {
		return nil, csv.ErrQuote
	}
	return fields, nil
}

// header takes the columns from a first line that names them.
func (r *reader) header(line string) bool {
	fields, err := r.fields(line)
	if err != nil {
		return false
	}
	for i := range fields {
		fields[i] = strings.ToLower(strings.TrimSpace(fields[i]))
	}
	if !slices.Contains(fields, columnEmail) {
		return false
	}
	r.columns = fields
	return true
}

// item judges a line by itself; normal is its address, "" where it has none.
func (r *reader) item(line string) (item claims.CompRunItem, normal string) {
	item = claims.CompRunItem{
		State: claims.CompItemReady, PlanSlug: r.fallback.Key, PlanName: r.fallback.Name, ExpiresAt: r.list.ExpiresAt, Reason: strings.TrimSpace(r.list.Reason),
	}
	refuse := func(code string) {
		if item.Code == "" {
			item.State, item.Code = claims.CompItemRefused, code
		}
	}
	fields, err := r.fields(line)
	if err != nil || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) && !strings.ContainsRune(line, '\t') || strings.ContainsRune(line, 0) {
		item.Email = cut(strings.ToValidUTF8(strings.Map(dropControl, line), "�"))
		refuse(CodeUnreadable)
		return item, ""
	}
	for i, value := range fields {
		if i >= len(r.columns) {
			break
		}
		if value = strings.TrimSpace(value); value != "" {
			r.set(&item, r.columns[i], value, refuse)
		}
	}
	email, normal, ok := r.address(item.Email)
	if !ok {
		item.Email = cut(item.Email)
		item.Code = ""
		refuse(CodeAddress)
		return item, ""
	}
	item.Email = email
	if normal == r.own {
		refuse(CodeSelf)
	}
	if item.Reason == "" || utf8.RuneCountInString(item.Reason) > MaxReason {
		item.Reason = cut(item.Reason)
		refuse(CodeReason)
	}
	return item, normal
}

func (r *reader) set(item *claims.CompRunItem, column, value string, refuse func(code string)) {
	switch column {
	case columnEmail:
		item.Email = value
	case columnReason:
		item.Reason = value
	case columnPlan:
		item.PlanSlug = cut(value)
		i := slices.IndexFunc(r.plans, func(c Choice) bool { return c.Key == value })
		if i < 0 {
			item.PlanName = item.PlanSlug
			refuse(CodePlan)
			return
		}
		item.PlanSlug, item.PlanName = r.plans[i].Key, r.plans[i].Name
	case columnUntil:
		item.Until = cut(value)
		end, err := ParseUntil(value)
		if err != nil {
			refuse(CodeUntil)
			return
		}
		if item.ExpiresAt = &end; !end.After(r.now) {
			refuse(CodePast)
		}
	}
}

// ParseUntil reads the last day of a pass (2026-12-31: it ends when that day does, in UTC) or its exact end
// (RFC 3339).
func ParseUntil(typed string) (time.Time, error) {
	if day, err := time.Parse(dateLayout, typed); err == nil {
		return day.Add(endOfDay), nil
	}
	end, err := time.Parse(time.RFC3339, typed)
	return end.UTC(), err
}

func dropControl(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

func cut(s string) string {
	if r := []rune(s); len(r) > fieldLimit {
		return string(r[:fieldLimit])
	}
	return s
}
