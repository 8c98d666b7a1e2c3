package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// auditArea is the audit log of an org.
func auditArea() area {
	return area{
		templates: []string{"admin/audit"},
		routes: []route{
			{method: http.MethodGet, path: "/admin/audit", find: (*Console).inOrg, perm: permission.AuditRead, page: (*Console).showAudit},
			{method: http.MethodGet, path: "/admin/audit.csv", find: (*Console).inOrg, perm: permission.AuditRead, page: (*Console).exportAudit},
			{method: http.MethodGet, path: pathAuditAll, find: (*Console).onPlatform, perm: permission.PlatformAudit, page: (*Console).showAudit},
			{method: http.MethodGet, path: pathAuditAll + ".csv", find: (*Console).onPlatform, perm: permission.PlatformAudit, page: (*Console).exportAudit},
		},
	}
}

// AuditPage is the view of admin/audit.
type AuditPage struct {
	Frame
	Form     *web.Form
	Actions  []web.Option
	Filtered bool
	Rows     []AuditRow
	Path     string // of the page, without its query
	Export   string // address of the download with the same filter
	First    string // address of the first page
	Next     string // address of the next page, "" at the end
	Later    bool   // this is not the first page
	Everyone bool   // the log of all orgs
}

// AuditRow is an entry for people.
type AuditRow struct {
	audit.Record
	Label   string // the action in words, "" for one that the console does not know
	Actor   string
	Target  string // the person that it was done to, "" for anything else
	Org     string // on the page of all orgs
	Changes []Change
}

func (k *Console) showAudit(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	q, err := k.auditQuery(c, v)
	if err != nil {
		return err
	}
	var records []audit.Record
	var next string
	if !q.nobody && q.form.OK() {
		if records, next, err = k.deps.Audit.List(ctx, q.filter); err != nil {
			return err
		}
	}
	view := &AuditPage{
		Frame: frame(c, v, q.section, q.title), Form: q.form, Actions: actionOptions(c, q.filter.Action), Filtered: len(q.kept) > 0,
		Path: q.path, Export: q.address(q.path+".csv", ""), First: q.address(q.path, ""), Later: q.filter.Before != "", Everyone: v.platform,
	}
	if next != "" {
		view.Next = q.address(q.path, next)
	}
	who, orgs := k.names(), map[string]string{}
	for _, r := range records {
		row, err := auditRow(ctx, c, who, r)
		if err != nil {
			return err
		}
		if view.Everyone {
			if row.Org, err = k.orgName(ctx, orgs, r.OrgID); err != nil {
				return err
			}
		}
		view.Rows = append(view.Rows, row)
	}
	status := http.StatusOK
	if !q.form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return k.edge.Render(c, status, "admin/audit", view)
}

// orgName answers what an org is called, each asked for once; one that is gone is shown by its id.
func (k *Console) orgName(ctx context.Context, seen map[string]string, id string) (string, error) {
	if name, ok := seen[id]; ok || id == "" {
		return name, nil
	}
	org, err := k.deps.People.Org(ctx, id)
	if errors.Is(err, idp.ErrOrgNotFound) {
		org, err = idp.Org{Name: id}, nil
	}
	seen[id] = org.Name
	return org.Name, err
}

func auditRow(ctx context.Context, c echo.Context, who names, r audit.Record) (AuditRow, error) {
	row := AuditRow{Record: r, Label: actionName(c, r.Action), Changes: changes(r.BeforeJSON, r.AfterJSON)}
	if r.TargetKind == "user" {
		user, err := who.user(ctx, r.TargetID)
		if err != nil {
			return row, err
		}
		row.Target = userLine(user)
	}
	switch r.ActorKind {
	case audit.ActorUser:
		user, err := who.user(ctx, r.ActorID)
		row.Actor = userLine(user)
		return row, err
	case audit.ActorSystem:
		row.Actor = web.T(c, "admin.audit.actor_system")
	case audit.ActorCLI:
		row.Actor = web.T(c, "admin.audit.actor_cli")
	case audit.ActorApp:
		row.Actor = web.T(c, "admin.audit.actor_app", "App", r.ActorID)
	default:
		row.Actor = web.T(c, "admin.audit.actor_nobody")
	}
	return row, nil
}

