package admin

import (
	"net/http"

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

// jobsShown bounds the list of failing work.
const jobsShown = 100

// JobsPage is the view of admin/jobs.
type JobsPage struct {
	Frame
	Stats   jobs.Stats
	Waiting int64 // wanted and never failed
	Items   []jobs.Item
	Hidden  int64 // failing ones beyond the list
}

func (k *Console) showJobs(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	stats, err := k.deps.Jobs.Stats(ctx)
	if err != nil {
		return err
	}
	items, err := k.deps.Jobs.Failed(ctx, jobsShown)
	if err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/jobs", &JobsPage{
		Frame: frame(c, v, "jobs", web.T(c, "admin.jobs.title")), Stats: stats, Waiting: stats.Open - stats.Failing, Items: items,
		Hidden: max(0, stats.Failing-int64(len(items))),
	})
}
