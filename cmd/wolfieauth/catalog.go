package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
)

type catalogCmd struct {
	Export catalogExportCmd `cmd:"" help:"Write what an app or a bundle sells as JSON."`
	Apply  catalogApplyCmd  `cmd:"" help:"Make an app or a bundle sell what a file says; the differences are shown."`
}

// catalogScope says whose catalogue is meant.
type catalogScope struct {
	App    string `help:"Client id of the app." xor:"scope" required:""`
	Bundle string `help:"Id of the bundle." xor:"scope" required:""`
}

func (c catalogScope) scope() billing.Scope {
	if c.Bundle != "" {
		return billing.Scope{Kind: billing.ScopeBundle, ID: c.Bundle}
	}
	return billing.Scope{Kind: billing.ScopeApp, ID: c.App}
}

type catalogExportCmd struct {
	operator     `embed:""`
	catalogScope `embed:""`
}

// Run writes the catalogue to the standard output.
func (cmd *catalogExportCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		file, err := a.Billing().ExportCatalog(ctx, cmd.scope())
		if err != nil {
			return err
		}
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(file)
	})
}

type catalogApplyCmd struct {
	operator     `embed:""`
	catalogScope `embed:""`
	File         string `arg:"" type:"existingfile" help:"File that catalog export wrote; its shape is docs/contracts/catalog.schema.json."`
	DryRun       bool   `help:"Show the differences and change nothing."`
}

// Run applies a file in one transaction and prints what differed.
func (cmd *catalogApplyCmd) Run(ctx context.Context) error {
	raw, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	file, err := readCatalog(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.File, err)
	}
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		changes, err := a.Billing().ApplyCatalog(ctx, cmd.scope(), file, true)
		if err != nil {
			return err
		}
		printChanges(os.Stdout, changes)
		if cmd.DryRun || len(changes) == 0 {
			return nil
		}
		done, err := a.Billing().ApplyCatalog(ctx, cmd.scope(), file, false)
		if err == nil {
			fmt.Printf("applied %d changes\n", len(done))
		}
		return err
	})
}

// errMoreThanOne means that a file goes on after its document.
var errMoreThanOne = errors.New("more than one document")

// readCatalog refuses what it does not know: a misspelt key must not be taken for a wish to leave something out.
func readCatalog(raw []byte) (billing.CatalogFile, error) {
	var file billing.CatalogFile
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	if err := in.Decode(&file); err != nil {
		return file, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return file, errMoreThanOne
	}
	return file, nil
}

func printChanges(w io.Writer, changes []billing.FileChange) {
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(w, "no differences")
	}
	for _, c := range changes {
		_, _ = fmt.Fprintf(w, "%s %s %s\n", c.Action, c.Kind, c.Name)
		for _, f := range c.Fields {
			_, _ = fmt.Fprintf(w, "    %s: %q -> %q\n", f.Field, f.Before, f.After)
		}
	}
}
