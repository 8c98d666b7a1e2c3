package billing

// ChangeMode says when the difference of a change of plan is charged. It is the owner's choice for an app.
type ChangeMode string

// The modes.
const (
	// ModeNextInvoice puts the difference onto the next invoice; the default.
	ModeNextInvoice ChangeMode = "create_prorations"
	// ModeNow charges the difference at once.
	ModeNow ChangeMode = "always_invoice"
	// ModePeriodEnd leaves everything as it is until the period ends, and charges no difference.
	ModePeriodEnd ChangeMode = "period_end"
)

// ChangeModes are all modes, the default first.
func ChangeModes() []ChangeMode { return []ChangeMode{ModeNextInvoice, ModeNow, ModePeriodEnd} }

// Known tells whether it is one of the modes.
func (m ChangeMode) Known() bool { return m == ModeNextInvoice || m == ModeNow || m == ModePeriodEnd }

// Changes answers how a change of plan is charged, the default where the owner has chosen nothing.
func (s AppSettings) Changes() ChangeMode {
	if s.ChangeMode.Known() {
		return s.ChangeMode
	}
	return ModeNextInvoice
}
