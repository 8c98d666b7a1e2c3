package app

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// lifeMails are the mails of a subscription's life by the step that they tell of.
var lifeMails = map[string]mail.Template{
	billing.NoticePastDue: mail.LifePastDue, billing.NoticePastDueMiddle: mail.LifePastDueMiddle, billing.NoticePastDueEnd: mail.LifePastDueEnd,
	billing.NoticeTrialEnding: mail.LifeTrialEnding, billing.NoticeCancelled: mail.LifeCancelled, billing.NoticeEnded: mail.LifeEnded,
}

// Life tells everybody who manages the org's billing.
func (m billingMail) Life(ctx context.Context, n billing.LifeNotice) error {
	org, err := m.people.Org(ctx, n.OrgID)
	if errors.Is(err, idp.ErrOrgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	members, err := m.people.Members(ctx, n.OrgID)
	if err != nil {
		return err
	}
	for _, member := range members {
		if !permission.Allows(permission.Role(member.Membership.Role), permission.BillingWrite) {
			continue
		}
		user, err := m.people.User(ctx, member.Membership.UserID)
		if errors.Is(err, idp.ErrUserNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		lang := user.Locale
		if !i18n.Supported(lang) {
			lang = i18n.English
		}
		err = m.mails.Send(ctx, mail.Message{To: user.Email, Lang: lang, Template: lifeMails[n.Step], Data: map[string]any{
			"Name": user.Name, "Link": m.base + "/account/billing", "Org": org.Name, "App": n.AppName, "Plan": n.PlanName,
			"Date": i18n.Date(lang, n.Date), "Amount": money.Format(lang, n.Amount, n.Currency),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
