package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// giveBack decides, in the transaction that found it, that a second payment is cancelled and refunded.
func (s *Service) giveBack(ctx context.Context, sub Subscription, paymentID string) error {
	now := s.now()
	id := newID()
	refund, err := s.store.DecideRefund(ctx, Refund{
		ID: id, SubscriptionID: sub.ID, Account: sub.Account, Livemode: sub.Livemode, PaymentID: paymentID,
		Reason: ReasonDoublePayment, CreatedAt: now, UpdatedAt: now,
	})
	if err != nil || refund.RefundID != "" {
		return err
	}
	if refund.ID == id {
		if err := s.recordRefund(ctx, "refund.decided", sub.OrgID, refund); err != nil {
			return err
		}
	}
	return s.jobs.Want(ctx, KindRefund, refund.ID)
}

// carryOutRefund cancels the subscription, gives its payment back, and tells both people, each once however
// often it runs: the calls carry the keys of rows, and the mail is written by whoever stores the answer.
func (s *Service) carryOutRefund(ctx context.Context, refundID string) error {
	refund, err := s.store.Refund(ctx, refundID)
	if errors.Is(err, ErrRefundNotFound) {
		return nil
	}
	if err != nil || refund.RefundID != "" {
		return err
	}
	sub, err := s.store.Subscription(ctx, refund.SubscriptionID)
	if err != nil {
		return err
	}
	payment, err := s.paymentOf(ctx, refund, sub)
	if err != nil {
		return err
	}
	if sub.Recurring {
		if err := s.gateway.CancelNow(ctx, sub.at(), sub.ID, sub.StripeID); err != nil && !errors.Is(err, ErrStripeGone) {
			return fmt.Errorf("cancel %s: %w", sub.StripeID, err)
		}
	}
	done, err := s.refundPayment(ctx, refund, payment)
	if err != nil {
		return err
	}
	return s.refunded(ctx, refund, sub, done)
}

// paymentOf finds what was paid: as known when the refund was decided, else as the subscription says now.
func (s *Service) paymentOf(ctx context.Context, refund Refund, sub Subscription) (string, error) {
	switch {
	case refund.PaymentID != "":
		return refund.PaymentID, nil
	case !sub.Recurring && strings.HasPrefix(sub.StripeID, "pi_"):
		return sub.StripeID, nil
	case !sub.Recurring:
		return "", nil
	}
	remote, err := s.gateway.ReadSubscription(ctx, sub.at(), sub.StripeID)
	if errors.Is(err, ErrStripeGone) {
		return "", nil
	}
	return remote.LatestPaymentID, err
}

func (s *Service) refundPayment(ctx context.Context, refund Refund, paymentID string) (string, error) {
	if paymentID == "" {
		return NothingToRefund, nil
	}
	at := Account{ID: refund.Account, Livemode: refund.Livemode}
	paid, err := s.gateway.ReadPayment(ctx, at, paymentID)
	switch {
	case errors.Is(err, ErrStripeGone):
		return NothingToRefund, nil
	case err != nil:
		return "", err
	case !paid.Succeeded:
		return NothingToRefund, nil
	}
	// Asked also for one that is refunded already: Stripe answers that refund, whoever made it.
	id, err := s.gateway.Refund(ctx, at, refund.ID, paymentID)
	if errors.Is(err, ErrStripeRefused) && paid.Refunded {
		return NothingToRefund, nil
	}
	if err != nil {
		return "", fmt.Errorf("refund %s: %w", paymentID, err)
	}
	return id, nil
}

// refunded stores the answer and tells both people, in one transaction.
func (s *Service) refunded(ctx context.Context, refund Refund, sub Subscription, done string) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		first, err := s.store.RefundDone(ctx, refund.ID, done, s.now())
		if err != nil || !first {
			return err
		}
		refund.RefundID = done
		if err := s.recordRefund(ctx, "refund.done", sub.OrgID, refund); err != nil {
			return err
		}
		if sub.CheckoutID != "" {
			if _, err := s.store.CloseCheckout(ctx, sub.CheckoutID, CheckoutRefunded, s.now()); err != nil {
				return err
			}
		}
		notice, err := s.notice(ctx, sub)
		if err != nil {
			return err
		}
		notice.Refunded = done != NothingToRefund
		if err := s.mailer.DoublePayment(ctx, notice); err != nil {
			return err
		}
		return s.jobs.Want(ctx, KindObject, sub.objectKey())
	})
}

func (s *Service) notice(ctx context.Context, sub Subscription) (DoublePayment, error) {
	n := DoublePayment{OrgID: sub.OrgID, ClientID: sub.ClientID}
	var err error
	if n.PlanName, n.GivenBackUserID, n.Lang, err = s.boughtBy(ctx, sub); err != nil {
		return n, err
	}
	kept, err := s.store.Holder(ctx, sub.OrgID, sub.Scope, sub.Livemode)
	if errors.Is(err, ErrSubscriptionNotFound) {
		return n, nil // it ended since
	}
	if err == nil {
		n.KeptPlanName, n.KeptUserID, _, err = s.boughtBy(ctx, kept)
	}
	return n, err
}

func (s *Service) boughtBy(ctx context.Context, sub Subscription) (planName, userID, lang string, err error) {
	plan, err := s.store.Plan(ctx, sub.PlanID)
	if err != nil {
		return "", "", "", err
	}
	row, err := s.store.Checkout(ctx, sub.CheckoutID)
	if errors.Is(err, ErrCheckoutNotFound) {
		return plan.Name, "", "", nil
	}
	return plan.Name, row.UserID, row.Lang, err
}
