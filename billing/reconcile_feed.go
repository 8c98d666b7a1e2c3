package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// KindFeed looks whether the events of an account reach us; its key is an [ObjectKey] of the object "feed".
	KindFeed = "stripe_feed"
	// KindFeeds begins that look for every account.
	KindFeeds = "stripe_feeds"

	feedEvery  = 15 * time.Minute
	feedQuiet  = 30 * time.Minute // an event that took longer did not come by itself
	feedWindow = day
	feedListed = 100
	feedLast   = 3 // that many of the last events, all missing, are no accident
)

// APIVersion is the version of Stripe's API that is spoken here and that endpoints are made with.
const APIVersion = "2023-10-16"

// FeedReason says what is wrong with a feed.
type FeedReason string

// The reasons.
const (
	FeedSilent      FeedReason = "silent"      // Stripe has events that never came
	FeedUnreachable FeedReason = "unreachable" // Stripe does not answer for the account
	FeedRefused     FeedReason = "refused"     // Stripe refuses us the account
)

// Feed is what is known of the way by which an account's events reach us. While it is stale, a grace that would end
// holds: the payment may have been made without our hearing of it.
type Feed struct {
	Account      string
	Livemode     bool
	CheckedAt    time.Time
	FailingSince *time.Time // when Stripe began not to answer
	StaleSince   *time.Time // nil while all is well
	Reason       FeedReason
	Missing      int64 // of the last events, those that never came
}

// TableName names the table of feeds.
func (Feed) TableName() string { return "stripe_feeds" }

// OtherVersion counts deliveries of another version of Stripe's API.
type OtherVersion struct {
	APIVersion string `gorm:"column:api_version"`
	Count      int64
}

// FeedStore keeps feeds.
type FeedStore interface {
	// Feed answers the zero row of the account for one that was never looked at.
	Feed(ctx context.Context, at Account) (Feed, error)
	SaveFeed(ctx context.Context, f Feed) error
	// StaleFeeds answers the stale ones, the longest first.
	StaleFeeds(ctx context.Context) ([]Feed, error)
	// EventsKnown answers which of the events were recorded.
	EventsKnown(ctx context.Context, at Account, eventIDs []string) ([]string, error)
	// OtherVersions counts the events received since a moment whose version is not [APIVersion], the most first.
	OtherVersions(ctx context.Context, since time.Time) ([]OtherVersion, error)
}

// StaleFeeds answers the accounts that we do not hear of, the longest first.
func (s *Service) StaleFeeds(ctx context.Context) ([]Feed, error) { return s.store.StaleFeeds(ctx) }

// OtherVersions counts the deliveries of the last 30 days that were of another version of Stripe's API.
func (s *Service) OtherVersions(ctx context.Context) ([]OtherVersion, error) {
	return s.store.OtherVersions(ctx, s.now().Add(-30*day))
}

// checkFeeds begins a look at every account.
func (s *Service) checkFeeds(ctx context.Context) error {
	accounts, err := s.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, at := range accounts {
		if err := s.jobs.Want(ctx, KindFeed, ObjectKey(at, "feed")); err != nil {
			return err
		}
	}
	return nil
}

// checkFeed compares the last events of an account with what was delivered, has the objects of the missing ones read,
// and tells operators where nothing comes.
func (s *Service) checkFeed(ctx context.Context, key string) error {
	at, _, err := parseObjectKey(key)
	if err != nil {
		s.log.ErrorContext(ctx, "work item without account", "key", key, "error", err)
		return nil
	}
	feed, err := s.store.Feed(ctx, at)
	if err != nil {
		return err
	}
	now := s.now()
	events, err := s.gateway.ListEvents(ctx, at, now.Add(-feedWindow), feedListed)
	switch {
	case errors.Is(err, ErrStripeNotConfigured):
		return nil // a mode without a key
	case errors.Is(err, ErrStripeRefused), errors.Is(err, ErrStripeGone):
		unanswered(&feed, now, FeedRefused)
	case errors.Is(err, ErrStripeUnavailable):
		unanswered(&feed, now, FeedUnreachable)
	case err != nil:
		return err
	default:
		if err := s.judgeFeed(ctx, at, &feed, events); err != nil {
			return err
		}
	}
	if feed.StaleSince != nil {
		s.log.WarnContext(ctx, "what stripe tells of an account does not reach us; grace holds meanwhile", "account", at.ID, "livemode", at.Livemode,
			"since", *feed.StaleSince, "reason", feed.Reason, "missing", feed.Missing)
	}
	feed.CheckedAt = now
	return s.store.SaveFeed(ctx, feed)
}

// unanswered notes that Stripe could not be asked; for a while it means nothing.
func unanswered(f *Feed, now time.Time, reason FeedReason) {
	if f.FailingSince == nil {
		f.FailingSince = &now
	}
	if f.StaleSince == nil && now.Sub(*f.FailingSince) >= feedQuiet {
		f.StaleSince = f.FailingSince
	}
	if f.StaleSince != nil {
		f.Reason = reason
	}
}

// judgeFeed decides by what Stripe lists, the newest first.
func (s *Service) judgeFeed(ctx context.Context, at Account, feed *Feed, events []RemoteEvent) error {
	due := map[string]RemoteEvent{}
	var ids []string
	for _, e := range events {
		object, err := s.eventObject(e.Type, e.Object)
		if err == nil && object != "" && s.now().Sub(e.Created) >= feedQuiet {
			due[e.ID], ids = e, append(ids, e.ID)
		}
	}
	known, err := s.store.EventsKnown(ctx, at, ids)
	if err != nil {
		return err
	}
	for _, id := range known {
		delete(due, id)
	}
	missing := 0
	for _, id := range ids[:min(feedLast, len(ids))] {
		if _, gone := due[id]; gone {
			missing++
		}
	}
	feed.FailingSince, feed.Missing = nil, int64(len(due))
	if missing == 0 || missing < min(feedLast, len(ids)) {
		feed.StaleSince, feed.Reason = nil, ""
	} else {
		oldest := s.now()
		for _, e := range due {
			if e.Created.Before(oldest) {
				oldest = e.Created
			}
		}
		if feed.StaleSince == nil || feed.Reason != FeedSilent {
			feed.StaleSince = &oldest
		}
		feed.Reason = FeedSilent
	}
	lost := make([]RemoteEvent, 0, len(due))
	for _, e := range due {
		lost = append(lost, e)
	}
	for _, object := range s.objectsOf(lost) {
		if err := s.jobs.Want(ctx, KindObject, ObjectKey(at, object)); err != nil {
			return fmt.Errorf("read what was never told: %w", err)
		}
	}
	return nil
}
