package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
)

type compCmd struct {
	Give compGiveCmd `cmd:"" help:"Give a free pass to an address."`
	End  compEndCmd  `cmd:"" help:"Take a free pass back."`
	List compListCmd `cmd:"" help:"List the free passes of an app."`
}

type compGiveCmd struct {
	operator `embed:""`
	App      string   `required:"" help:"Client id of the app."`
	Email    string   `required:"" help:"Address; whoever has proven that it is theirs, or does so later, gets the pass."`
	Reason   string   `required:"" help:"Why; people who manage the app read it."`
	Plan     string   `help:"Slug of the app's plan to show; comp when left out."`
	Feature  []string `help:"Key of a feature; all when left out. May be repeated."`
	Until    string   `help:"Last day (2027-01-31, in UTC) or exact end (RFC 3339); no end when left out."`
	By       string   `help:"Address of the person who gives it, who is reminded of its end."`
}

// Run gives the pass.
func (cmd *compGiveCmd) Run(ctx context.Context) error {
	gift := comps.Gift{ClientID: cmd.App, Email: cmd.Email, PlanSlug: cmd.Plan, Features: cmd.Feature, Reason: cmd.Reason}
	if cmd.Until != "" {
		end, err := comps.ParseUntil(cmd.Until)
		if err != nil {
			return fmt.Errorf("--until: %w", err)
		}
		gift.ExpiresAt = &end
	}
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		if cmd.By != "" {
			giver, err := a.Identity().UserByEmail(ctx, cmd.By)
			if err != nil {
				return err
			}
			gift.GivenBy = giver.ID
		}
		return a.Comps().Give(ctx, gift)
	})
}

type compEndCmd struct {
	operator `embed:""`
	App      string `required:"" help:"Client id of the app."`
	ID       string `required:"" help:"Id of the pass, as the list has it."`
}

// Run ends the pass.
func (cmd *compEndCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error { return a.Comps().End(ctx, cmd.App, cmd.ID, "") })
}

type compListCmd struct {
	operator `embed:""`
	App      string `required:"" help:"Client id of the app."`
}

// Run prints a line for each pass: id, person or address, plan, end.
func (cmd *compListCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		if err := cmd.people(ctx, a); err != nil {
			return err
		}
		const page = 500
		for after := ""; ; {
			waiting, err := a.Comps().AddressPasses(ctx, cmd.App, after, page)
			if err != nil {
				return err
			}
			for _, p := range waiting {
				fmt.Printf("%s\t%s\t%s\t%s\n", p.ID, p.Email, p.PlanSlug, end(p.ExpiresAt))
				after = p.ID
			}
			if len(waiting) < page {
				return nil
			}
		}
	})
}

// people prints the passes of those who are in the app's directory.
func (cmd *compListCmd) people(ctx context.Context, a *app.App) error {
	const page = 500
	for after := ""; ; {
		given, err := a.Comps().CompsOfApp(ctx, cmd.App, after, page)
		if err != nil {
			return err
		}
		for _, c := range given {
			after = c.ID
			if !c.LiveAt(time.Now()) {
				continue
			}
			user, err := a.Identity().User(ctx, c.UserID)
			if err != nil {
				return err
			}
			fmt.Printf("%s\t%s\t%s\t%s\n", c.ID, user.Email, c.PlanSlug, end(c.ExpiresAt))
		}
		if len(given) < page {
			return nil
		}
	}
}

func end(at *time.Time) string {
	if at == nil {
		return "no end"
	}
	return at.UTC().Format(time.RFC3339)
}
