package dbtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/migrations"
)

// PostgresURL is the environment variable that names a running server to use instead of a private cluster.
const PostgresURL = "TEST_POSTGRES_URL"

// templateName carries a hash of the migrations, so that a cluster that outlives a change of the schema makes
// a new template.
var templateName = "wolfieauth_" + migrationsHash()

// cluster answers the URL of a server's postgres database with the template made, once a test binary.
var cluster = sync.OnceValues(func() (string, error) {
	admin := os.Getenv(PostgresURL)
	if admin == "" {
		var err error
		if admin, err = startShared(); err != nil {
			return "", err
		}
	}
	return admin, withLock("template", func() error { return makeTemplate(admin) })
})

func migrationsHash() string {
	h := sha256.New()
	_ = fs.WalkDir(migrations.Files, "postgres", func(path string, _ fs.DirEntry, err error) error {
		if body, rerr := migrations.Files.ReadFile(path); err == nil && rerr == nil {
			h.Write(body)
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func makeTemplate(admin string) error {
	pool, err := sql.Open("pgx", admin)
	if err != nil {
		return err
	}
	defer pool.Close()
	var n int
	if err := pool.QueryRow("SELECT count(*) FROM pg_database WHERE datname = $1", templateName).Scan(&n); err != nil {
		return err
	}
	if n == 1 {
		return nil
	}
	building := templateName + "_building"
	if _, err := pool.Exec("DROP DATABASE IF EXISTS " + building); err != nil {
		return err
	}
	if _, err := pool.Exec("CREATE DATABASE " + building); err != nil {
		return err
	}
	d, err := db.Open(context.Background(), withDatabase(admin, building))
	if err != nil {
		return err
	}
	if err := errors.Join(d.Migrate(context.Background()), d.Close()); err != nil {
		return err
	}
	_, err = pool.Exec("ALTER DATABASE " + building + " RENAME TO " + templateName)
	return err
}

// sharedDir is where the cluster of this user's test runs lives.
func sharedDir() string {
	return filepath.Join(os.TempDir(), "wolfieauth-test-postgres-"+strconv.Itoa(os.Getuid()))
}

// startShared starts the cluster, or finds the one that another test binary of the run has started. It ends
// by itself: a watcher process stops it when no test binary has asked for it for a while.
func startShared() (string, error) {
	var admin string
	err := withLock("cluster", func() error {
		dir := sharedDir()
		if url, ok := running(dir); ok {
			admin = url
			return touch(dir)
		}
		url, err := start(dir)
		admin = url
		return err
	})
	return admin, err
}

func running(dir string) (string, bool) {
	raw, err := os.ReadFile(filepath.Join(dir, "url"))
	if err != nil {
		return "", false
	}
	pool, err := sql.Open("pgx", string(raw))
	if err != nil {
		return "", false
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return string(raw), pool.PingContext(ctx) == nil
}

func touch(dir string) error {
	now := time.Now()
	return os.Chtimes(filepath.Join(dir, "url"), now, now)
}

func start(dir string) (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	if err := handOver(dir); err != nil {
		return "", err
	}
	if err := run(filepath.Join(bin, "initdb"), "-D", data, "-U", "wolfieauth", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	opts := fmt.Sprintf("-c port=%d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB", port)
	if err := run(filepath.Join(bin, "pg_ctl"), "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", opts, "start"); err != nil {
		return "", err
	}
	admin := (&url.URL{Scheme: "postgres", User: url.User("wolfieauth"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable"}).String()
	if err := os.WriteFile(filepath.Join(dir, "url"), []byte(admin), 0o600); err != nil {
		return "", err
	}
	return admin, watch(bin, dir, data)
}

// watch leaves a small shell behind that stops the cluster when its url file has not been touched for half an
// hour: test binaries come and go, and none of them knows that it is the last.
func watch(bin, dir, data string) error {
	script := fmt.Sprintf(`while [ -n "$(find %[1]q/url -mmin -30 2>/dev/null)" ]; do sleep 20; done; %[2]q -D %[3]q -m immediate stop; rm -rf %[1]q`, dir, filepath.Join(bin, "pg_ctl"), data)
	cmd := asPostgres("/bin/sh", "-c", script)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// binaries finds initdb and pg_ctl: on the PATH or where Debian puts them, the newest version first.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL binaries (initdb) on this machine; install postgresql or set " + PostgresURL)
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// asPostgres runs a command as user postgres when this process is root, which PostgreSQL refuses.
func asPostgres(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) // #nosec G204 -- names of this package's own
	cmd.Dir = "/"
	if uid, gid, ok := postgresUser(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	return cmd
}

func postgresUser() (uid, gid uint32, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, false
	}
	un, uerr := strconv.ParseUint(u.Uid, 10, 32)
	gn, gerr := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(un), uint32(gn), uerr == nil && gerr == nil
}

func handOver(dir string) error {
	if uid, gid, ok := postgresUser(); ok {
		return os.Chown(dir, int(uid), int(gid))
	}
	return nil
}

func run(name string, args ...string) error {
	cmd := asPostgres(name, args...)
	var out bytes.Buffer
	if filepath.Base(name) != "pg_ctl" { // the server inherits pg_ctl's output and would keep a pipe open
		cmd.Stdout, cmd.Stderr = &out, &out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out.String())
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// withLock keeps the test binaries of one run apart.
func withLock(name string, fn func() error) error {
	f, err := os.OpenFile(sharedDir()+"."+name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return fn()
}
