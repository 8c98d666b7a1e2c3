package browsertest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
)

// root is the repository, seen from this folder.
var root = filepath.Join("..", "..", "..", "..")

// house is what all tests share: one demo and one browser, in which every tab has a profile of its own.
var house struct {
	demo    *demo.Demo
	line    demo.Line
	browser context.Context
	axe     string // the source of axe-core
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	axe, err := os.ReadFile(filepath.Join(root, "cmd/wolfieauth/app/interop/node_modules/axe-core/axe.min.js"))
	if err != nil {
		return 0, fmt.Errorf("axe-core is missing; install it with `make test-deps`: %w", err)
	}
	house.axe = string(axe)
	chromium, err := findChromium()
	if err != nil {
		return 0, err
	}
	ctx := context.Background()
	if house.demo, err = demo.Start(ctx, demo.Options{}); err != nil {
		return 0, err
	}
	defer func() { _ = house.demo.Close() }()
	house.line = house.demo.Line()
	if err := openShopCorners(ctx); err != nil {
		return 0, err
	}
	profile, err := os.MkdirTemp("", "wolfieauth-browser-*")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(profile) }()
	browser, quit := launch(ctx, chromium, profile)
	defer quit()
	house.browser = browser
	if err := chromedp.Run(browser); err != nil {
		return 0, fmt.Errorf("start %s: %w", chromium, err)
	}
	return m.Run(), nil
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium found; install it with `make test-deps` (or, as root, `apt-get install chromium`)")
}

func launch(ctx context.Context, chromium, profile string) (context.Context, context.CancelFunc) {
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(opts, chromedp.ExecPath(chromium), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, end := chromedp.NewExecAllocator(ctx, opts...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	return browser, func() { closeBrowser(); end() }
}
