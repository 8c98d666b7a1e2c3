package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kinds of work.
const (
	// KindObject reads an object at Stripe again; its key is an [ObjectKey].
	KindObject = "stripe_object"
	// KindExpire closes a checkout at Stripe; its key is the checkout's id.
	KindExpire = "checkout_expire"
	// KindRefund carries a decided refund out; its key is the refund's id.
	KindRefund = "stripe_refund"
	// KindReconcile is the hourly look for what never arrived.
	KindReconcile = "billing_reconcile"
)

// reconcileEvery is how often lost deliveries are looked for.
const reconcileEvery = time.Hour

// errObjectKey means that a work item's key names no object.
var errObjectKey = errors.New("not the key of an object")

// ObjectKey is the key of an object of Stripe: account, mode and id.
func ObjectKey(at Account, id string) string {
	mode := "test"
	if at.Livemode {
		mode = "live"
	}
	return at.ID + "|" + mode + "|" + id
}

func parseObjectKey(key string) (at Account, id string, err error) {
	parts := strings.Split(key, "|")
	if len(parts) != 3 || parts[2] == "" || (parts[1] != "live" && parts[1] != "test") {
		return Account{}, "", fmt.Errorf("%w: %q", errObjectKey, key)
	}
	return Account{ID: parts[0], Livemode: parts[1] == "live"}, parts[2], nil
}

// RegisterJobs names the handlers of this package's work. Call it before the jobs run.
func (s *Service) RegisterJobs(r Jobs) {
	r.Handle(KindObject, s.readAgain)
	r.Handle(KindExpire, s.expireCheckout)
	r.Handle(KindFeeInvoice, s.issueFeeInvoice)
	r.Handle(KindRefund, s.carryOutRefund)
	r.Handle(KindDisconnect, s.letGo)
	r.Handle(KindRejoin, s.rejoin)
	r.Handle(KindCatalogSync, s.carryOutSync)
	r.Handle(KindSeats, s.syncSeats)
	r.Handle(KindChange, s.carryOutChanges)
	r.Handle(KindLifeNotice, s.tellOfLife)
	r.Handle(KindSeatNotice, s.tellOfSeats)
	r.Handle(KindSeatCheck, s.checkSeatsFrom)
	r.Periodic(KindSeatDrift, seatCheckEvery, s.startSeatCheck)
	r.Periodic(KindMonthClose, monthCloseEvery, s.closeMonthsDaily)
	r.Periodic(KindFeeCheck, feeCheckEvery, s.checkFeesDaily)
	r.Periodic(KindReconcile, reconcileEvery, s.Reconcile)
	r.Handle(KindReconcilePage, s.reconcilePageFrom)
	r.Periodic(KindReconcileDaily, day, s.startReconcile)
	r.Handle(KindFeed, s.checkFeed)
	r.Periodic(KindFeeds, feedEvery, s.checkFeeds)
}

// Outcomes of an event, as they stand in its row.
const (
	OutcomeApplied = "applied"
	OutcomeNotOurs = "not_ours" // customer, price or checkout that we do not know on that account and mode
	OutcomeGone    = "gone"     // Stripe does not know the object, or lets us no more into its account
	OutcomeIgnored = "ignored"  // an account that we do not know, or a kind of event without meaning for us
)

// readAgain is the one way in which anything from Stripe reaches our rows: it reads the object that the key
// names on its account and stores what it finds, unless a later read was stored meanwhile.
func (s *Service) readAgain(ctx context.Context, key string) error {
	at, id, err := parseObjectKey(key)
	if err != nil {
		// No retry can cure it, and nothing of ours hangs on it.
		s.log.ErrorContext(ctx, "work item without object", "key", key, "error", err)
		return nil
	}
	began := s.now()
	var outcome string
	for range 5 { // a race is lost to another object of the same org; looking anew decides it
		outcome, err = s.readObject(ctx, at, id)
		if !errors.Is(err, ErrRace) {
			break
		}
	}
	if errors.Is(err, ErrStripeNotConfigured) && !s.hasObject(ctx, at, id) {
		outcome, err = OutcomeIgnored, nil // a mode without a key, and nothing of ours in it
	}
	if errors.Is(err, ErrAccountGone) && at.ID != "" {
		// Trying again changes nothing until the account is connected again, which reads all of it anew.
		outcome, err = OutcomeGone, s.jobs.Want(ctx, KindObject, ObjectKey(at, at.ID))
	}
	if err != nil {
		return fmt.Errorf("read %s again: %w", id, err)
	}
	return s.store.SettleEvents(ctx, at.ID, at.Livemode, id, outcome, began, s.now())
}

func (s *Service) readObject(ctx context.Context, at Account, id string) (outcome string, err error) {
	switch prefix, _, _ := strings.Cut(id, "_"); prefix {
	case "cs":
		return s.readCheckout(ctx, at, id)
	case "sub":
		return s.readSubscription(ctx, at, id, "")
	case "pi":
		return s.readPayment(ctx, at, id)
	case "in":
		return s.readInvoice(ctx, at, id)
	case "cus":
		return s.readCustomer(ctx, at, id)
	case "acct":
		return s.readAccount(ctx, at, id)
	default:
		return OutcomeIgnored, nil
	}
}

// hasObject tells whether a row of ours goes by that name. Where it cannot be known, yes: the read is tried again.
func (s *Service) hasObject(ctx context.Context, at Account, id string) bool {
	_, subErr := s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, id)
	_, rowErr := s.store.CheckoutOfSession(ctx, at.ID, at.Livemode, id)
	return !errors.Is(subErr, ErrSubscriptionNotFound) || !errors.Is(rowErr, ErrCheckoutNotFound)
}

// readCustomer reads every subscription of a customer of ours.
func (s *Service) readCustomer(ctx context.Context, at Account, id string) (string, error) {
	if _, err := s.store.CustomerNamed(ctx, at.ID, at.Livemode, id); err != nil {
		return notOurs(err, ErrCustomerNotFound)
	}
	list, err := s.gateway.ListSubscriptions(ctx, at, id)
	if errors.Is(err, ErrStripeGone) {
		return OutcomeGone, nil
	}
	if err != nil {
		return "", err
	}
	for _, remote := range list {
		if err := s.jobs.Want(ctx, KindObject, ObjectKey(at, remote.ID)); err != nil {
			return "", err
		}
	}
	return OutcomeApplied, nil
}

// notOurs turns "we do not know it" into an outcome.
func notOurs(err, unknown error) (string, error) {
	if errors.Is(err, unknown) {
		return OutcomeNotOurs, nil
	}
	return "", err
}
