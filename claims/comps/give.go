package comps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// Gift is a pass to be given, to a person of the app's directory or to an address.
type Gift struct {
	ClientID string
	// UserID names a person of the directory; without it, Email is the address of anybody.
	UserID, Email string
	// PlanSlug is a plan of the app, or "" for the default.
	PlanSlug string
	// Features are keys of the app; none means all.
	Features  []string
	ExpiresAt *time.Time
	Reason    string
	GivenBy   string // a user id
}

// checked is a gift whose words are settled.
type checked struct {
	Gift
	orgID, planName, normal string
}

// Give gives a pass and records it. The answer to a gift for an address is the same whether or not the address
// has an account. Errors: those of the package, and [claims.ErrCompExists].
func (s *Service) Give(ctx context.Context, g Gift) error {
	ready, err := s.check(ctx, g)
	if err != nil {
		return err
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error { return s.give(ctx, ready) })
}

// check settles everything that needs no lock.
func (s *Service) check(ctx context.Context, g Gift) (out checked, err error) {
	out.Gift = g
	if out.orgID, err = s.deps.Apps.OrgOf(ctx, g.ClientID); err != nil {
		return out, err
	}
	if out.Reason = strings.TrimSpace(g.Reason); out.Reason == "" || utf8.RuneCountInString(out.Reason) > MaxReason {
		return out, ErrReason
	}
	if g.ExpiresAt != nil && !g.ExpiresAt.After(s.now()) {
		return out, ErrEndPast
	}
	if out.PlanSlug, out.planName, err = s.plan(ctx, g.ClientID, g.PlanSlug); err != nil {
		return out, err
	}
	if len(g.Features) > 0 {
		known, err := s.deps.Apps.Features(ctx, g.ClientID)
		if err != nil {
			return out, err
		}
		for _, key := range g.Features {
			if !slices.ContainsFunc(known, func(c Choice) bool { return c.Key == key }) {
				return out, fmt.Errorf("%w: %q", ErrFeature, key)
			}
		}
	}
	return out, s.checkWho(ctx, &out)
}

func (s *Service) plan(ctx context.Context, clientID, slug string) (key, name string, err error) {
	if slug == "" || slug == DefaultSlug {
		return DefaultSlug, DefaultName, nil
	}
	plans, err := s.deps.Apps.Plans(ctx, clientID)
	if err != nil {
		return "", "", err
	}
	for _, p := range plans {
		if p.Key == slug {
			return p.Key, p.Name, nil
		}
	}
	return "", "", fmt.Errorf("%w: %q", ErrPlan, slug)
}

func (s *Service) checkWho(ctx context.Context, c *checked) error {
	if c.UserID != "" {
		known, err := s.deps.Store.InDirectory(ctx, c.ClientID, c.UserID)
		switch {
		case err != nil:
			return err
		case c.UserID == c.GivenBy:
			return ErrSelf
		case !known:
			return ErrUser
		}
		return nil
	}
	email, normal, ok := s.deps.People.Address(c.Email)
	if !ok {
		return ErrAddress
	}
	c.Email, c.normal = email, normal
	own, err := s.deps.People.NormalOf(ctx, c.GivenBy)
	if err == nil && own == normal {
		return ErrSelf
	}
	return err
}

// give writes a settled gift. No error of its own kinds harms the transaction, so that a list can go on.
func (s *Service) give(ctx context.Context, c checked) error {
	if c.UserID != "" {
		return s.toPerson(ctx, c, c.UserID)
	}
	userID, err := s.deps.People.Proven(ctx, c.normal)
	if err != nil {
		return err
	}
	if userID != "" {
		known, err := s.deps.Store.InDirectory(ctx, c.ClientID, userID)
		if err != nil {
			return err
		}
		if known { // the app's admins see this person anyway
			return s.toPerson(ctx, c, userID)
		}
	}
	return s.toAddress(ctx, c, userID)
}

