package admin

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// retryJob has one item tried now; the wish and its entry in the log are written together.
func (k *Console) retryJob(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	kind, key := form.Raw("kind"), form.Raw("key")
	if !plain(kind) || key != "" && !plain(key) { // periodic work has no key
		return unknown(db.ErrNotFound)
	}
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		if err := k.deps.Jobs.Retry(ctx, kind, key); err != nil {
			return err
		}
		return k.deps.Audit.Record(ctx, audit.Entry{
			OrgID: v.policy.PlatformOrgID, Action: "job.retried", Target: audit.Target{Kind: "job", ID: kind + "/" + key},
		})
	})
	if err != nil {
		return err
	}
	if err := k.edge.SetFlash(c, "ok", web.T(c, "admin.jobs.retried", "Kind", kind)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/platform/jobs")
}
