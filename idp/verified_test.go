package idp_test

import (
	"slices"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestEveryProofOfAnAddressIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		byMail, byReset := h.user(t, "mail@x.test"), h.user(t, "Reset@x.test")
		if len(h.proven.told) != 0 {
			t.Fatalf("told of addresses that nobody has proven: %v", h.proven.told)
		}
		made := h.verified(t, "made@x.test")
		if err := h.StartVerify(ctx, byMail.ID, "en", ""); err != nil {
			t.Fatal(err)
		}
		_, token := h.mail.last(t, mail.VerifyEmail)
		if _, _, err := h.FinishVerify(ctx, token); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second reset proves nothing new
			if err := h.StartReset(ctx, "reset@x.test", "en", ""); err != nil {
				t.Fatal(err)
			}
			_, token = h.mail.last(t, mail.ResetPassword)
			if _, _, err := h.FinishReset(ctx, token, "a whole new one"); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := h.CreateUser(ctx, idp.CreateUser{Email: "made@x.test", Password: "correct horse", Verified: true}); err == nil {
			t.Fatal("made twice")
		}
		want := []string{made.ID + " made@x.test", byMail.ID + " mail@x.test", byReset.ID + " reset@x.test"}
		if !slices.Equal(h.proven.told, want) {
			t.Errorf("told %v, want %v", h.proven.told, want)
		}
	})
}
