package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/catalogfile"
)

type catalogCmd struct {
	Export catalogExportCmd `cmd:"" help:"Write what an app or a bundle sells as one file of YAML or JSON."`
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
	File         string `arg:"" optional:"" type:"path" help:"Where to write; left out, the standard output."`
	Format       string `enum:",yaml,json" default:"" help:"yaml or json. Left out, the file's ending decides, else yaml."`
}

// Run writes the catalogue to the file, whole or not at all, or to the standard output.
func (cmd *catalogExportCmd) Run(ctx context.Context) error {
	return cmd.with(ctx, func(ctx context.Context, a *app.App) error {
		file, err := a.Billing().ExportCatalog(ctx, cmd.scope())
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := catalogfile.Write(&out, file, formatOf(cmd.Format, cmd.File)); err != nil {
			return err
		}
		if cmd.File == "" {
			_, err = out.WriteTo(os.Stdout)
			return err
		}
		return os.WriteFile(cmd.File, out.Bytes(), 0o644) //nolint:gosec // a price list is public
	})
}

func formatOf(asked, file string) catalogfile.Format {
	return cmp.Or(catalogfile.Format(asked), catalogfile.FormatOf(file))
}

type catalogApplyCmd struct {
	operator     `embed:""`
	catalogScope `embed:""`
	File         string `arg:"" type:"existingfile" help:"File that catalog export wrote; its shape is docs/contracts/catalog.schema.json."`
	Format       string `enum:",yaml,json" default:"" help:"yaml or json. Left out, the file's ending decides, else yaml."`
	DryRun       bool   `help:"Show the differences and change nothing."`
}

// Run applies a file in one transaction and prints what differed.
func (cmd *catalogApplyCmd) Run(ctx context.Context) error {
	raw, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	file, err := catalogfile.Read(raw, formatOf(cmd.Format, cmd.File))
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

// changeSigns tells at a glance what comes, what goes and what becomes something else.
var changeSigns = map[string]string{
	"add": "+", "restore": "+", "update": "~", "replace": "~", "reorder": "~", "retire": "-", "archive": "-",
}

// changeNotes say what else a change means.
var changeNotes = map[string]string{
	"restore": "from the archive", "replace": "a new price; the old one is retired, whoever pays it keeps it", "reorder": "new order",
	"retire": "retired; whoever pays it keeps it", "archive": "archived; whoever holds it keeps it",
}

func printChanges(w io.Writer, changes []billing.FileChange) {
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(w, "no differences")
	}
	for _, c := range changes {
		var parts []string
		for _, f := range c.Fields {
			switch {
			case c.Action != "add":
				parts = append(parts, fmt.Sprintf("%s %s -> %s", f.Field, changeWord(f.Before), changeWord(f.After)))
			case f.Field != "currency" && f.Field != "interval" && f.Field != "countryCodes": // the price's name has said them
				parts = append(parts, f.Field+" "+changeWord(f.After))
			}
		}
		line := changeSigns[c.Action] + " " + c.Kind + " " + c.Name
		if len(parts) > 0 {
			line += ": " + strings.Join(parts, ", ")
		}
		if note := changeNotes[c.Action]; note != "" {
			line += " (" + note + ")"
		}
		_, _ = fmt.Fprintln(w, line)
	}
}

// changeWord quotes what would not read as one word.
func changeWord(s string) string {
	if s == "" || strings.ContainsAny(s, " ,:\"\t\n") {
		return fmt.Sprintf("%q", s)
	}
	return s
}