// userLine names a person so that two of the same name are told apart.
func userLine(u idp.User) string {
	if u.Name == "" {
		return u.Email
	}
	return u.Name + " (" + u.Email + ")"
}

// actions are those that the console can say in words, in the order of the filter.
func actions(c echo.Context) []web.Option {
	return []web.Option{
		{Value: "app.created", Label: web.T(c, "admin.action.app_created")},
		{Value: "app.secret_rotated", Label: web.T(c, "admin.action.app_secret_rotated")},
		{Value: "app.redirect_uri_added", Label: web.T(c, "admin.action.app_redirect_uri_added")},
		{Value: "app.post_logout_redirect_uri_added", Label: web.T(c, "admin.action.app_post_logout_redirect_uri_added")},
		{Value: "app.updated", Label: web.T(c, "apps.action.updated")},
		{Value: "app.disabled", Label: web.T(c, "apps.action.disabled")},
		{Value: "app.enabled", Label: web.T(c, "apps.action.enabled")},
		{Value: "app.logo_changed", Label: web.T(c, "apps.action.logo_changed")},
		{Value: "app.logo_removed", Label: web.T(c, "apps.action.logo_removed")},
		{Value: "bundle.updated", Label: web.T(c, "apps.action.bundle_updated")},
		{Value: "bundle.created", Label: web.T(c, "admin.action.bundle_created")},
		{Value: "billing.enabled", Label: web.T(c, "admin.action.billing_enabled")},
		{Value: "billing.disabled", Label: web.T(c, "admin.action.billing_disabled")},
		{Value: "catalog.sync_started", Label: web.T(c, "admin.action.catalog_sync_started")},
		{Value: "catalog.drift_pushed", Label: web.T(c, "drift.action_pushed")},
		{Value: "catalog.drift_pulled", Label: web.T(c, "drift.action_pulled")},
		{Value: "comp.given", Label: web.T(c, "admin.action.comp_given")},
		{Value: "comp.renewed", Label: web.T(c, "comps.action.renewed")},
		{Value: "comp.ended", Label: web.T(c, "comps.action.ended")},
		{Value: "claim.explained", Label: web.T(c, "comps.action.explained")},
		{Value: "feature.created", Label: web.T(c, "admin.action.feature_created")},
		{Value: "feature.updated", Label: web.T(c, "admin.action.feature_updated")},
		{Value: "feature.deleted", Label: web.T(c, "features.action_deleted")},
		{Value: "invitation.sent", Label: web.T(c, "team.action.invitation_sent")},
		{Value: "invitation.resent", Label: web.T(c, "team.action.invitation_resent")},
		{Value: "invitation.accepted", Label: web.T(c, "team.action.invitation_accepted")},
		{Value: "invitation.declined", Label: web.T(c, "team.action.invitation_declined")},
		{Value: "invitation.revoked", Label: web.T(c, "team.action.invitation_revoked")},
		{Value: "job.retried", Label: web.T(c, "admin.action.job_retried")},
		{Value: "member.added", Label: web.T(c, "admin.action.member_added")},
		{Value: "member.left", Label: web.T(c, "team.action.member_left")},
		{Value: "member.removed", Label: web.T(c, "admin.action.member_removed")},
		{Value: "member.role_changed", Label: web.T(c, "admin.action.member_role_changed")},
		{Value: "org.created", Label: web.T(c, "admin.action.org_created")},
		{Value: "org.suspended", Label: web.T(c, "platform.action.org_suspended")},
		{Value: "org.resumed", Label: web.T(c, "platform.action.org_resumed")},
		{Value: "consent.given", Label: web.T(c, "platform.action.consent_given")},
		{Value: "key.created", Label: web.T(c, "platform.action.key_created")},
		{Value: "key.activated", Label: web.T(c, "platform.action.key_activated")},
		{Value: "fee.rate_set", Label: web.T(c, "fees.action_rate_set")},
		{Value: "fee.month_closed", Label: web.T(c, "fees.action_month_closed")},
		{Value: "fee.invoice_issued", Label: web.T(c, "fees.action_invoice_issued")},
		{Value: "tax.profile_saved", Label: web.T(c, "fees.action_profile_saved")},
		{Value: "refund.decided", Label: web.T(c, "platform.action.refund_decided")},
		{Value: "refund.done", Label: web.T(c, "platform.action.refund_done")},
		{Value: "stripe.connected", Label: web.T(c, "platform.action.stripe_connected")},
		{Value: "stripe.account_made", Label: web.T(c, "payments.action.stripe_account_made")},
		{Value: "stripe.account_changed", Label: web.T(c, "payments.action.stripe_account_changed")},
		{Value: "stripe.disconnected", Label: web.T(c, "payments.action.stripe_disconnected")},
		{Value: "stripe.revoked", Label: web.T(c, "payments.action.stripe_revoked")},
		{Value: "subscription.started", Label: web.T(c, "platform.action.subscription_started")},
		{Value: "subscription.changed", Label: web.T(c, "platform.action.subscription_changed")},
		{Value: "subscription.ended", Label: web.T(c, "platform.action.subscription_ended")},
		{Value: "user.created", Label: web.T(c, "platform.action.user_created")},
		{Value: "user.signed_in", Label: web.T(c, "platform.action.signed_in")},
		{Value: "user.signed_out", Label: web.T(c, "platform.action.signed_out")},
		{Value: "user.session_ended", Label: web.T(c, "platform.action.session_ended")},
		{Value: "user.password_changed", Label: web.T(c, "platform.action.password_changed")},
		{Value: "user.reset_requested", Label: web.T(c, "platform.action.reset_requested")},
		{Value: "user.email_verified", Label: web.T(c, "platform.action.email_verified")},
		{Value: "user.profile_updated", Label: web.T(c, "platform.action.profile_updated")},
		{Value: "user.disabled", Label: web.T(c, "platform.action.user_disabled")},
		{Value: "user.enabled", Label: web.T(c, "platform.action.user_enabled")},
		{Value: "user.sessions_ended", Label: web.T(c, "platform.action.sessions_ended")},
		{Value: "webhook.read_again", Label: web.T(c, "platform.action.webhook_read")},
		{Value: "org.renamed", Label: web.T(c, "team.action.org_renamed")},
		{Value: "org.ownership_transferred", Label: web.T(c, "team.action.org_ownership_transferred")},
		{Value: "plan.created", Label: web.T(c, "admin.action.plan_created")},
		{Value: "plan.updated", Label: web.T(c, "admin.action.plan_updated")},
		{Value: "plan.duplicated", Label: web.T(c, "admin.action.plan_duplicated")},
		{Value: "plan.moved", Label: web.T(c, "admin.action.plan_moved")},
		{Value: "plan.archived", Label: web.T(c, "admin.action.plan_archived")},
		{Value: "plan.restored", Label: web.T(c, "admin.action.plan_restored")},
		{Value: "plan.deleted", Label: web.T(c, "admin.action.plan_deleted")},
		{Value: "plans.reordered", Label: web.T(c, "admin.action.plans_reordered")},
		{Value: "price.added", Label: web.T(c, "admin.action.price_added")},
		{Value: "price.edited", Label: web.T(c, "admin.action.price_edited")},
		{Value: "shop.changed", Label: web.T(c, "shop.action")},
		{Value: "price.retired", Label: web.T(c, "admin.action.price_retired")},
		{Value: "seat_limits.changed", Label: web.T(c, "team.action.seat_limits_changed")},
		{Value: "seats.changed", Label: web.T(c, "team.action.seats_changed")},
		{Value: "seats.committed", Label: web.T(c, "team.action.seats_committed")},
	}
}

func actionName(c echo.Context, action string) string {
	for _, a := range actions(c) {
		if a.Value == action {
			return a.Label
		}
	}
	return ""
}

// actionOptions are the choices of the filter; an action that was asked for by its code is among them.
func actionOptions(c echo.Context, current string) []web.Option {
	known := actions(c)
	if current != "" && !slices.ContainsFunc(known, func(o web.Option) bool { return o.Value == current }) {
		known = append(known, web.Option{Value: current, Label: current})
	}
	return append([]web.Option{{Label: web.T(c, "admin.audit.all")}}, known...)
}