func (s *Service) toPerson(ctx context.Context, c checked, userID string) error {
	row := claims.Comp{
		UserID: userID, ClientID: c.ClientID, PlanSlug: c.PlanSlug, PlanName: c.planName, Features: c.Features,
		ExpiresAt: c.ExpiresAt, GivenBy: c.GivenBy, Reason: c.Reason,
	}
	if userID == c.GivenBy {
		return ErrSelf
	}
	if err := s.deps.Store.CreateComp(ctx, &row, s.now()); err != nil {
		return err
	}
	return s.deps.Audit.Record(ctx, audit.Entry{
		Actor: giver(c.GivenBy), OrgID: c.orgID, Action: "comp.given", Target: audit.Target{Kind: "comp", ID: row.ID}, After: row,
	})
}

// toAddress promises the pass to the address and, where it is proven to be somebody's, keeps the promise at once.
func (s *Service) toAddress(ctx context.Context, c checked, userID string) error {
	row := claims.AddressComp{
		ClientID: c.ClientID, Email: c.Email, EmailNormal: c.normal, PlanSlug: c.PlanSlug, PlanName: c.planName, Features: c.Features,
		ExpiresAt: c.ExpiresAt, GivenBy: c.GivenBy, Reason: c.Reason,
	}
	if err := s.deps.Store.CreateAddressComp(ctx, &row, s.now()); err != nil {
		return err
	}
	err := s.deps.Audit.Record(ctx, audit.Entry{
		Actor: giver(c.GivenBy), OrgID: c.orgID, Action: "comp.given", Target: audit.Target{Kind: "address_comp", ID: row.ID}, After: row,
	})
	if err != nil || userID == "" {
		return err
	}
	return s.take(ctx, row, userID)
}

// AddressVerified gives the passes that wait for an address to the person who has just proven that it is theirs,
// in the transaction that proves it.
func (s *Service) AddressVerified(ctx context.Context, userID, emailNormal string) error {
	waiting, err := s.deps.Store.WaitingFor(ctx, emailNormal)
	if err != nil {
		return err
	}
	for _, row := range waiting {
		if !row.LiveAt(s.now()) {
			continue
		}
		if err := s.take(ctx, row, userID); err != nil {
			return err
		}
	}
	return nil
}

// take makes a comp of a promise. One to an address that has become the giver's own is void; somebody who has a
// pass already keeps that one.
func (s *Service) take(ctx context.Context, row claims.AddressComp, userID string) error {
	entry := audit.Entry{Actor: audit.Actor{Kind: audit.ActorSystem}, Target: audit.Target{Kind: "comp"}}
	if row.GivenBy == userID {
		entry.Action, entry.Target, entry.Before = "comp.refused", audit.Target{Kind: "address_comp", ID: row.ID}, row
		if err := s.deps.Store.EndAddressComp(ctx, row.ID, s.now()); err != nil {
			return err
		}
		return s.deps.Audit.Record(ctx, entry)
	}
	comp := row.For(userID)
	err := s.deps.Store.CreateComp(ctx, &comp, s.now())
	if errors.Is(err, claims.ErrCompExists) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.deps.Store.TakeAddressComp(ctx, row.ID, userID, comp.ID, s.now()); err != nil {
		return err
	}
	// In no org's log: the app's admins must not learn from it that the address has an account.
	entry.Action, entry.Target.ID, entry.After = "comp.taken", comp.ID, comp
	return s.deps.Audit.Record(ctx, entry)
}

// giver is who a gift is recorded for: the person, even where a job carries it out; else whoever the request says.
func giver(userID string) audit.Actor {
	if userID == "" {
		return audit.Actor{}
	}
	return audit.Actor{Kind: audit.ActorUser, ID: userID}
}

// GiveAt saves a comp as it is, as given at a moment, to anybody: for an operator at the shell and for seeds. It is
// recorded. Errors: [claims.ErrInvalidComp], [claims.ErrCompExists], [ErrSelf].
func (s *Service) GiveAt(ctx context.Context, comp claims.Comp, at time.Time) error {
	orgID, err := s.deps.Apps.OrgOf(ctx, comp.ClientID)
	if err != nil {
		return err
	}
	if comp.UserID == comp.GivenBy {
		return ErrSelf
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		row := comp
		if err := s.deps.Store.CreateComp(ctx, &row, at); err != nil {
			return err
		}
		return s.deps.Audit.Record(ctx, audit.Entry{
			Actor: giver(row.GivenBy), OrgID: orgID, Action: "comp.given", Target: audit.Target{Kind: "comp", ID: row.ID}, After: row,
		})
	})
}
