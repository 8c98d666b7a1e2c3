package billing

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// VersionCatalog is the name under which replicas hear that a catalogue has changed.
const VersionCatalog = "catalog"

// Transactor runs fn in one transaction, carried by the context that fn receives; fn may run more than once,
// so it calls nobody outside the database.
type Transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Versions is how replicas hear of each other's changes.
type Versions interface {
	// On calls forget each time the counter of name has moved.
	On(name string, forget func())
	// Bump moves the counter in the transaction of ctx.
	Bump(ctx context.Context, name string) error
}

// Members is what billing asks about people.
type Members interface {
	// ActiveMembers counts the active members of an org, the floor of its seats.
	ActiveMembers(ctx context.Context, orgID string) (int64, error)
}

// Jobs is durable work, kept as rows with a wanted and a done generation.
type Jobs interface {
	// Handle names the function that carries out items of kind. It may run again at any time.
	Handle(kind string, h func(ctx context.Context, key string) error)
	// Want asks for an item to be carried out, in the transaction of ctx.
	Want(ctx context.Context, kind, key string) error
	// WantAt is Want at a later moment of the injected clock.
	WantAt(ctx context.Context, kind, key string, at time.Time) error
	// DoNow carries an item out before it returns, and answers the handler's error.
	DoNow(ctx context.Context, kind, key string) error
	// Periodic calls h every so often, on one replica.
	Periodic(kind string, every time.Duration, h func(ctx context.Context) error)
}

// Mailer tells people. Its methods write the mail into the transaction of ctx, so that it is sent exactly
// once, when that transaction has committed.
type Mailer interface {
	DoublePayment(ctx context.Context, notice DoublePayment) error
	// SeatsLate tells the owners and admins of an org that its seats have not reached Stripe for long.
	SeatsLate(ctx context.Context, notice SeatsLate) error
	// Life tells those who manage the billing of an org what happens to one of its subscriptions.
	Life(ctx context.Context, notice LifeNotice) error
}

// Deps is what a [Service] is made of. All are required but Audit, Comps, Documents, Issuer, Rates, SeatNotice, Logger and the page function.
type Deps struct {
	Tx        Transactor
	Store     Store
	Apps      Apps
	Members   Members
	Gateway   Gateway
	Jobs      Jobs
	Mailer    Mailer
	Versions  Versions
	Audit     Auditor // records the changes of the catalogue; nil records nothing
	Comps     CompCounter
	Documents Documents // writes the platform's invoices; needed with Issuer
	Issuer    Issuer    // delivers the platform's invoices; nil: they wait
	Rates     Rates     // exchange rates for VAT in PLN; nil: invoices that need one wait
	Now       func() time.Time
	Logger    *slog.Logger
	// EventObject names the object that an event of Stripe is about, "" for none of ours; the webhook knows. Without it
	// nothing can be found by events.
	EventObject func(eventType string, object []byte) (string, error)
	// SeatNotice is how long a change of seats may be stuck before the org is told; 0 is a day.
	SeatNotice time.Duration
	// BaseURL is the issuer, without a slash at its end.
	BaseURL string
	// ReturnPages answers where the hosted checkout sends the browser. Default: on BaseURL,
	// /billing/<clientId>/return/<checkoutId>, with ?cancelled=1 for the second.
	ReturnPages func(c Checkout) (success, cancelled string)
}

// Service is the rules of billing. It is safe for concurrent use.
type Service struct {
	tx          Transactor
	store       Store
	apps        Apps
	members     Members
	gateway     Gateway
	jobs        Jobs
	mailer      Mailer
	versions    Versions
	audit       Auditor
	comps       CompCounter
	documents   Documents
	issuer      Issuer
	rates       Rates
	now         func() time.Time
	log         *slog.Logger
	baseURL     string
	seatNotice  time.Duration
	eventObject func(eventType string, object []byte) (string, error)
	pages       func(c Checkout) (success, cancelled string)
	catalogs    *db.Cached[string, Catalog]
}

// catalogsKept bounds the catalogues in memory.
const catalogsKept = 1000

// New makes the service; call [Service.RegisterJobs] before the jobs run.
func New(d Deps) *Service {
	s := &Service{
		tx: d.Tx, store: d.Store, apps: d.Apps, members: d.Members, gateway: d.Gateway, jobs: d.Jobs,
		mailer: d.Mailer, versions: d.Versions, audit: d.Audit, comps: d.Comps, log: d.Logger, baseURL: strings.TrimRight(d.BaseURL, "/"), pages: d.ReturnPages,
	}
	if s.seatNotice = d.SeatNotice; s.seatNotice <= 0 {
		s.seatNotice = day
	}
	if s.eventObject = d.EventObject; s.eventObject == nil {
		s.eventObject = func(string, []byte) (string, error) { return "", nil }
	}
	s.documents, s.issuer, s.rates = d.Documents, d.Issuer, d.Rates
	s.now = func() time.Time { return d.Now().UTC() }
	if s.audit == nil {
		s.audit = noAudit{}
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.pages == nil {
		s.pages = s.returnPages
	}
	s.catalogs = db.NewCached(catalogsKept, s.loadCatalog)
	s.versions.On(VersionCatalog, s.ForgetCatalogs)
	return s
}

func (s *Service) returnPages(c Checkout) (success, cancelled string) {
	page := s.baseURL + "/billing/" + c.ClientID + "/return/" + c.ID
	return page, page + "?cancelled=1"
}

// newID answers a UUIDv7; the only failure is a system without randomness.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
