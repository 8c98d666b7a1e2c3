package admin

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Feeds is what is known of the way by which Stripe's events reach us; [billing.Service] is one.
type Feeds interface {
	// StaleFeeds answers the accounts that we do not hear of, the longest first.
	StaleFeeds(ctx context.Context) ([]billing.Feed, error)
	// OtherVersions counts the deliveries of the last 30 days in another version of the API.
	OtherVersions(ctx context.Context) ([]billing.OtherVersion, error)
}

// FeedNotices are warnings for operators about Stripe's events; empty when all is well.
type FeedNotices struct {
	Stale    []StaleFeed
	Versions []billing.OtherVersion
	Expected string // the version that should come
}

// StaleFeed is an account that we do not hear of, in words.
type StaleFeed struct {
	Title, Text string
	Since       time.Time
}

func (k *Console) feedNotices(c echo.Context) (n FeedNotices, err error) {
	ctx := c.Request().Context()
	feeds, err := k.deps.Feeds.StaleFeeds(ctx)
	if err != nil {
		return n, err
	}
	for _, f := range feeds {
		title, text := feedWords(c, f)
		n.Stale = append(n.Stale, StaleFeed{Title: title, Text: text, Since: *f.StaleSince})
	}
	n.Expected = billing.APIVersion
	n.Versions, err = k.deps.Feeds.OtherVersions(ctx)
	return n, err
}

func feedWords(c echo.Context, f billing.Feed) (title, text string) {
	account, mode := f.Account, web.T(c, "feeds.mode_test")
	if account == "" {
		account = web.T(c, "feeds.platform")
	}
	if f.Livemode {
		mode = web.T(c, "feeds.mode_live")
	}
	account += " (" + mode + ")"
	switch f.Reason {
	case billing.FeedUnreachable:
		return web.T(c, "feeds.unreachable", "Account", account), web.T(c, "feeds.unreachable_text")
	case billing.FeedRefused:
		return web.T(c, "feeds.refused", "Account", account), web.T(c, "feeds.refused_text")
	default:
		return web.T(c, "feeds.silent", "Account", account), web.T(c, "feeds.silent_text")
	}
}
