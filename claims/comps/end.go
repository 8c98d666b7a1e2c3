package comps

import (
	"context"
	"errors"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// held is a pass with its two rows, of which it may have one.
type held struct {
	pass    claims.Pass
	comp    *claims.Comp
	address *claims.AddressComp
	// hidden tells that the person behind the address is not shown to the app's admins.
	hidden bool
}

func (h held) before() any {
	if h.hidden || h.comp == nil {
		return *h.address
	}
	return *h.comp
}

func (h held) target() audit.Target {
	if h.hidden || h.comp == nil {
		return audit.Target{Kind: "address_comp", ID: h.address.ID}
	}
	return audit.Target{Kind: "comp", ID: h.comp.ID}
}

// find looks a live pass of an app up by the id under which it is shown.
func (s *Service) find(ctx context.Context, clientID, id string) (held, error) {
	var h held
	address, err := s.deps.Store.AddressComp(ctx, id)
	switch {
	case err == nil:
		h.address = &address
	case !errors.Is(err, claims.ErrCompNotFound):
		return h, err
	}
	compID := id
	if h.address != nil {
		compID = h.address.CompID
	}
	if compID != "" {
		comp, err := s.deps.Store.Comp(ctx, compID)
		if err != nil {
			return h, err
		}
		h.comp = &comp
	}
	return h, s.see(ctx, clientID, id, &h)
}

// see makes what the app's admins may see of the rows, or answers [claims.ErrCompNotFound].
func (s *Service) see(ctx context.Context, clientID, id string, h *held) error {
	known := h.address == nil
	if h.comp != nil && h.address != nil {
		var err error
		if known, err = s.deps.Store.InDirectory(ctx, h.comp.ClientID, h.comp.UserID); err != nil {
			return err
		}
	}
	if h.hidden = h.comp != nil && !known; h.hidden && id == h.comp.ID {
		return claims.ErrCompNotFound // that id is shown to nobody yet
	}
	if h.comp != nil && known {
		c := *h.comp
		h.pass = claims.Pass{
			ID: c.ID, UserID: c.UserID, ClientID: c.ClientID, PlanSlug: c.PlanSlug, PlanName: c.PlanName, Features: c.Features,
			ExpiresAt: c.ExpiresAt, GivenBy: c.GivenBy, Reason: c.Reason, CreatedAt: c.CreatedAt,
		}
		if c.ClientID != clientID || !c.LiveAt(s.now()) {
			return claims.ErrCompNotFound
		}
		return nil
	}
	a := *h.address
	h.pass = claims.Pass{
		ID: a.ID, Email: a.Email, ClientID: a.ClientID, PlanSlug: a.PlanSlug, PlanName: a.PlanName, Features: a.Features,
		ExpiresAt: a.ExpiresAt, GivenBy: a.GivenBy, Reason: a.Reason, CreatedAt: a.CreatedAt,
	}
	if a.ClientID != clientID || !a.LiveAt(s.now()) {
		return claims.ErrCompNotFound
	}
	return nil
}

// Pass answers a pass of an app that counts now, or [claims.ErrCompNotFound].
func (s *Service) Pass(ctx context.Context, clientID, id string) (claims.Pass, error) {
	h, err := s.find(ctx, clientID, id)
	return h.pass, err
}

// End takes a pass back, at once, and records it. Errors: [claims.ErrCompNotFound], also for one that is over.
func (s *Service) End(ctx context.Context, clientID, id, by string) error {
	return s.change(ctx, clientID, id, by, "comp.ended", func(ctx context.Context, h *held) error {
		now := s.now()
		if h.address != nil {
			if err := s.deps.Store.EndAddressComp(ctx, h.address.ID, now); err != nil {
				return err
			}
			h.address.EndedAt = &now
		}
		if h.comp == nil {
			return nil
		}
		h.comp.EndedAt = &now
		return s.deps.Store.EndComp(ctx, h.comp.ID, now)
	})
}

// Renew gives a pass another end, nil for none, and records it. Errors: [claims.ErrCompNotFound], [ErrEndPast],
// [ErrSelf].
func (s *Service) Renew(ctx context.Context, clientID, id string, until *time.Time, by string) error {
	if until != nil && !until.After(s.now()) {
		return ErrEndPast
	}
	return s.change(ctx, clientID, id, by, "comp.renewed", func(ctx context.Context, h *held) error {
		now := s.now()
		if h.comp != nil && by != "" && h.comp.UserID == by {
			return ErrSelf
		}
		if h.address != nil {
			if err := s.deps.Store.RenewAddressComp(ctx, h.address.ID, until, now); err != nil {
				return err
			}
			h.address.ExpiresAt = until
		}
		if h.comp == nil {
			return nil
		}
		h.comp.ExpiresAt = until
		return s.deps.Store.RenewComp(ctx, h.comp.ID, until, now)
	})
}

func (s *Service) change(ctx context.Context, clientID, id, by, action string, do func(ctx context.Context, h *held) error) error {
	orgID, err := s.deps.Apps.OrgOf(ctx, clientID)
	if err != nil {
		return err
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		h, err := s.find(ctx, clientID, id)
		if err != nil {
			return err
		}
		before := h.before()
		if err := do(ctx, &h); err != nil {
			return err
		}
		return s.deps.Audit.Record(ctx, audit.Entry{Actor: giver(by), OrgID: orgID, Action: action, Target: h.target(), Before: before, After: h.before()})
	})
}

// Reminders and what they look ahead by.
const (
	// RemindBefore is how long before the end of a pass its giver is reminded.
	RemindBefore = 7 * 24 * time.Hour
	// EndingWithin is what the list of passes that end soon looks ahead by.
	EndingWithin = 14 * 24 * time.Hour
	remindBatch  = 100
)

// Remind tells, once for each pass, that it ends within [RemindBefore].
func (s *Service) Remind(ctx context.Context) error {
	for {
		now := s.now()
		due, err := s.deps.Store.DueReminders(ctx, now, now.Add(RemindBefore), remindBatch)
		if err != nil {
			return err
		}
		for _, pass := range due {
			err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
				mine, err := s.deps.Store.MarkReminded(ctx, pass, now)
				if err != nil || !mine {
					return err
				}
				return s.deps.Mail.EndingSoon(ctx, pass)
			})
			if err != nil {
				return err
			}
		}
		if len(due) < remindBatch {
			return nil
		}
	}
}
