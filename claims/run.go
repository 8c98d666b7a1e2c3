package claims

import "time"

// CompRunState is how far a list of passes has come.
type CompRunState string

// The states of a [CompRun].
const (
	// CompRunChecked: the list was read and nothing was given yet.
	CompRunChecked CompRunState = "checked"
	// CompRunRunning: somebody confirmed; the good lines are being given.
	CompRunRunning CompRunState = "running"
	// CompRunDone: every line has its result.
	CompRunDone CompRunState = "done"
)

// CompRun is a list of passes that one person gives at once.
type CompRun struct {
	ID         string `gorm:"primaryKey"`
	ClientID   string
	GivenBy    string
	State      CompRunState
	Total      int64
	FinishedAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// CompItemState is what became of one line.
type CompItemState string

// The states of a [CompRunItem].
const (
	CompItemReady   CompItemState = "ready"   // good, not given yet
	CompItemRefused CompItemState = "refused" // see Code; it never will be
	CompItemGiven   CompItemState = "given"
)

// CompRunItem is one line of a [CompRun].
type CompRunItem struct {
	RunID string `gorm:"primaryKey"`
	// Line is the line's number in what was sent, from 1.
	Line               int64 `gorm:"primaryKey"`
	Email              string
	PlanSlug, PlanName string
	// Until is the end as it was typed, ExpiresAt what it means; nil for no end.
	Until     string
	ExpiresAt *time.Time
	Reason    string
	State     CompItemState
	// Code says why a line was refused: a stable word.
	Code      string
	UpdatedAt time.Time
}

// CompTally counts a run's lines by state.
type CompTally struct{ Ready, Refused, Given int64 }
