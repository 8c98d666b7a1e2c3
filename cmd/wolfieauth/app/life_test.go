package app_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/idp"
)

// TestWhoHearsOfASubscription cancels an org's subscription: those who manage its billing hear of it, each in their
// own language and once, and nobody else does.
func TestWhoHearsOfASubscription(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.teamOrg(t)
		heard := map[string]string{owner.Email: "pl"}
		everybody := []string{owner.Email}
		for role, locale := range map[string]string{"admin": "en", "billing": "en", "member": "pl"} {
			user, _, err := h.App.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Name: role, Verified: true, Locale: locale})
			must(t, err)
			_, err = h.App.Identity().AddMember(ctx, org.ID, user.ID, role)
			must(t, err)
			everybody = append(everybody, user.Email)
			if role != "member" {
				heard[user.Email] = locale
			}
		}
		h.settle(t)
		sub := h.seatState(t, org).Subscription
		must(t, h.App.Billing().CancelAtPeriodEnd(ctx, org.ID, sub.ID))
		h.settle(t)
		h.advance(t, time.Hour)
		h.settle(t)
		got := map[string]string{}
		var mails []struct{ ToAddress, Lang string }
		must(t, h.App.DB().Conn(ctx).Raw("SELECT to_address, lang FROM mails WHERE template = 'life_cancelled' AND to_address IN ?", everybody).Scan(&mails).Error)
		for _, m := range mails {
			if got[m.ToAddress] != "" {
				t.Errorf("%s was told twice", m.ToAddress)
			}
			got[m.ToAddress] = m.Lang
		}
		if diff := cmp.Diff(heard, got); diff != "" {
			t.Errorf("who was told (-want +got):\n%s", diff)
		}
	})
}
