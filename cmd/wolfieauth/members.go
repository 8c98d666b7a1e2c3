package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/idp"
)

type orgInviteCmd struct {
	operator `embed:""`
	Org      string   `required:"" help:"Slug of the org."`
	By       string   `required:"" help:"E-mail address of the owner or admin who invites."`
	Role     string   `enum:"owner,admin,billing,member" default:"member" help:"What the invited people will be (${enum})."`
	Lang     string   `enum:",pl,en" default:"" help:"Language of the mails to people who have chosen none."`
	Emails   []string `arg:"" help:"Addresses to invite."`
}

// Run invites each address on its own and prints what became of it; it fails when one was refused.
func (cmd *orgInviteCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		people := a.Identity()
		org, err := people.OrgBySlug(ctx, cmd.Org)
		if err != nil {
			return err
		}
		by, err := people.UserByEmail(ctx, cmd.By)
		if err != nil {
			return err
		}
		lines := make([]idp.InviteLine, 0, len(cmd.Emails))
		for _, email := range cmd.Emails {
			lines = append(lines, idp.InviteLine{Email: email, Role: cmd.Role})
		}
		results, err := people.InviteMany(ctx, org.ID, by.ID, cmd.Lang, "", lines)
		refused := 0
		for _, r := range results {
			if r.Err != nil {
				refused++
				fmt.Printf("%s: %v\n", r.Line.Email, r.Err)
				continue
			}
			fmt.Printf("%s: invited until %s\n", r.Line.Email, r.Invitation.ExpiresAt.Format(time.RFC3339))
		}
		if err == nil && refused > 0 {
			err = fmt.Errorf("%d of %d were not invited", refused, len(lines))
		}
		return err
	})
}

type orgMembersCmd struct {
	operator `embed:""`
	Org      string `required:"" help:"Slug of the org."`
}

// Run prints the active members: address, role, and since when.
func (cmd *orgMembersCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		org, err := a.Identity().OrgBySlug(ctx, cmd.Org)
		if err != nil {
			return err
		}
		for after := ""; ; {
			page, next, err := a.Identity().MemberPage(ctx, idp.MemberFilter{OrgID: org.ID, After: after, Limit: 200})
			if err != nil {
				return err
			}
			for _, m := range page {
				fmt.Printf("%s\t%s\t%s\n", m.Email, m.Membership.Role, m.Membership.CreatedAt.UTC().Format(time.RFC3339))
			}
			if after = next; after == "" {
				return nil
			}
		}
	})
}
