package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of statements.
var (
	// ErrStatementNotFound means that no such statement exists, or that it is another org's.
	ErrStatementNotFound = errors.New("statement not found")
	// ErrMonth means that a month is not written as 2026-11, or is not over yet.
	ErrMonth = errors.New("month invalid")
)

// Month is a calendar month in UTC, such as 2026-11. Months sort as texts do.
type Month string

// MonthOf answers the month of a moment.
func MonthOf(t time.Time) Month { return Month(t.UTC().Format("2006-01")) }

// ParseMonth reads a month, or answers [ErrMonth].
func ParseMonth(text string) (Month, error) {
	if _, err := time.Parse("2006-01", text); err != nil {
		return "", fmt.Errorf("%w: %q", ErrMonth, text)
	}
	return Month(text), nil
}

// Start is the first moment of the month.
func (m Month) Start() time.Time {
	t, _ := time.Parse("2006-01", string(m))
	return t
}

// Next is the month after, Previous the one before.
func (m Month) Next() Month { return MonthOf(m.Start().AddDate(0, 1, 0)) }

// Previous is the month before.
func (m Month) Previous() Month { return MonthOf(m.Start().AddDate(0, -1, 0)) }

// End is the first moment that is not in the month any more.
func (m Month) End() time.Time { return m.Next().Start() }

// Statement is one org's closed month in one currency. It is never changed. What was taken back of fees that an
// earlier statement had is in Corrections, apart from the month's own sum.
type Statement struct {
	ID          string `gorm:"primaryKey"`
	OrgID       string
	Livemode    bool
	Currency    string
	Month       Month
	Net         int64 // fees, less what was taken back of these very fees
	Corrections int64 // what was taken back of earlier statements' fees
	RowCount    int64
	CreatedAt   time.Time
}

// TableName names the table of statements.
func (Statement) TableName() string { return "fee_statements" }

// Total is what the org owes by the statement; negative is a credit.
func (st Statement) Total() int64 { return st.Net + st.Corrections }

// StatementRow puts a fee row onto a statement. A row is on one statement at most.
type StatementRow struct {
	RowID       string `gorm:"primaryKey"`
	StatementID string
	Corrects    string // the earlier statement whose fee the row takes back, or ""
}

// TableName names the table of statement rows.
func (StatementRow) TableName() string { return "fee_statement_rows" }

// StatedRow is a fee row with its place.
type StatedRow struct {
	FeeRow
	StatementID string // "" while the month is open
	Corrects    string
}

// FeeRowFilter chooses fee rows of one org.
type FeeRowFilter struct {
	OrgID       string
	StatementID string // "" is every month
	Before      string // the id of the last row of the page before, or ""
	Limit       int
}

// FeeGroup is what one closing is about, with its oldest row that is on no statement.
type FeeGroup struct {
	OrgID     string
	Livemode  bool
	Currency  string
	Oldest    time.Time
	LastMonth Month // its newest statement, or ""
}

// StatementStore keeps statements.
type StatementStore interface {
	// OpenFeeGroups answers every group with rows before a moment that are on no statement.
	OpenFeeGroups(ctx context.Context, before time.Time) ([]FeeGroup, error)
	// OpenFeeRows answers these rows of a group, in order.
	OpenFeeRows(ctx context.Context, group FeeGroup, before time.Time) ([]FeeRow, error)
	// StatementsOfFees answers on which statement the fee of each invoice stands. One that is on none yet is left out,
	// and so is one on a statement that came to nothing: there is no document to correct.
	StatementsOfFees(ctx context.Context, invoiceIDs []string) (map[string]string, error)
	// InsertStatement writes a statement with its rows and postings; [ErrRace] when the month is closed already.
	InsertStatement(ctx context.Context, st Statement, rows []StatementRow, postings []FeePosting) error
	// Statement answers [ErrStatementNotFound].
	Statement(ctx context.Context, id string) (Statement, error)
	// Statements answers an org's statements, the newest month first.
	Statements(ctx context.Context, orgID string) ([]Statement, error)
	// StatedRows answers an org's rows, the newest first.
	StatedRows(ctx context.Context, f FeeRowFilter) ([]StatedRow, error)
}
