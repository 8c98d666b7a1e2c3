package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/jobs"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const pathJobs = "/admin/platform/jobs"

// platformArea is what only platform admins see.
func platformArea() area {
	return area{
		templates: []string{"admin/jobs"},
		routes: []route{
			{method: http.MethodGet, path: pathJobs, find: (*Console).onPlatform, perm: permission.PlatformJobs, page: (*Console).showJobs},
			{method: http.MethodPost, path: pathJobs + "/retry", find: (*Console).onPlatform, perm: permission.PlatformJobs, page: (*Console).retryJob, back: pathJobs},
		},
	}
}

// jobsShown is how much failing work a page holds.
const jobsShown = 50

// JobsPage is the view of admin/jobs.
type JobsPage struct {
	Frame
	Feeds       FeedNotices
	Stats       jobs.Stats
	Waiting     int64 // wanted and never failed
	Items       []jobs.Item
	Kind        string
	Kinds       []web.Option // what has failed, to choose from
	Later       bool
	First, Next string // addresses of pages
}

func (k *Console) showJobs(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	stats, err := k.deps.Jobs.Stats(ctx)
	if err != nil {
		return err
	}
	kinds, err := k.deps.Jobs.FailedKinds(ctx)
	if err != nil {
		return err
	}
	f := jobs.FailedFilter{Limit: jobsShown, Behind: failedMark(c.QueryParam("after")), Kind: searched(c.QueryParam("kind"))}
	items, more, err := k.deps.Jobs.FailedPage(ctx, f)
	if err != nil {
		return err
	}
	view := &JobsPage{
		Frame: frame(c, v, "jobs", web.T(c, "admin.jobs.title")), Stats: stats, Waiting: stats.Open - stats.Failing, Items: items,
		Kind: f.Kind, Kinds: kindOptions(c, kinds, f.Kind), Later: f.Behind != nil,
	}
	if view.Feeds, err = k.feedNotices(c); err != nil {
		return err
	}
	q := url.Values{}
	if f.Kind != "" {
		q.Set("kind", f.Kind)
	}
	view.First = pathJobs + "?" + q.Encode()
	if more {
		last := items[len(items)-1]
		q.Set("after", seal(strconv.FormatInt(last.UpdatedAt.UnixMicro(), 10), last.Kind, last.Key))
		view.Next = pathJobs + "?" + q.Encode()
	}
	return k.edge.Render(c, http.StatusOK, "admin/jobs", view)
}

// failedMark reads the cursor of the list, nil for its beginning.
func failedMark(cursor string) *jobs.FailedMark {
	key, ok := unseal(cursor, 3)
	if !ok {
		return nil
	}
	at, err := strconv.ParseInt(key[0], 10, 64)
	if err != nil || at < 0 || at > 1<<53 {
		return nil
	}
	return &jobs.FailedMark{At: time.UnixMicro(at), Kind: key[1], Key: key[2]}
}

func kindOptions(c echo.Context, kinds []jobs.KindCount, current string) []web.Option {
	out := []web.Option{{Label: web.T(c, "platform.jobs.all")}}
	known := current == ""
	for _, kind := range kinds {
		known = known || kind.Kind == current
		out = append(out, web.Option{Value: kind.Kind, Label: kind.Kind + " (" + strconv.FormatInt(kind.Count, 10) + ")"})
	}
	if !known {
		out = append(out, web.Option{Value: current, Label: current})
	}
	return out
}
