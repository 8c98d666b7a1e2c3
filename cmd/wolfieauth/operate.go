package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/config"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// operator opens the house without serving: for the commands that change data.
type operator struct {
	config.Serve `embed:""`
}

func (o *operator) with(ctx context.Context, do func(ctx context.Context, a *app.App) error) error {
	if err := o.Prepare(os.LookupEnv); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	slog.SetDefault(log) // the OIDC library speaks to the default logger alone
	cfg, err := appConfig(&o.Serve, log)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	// The audit log tells a change made from a shell from one made in a browser.
	ctx = audit.WithRequest(ctx, audit.Request{ActorKind: "cli", ActorID: os.Getenv("USER")})
	return errors.Join(do(ctx, a), a.Close())
}

type migrateCmd struct {
	config.Storage `embed:""`
}

// Run brings the schema up to date and tells its version.
func (cmd *migrateCmd) Run(ctx context.Context) error {
	if err := cmd.Prepare(os.LookupEnv); err != nil {
		return err
	}
	d, err := db.Open(ctx, string(cmd.Database))
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx); err != nil {
		return errors.Join(err, d.Close())
	}
	version, err := d.Version(ctx)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	fmt.Printf("schema is at version %d\n", version)
	return d.Close()
}

type userCmd struct {
	Create userCreateCmd `cmd:"" help:"Create a person."`
}

type userCreateCmd struct {
	operator     `embed:""`
	Email        string `required:"" help:"E-mail address."`
	Name         string `help:"Name that people see."`
	PasswordFile string `type:"existingfile" help:"File that holds the password. Without it the person sets one by mail (password reset)."`
	Verified     bool   `help:"The address is known to be theirs."`
	Locale       string `enum:",pl,en" default:"" help:"Language of their mails."`
}

// Run creates a person and prints their subject.
func (cmd *userCreateCmd) Run(ctx context.Context) error {
	password := ""
	if cmd.PasswordFile != "" {
		raw, err := os.ReadFile(cmd.PasswordFile)
		if err != nil {
			return err
		}
		password = strings.TrimRight(string(raw), "\r\n")
	}
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		user, org, err := a.Identity().CreateUser(ctx, idp.CreateUser{
			Email: cmd.Email, Name: cmd.Name, Password: password, Verified: cmd.Verified, Locale: cmd.Locale,
		})
		if err != nil {
			return err
		}
		fmt.Printf("sub %s\npersonal org %s\n", user.ID, org.ID)
		if password == "" {
			fmt.Printf("no password: open %s/reset and ask for one\n", cmd.Issuer)
		}
		return nil
	})
}

type orgCmd struct {
	Create  orgCreateCmd  `cmd:"" help:"Create an organisation."`
	Invite  orgInviteCmd  `cmd:"" help:"Invite people into an organisation by mail."`
	Members orgMembersCmd `cmd:"" help:"List the members of an organisation."`
}

type orgCreateCmd struct {
	operator      `embed:""`
	Slug          string `help:"Slug; made from the name when left out. It begins the client ids of its apps and never changes."`
	Name          string `required:"" help:"Name that people see."`
	Owner         string `required:"" help:"E-mail address of its owner, who must exist."`
	PlatformOwner bool   `help:"This org owns the installation: its owners and admins are platform admins. Only one can."`
}

// Run creates an org and prints its id.
func (cmd *orgCreateCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		owner, err := a.Identity().UserByEmail(ctx, cmd.Owner)
		if err != nil {
			return err
		}
		org, err := a.Identity().CreateOrg(ctx, idp.CreateOrg{Slug: cmd.Slug, Name: cmd.Name, OwnerUserID: owner.ID, PlatformOwner: cmd.PlatformOwner})
		if err != nil {
			return err
		}
		fmt.Printf("org %s\nslug %s\n", org.ID, org.Slug)
		return nil
	})
}

type appCmd struct {
	Create appCreateCmd `cmd:"" help:"Register an app (OIDC client)."`
}

type appCreateCmd struct {
	operator    `embed:""`
	Org         string   `required:"" help:"Slug of the org that owns it."`
	Slug        string   `help:"Slug; made from the name when left out. The client id is <org>-<slug>."`
	Name        string   `required:"" help:"Name that people see."`
	Kind        string   `enum:"web,browser,native,machine" default:"web" help:"web, browser (single-page), native or machine (no user)."`
	Auth        string   `enum:",client_secret_basic,client_secret_post,private_key_jwt,none" default:"" help:"How it authenticates at the token endpoint."`
	RedirectURI []string `name:"redirect-uri" sep:"none" help:"Where sign-in leads back to; may be repeated."`
	LogoutURI   []string `name:"logout-uri" sep:"none" help:"Where sign-out may lead; may be repeated."`
	JWKSFile    string   `name:"jwks-file" type:"existingfile" help:"Public keys for private_key_jwt."`
	JWT         bool     `name:"jwt-access-tokens" help:"Access tokens are JWTs (RFC 9068) instead of opaque."`
	SigningAlg  string   `enum:"RS256,ES256,EdDSA" default:"RS256" help:"Algorithm of its ID tokens."`
	Trusted     bool     `help:"Skips consent: for the org's own apps."`
}

// Run registers an app and prints its client id and, once, its secret.
func (cmd *appCreateCmd) Run(ctx context.Context) error {
	in := idp.CreateApp{
		Slug: cmd.Slug, Name: cmd.Name, Kind: idp.AppKind(cmd.Kind), AuthMethod: idp.AuthMethod(cmd.Auth),
		RedirectURIs: cmd.RedirectURI, PostLogoutRedirectURIs: cmd.LogoutURI, SigningAlg: cmd.SigningAlg, Trusted: cmd.Trusted,
	}
	if cmd.JWT {
		in.AccessTokenType = idp.AccessTokenJWT
	}
	if cmd.JWKSFile != "" {
		raw, err := os.ReadFile(cmd.JWKSFile)
		if err != nil {
			return err
		}
		in.JWKS = string(raw)
	}
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		org, err := a.Identity().OrgBySlug(ctx, cmd.Org)
		if err != nil {
			return err
		}
		in.OrgID = org.ID
		made, secret, err := a.Identity().CreateApp(ctx, in)
		if err != nil {
			return err
		}
		fmt.Printf("client_id %s\n", made.ClientID)
		if secret != "" {
			fmt.Printf("client_secret %s\n(shown this once)\n", secret)
		}
		return nil
	})
}

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Begin the rotation of every signing key."`
}

type keysRotateCmd struct {
	operator `embed:""`
}

// Run publishes new keys; they sign once every cache of the key set has run out.
func (cmd *keysRotateCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		from, err := a.Keys().Rotate(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("new keys are published and sign from %s\n", from.UTC().Format("2006-01-02 15:04:05 UTC"))
		return nil
	})
}
