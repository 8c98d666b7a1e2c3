package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// MistakesError is every mistake in the settings, one a line, each beginning with the variable. No text holds a
// secret.
type MistakesError []string

// Error lists the mistakes.
func (m MistakesError) Error() string {
	return "settings cannot be used:\n  " + strings.Join(m, "\n  ")
}

// mistakes collects what the checks find.
type mistakes struct{ found MistakesError }

func (m *mistakes) add(env, format string, args ...any) {
	m.found = append(m.found, env+": "+fmt.Sprintf(format, args...))
}

// err answers the mistakes as an error, nil for none.
func (m *mistakes) err() error {
	if len(m.found) == 0 {
		return nil
	}
	return m.found
}

// Environment looks a variable up; os.LookupEnv is one.
type Environment func(name string) (value string, ok bool)

// Prepare reads the secrets from env and from their files and checks every setting: the error is [MistakesError].
func (s *Serve) Prepare(env Environment) error {
	var m mistakes
	readSecrets(reflect.ValueOf(s).Elem(), env, &m)
	s.Storage.check(&m)
	s.Web.check(&m)
	s.Mail.check(&m)
	s.Log.check(&m)
	s.Billing.check(&m)
	s.Stripe.check(env, &m)
	return m.err()
}

// Prepare reads and checks what a command without a server needs: the error is [MistakesError].
func (s *Storage) Prepare(env Environment) error {
	var m mistakes
	readSecrets(reflect.ValueOf(s).Elem(), env, &m)
	s.check(&m)
	return m.err()
}

// readSecrets fills every secret below v that has no flag from its variable, and any from its file.
func readSecrets(v reflect.Value, env Environment, m *mistakes) {
	each(v, "", func(s Setting, field reflect.Value) {
		if !s.Secret {
			return
		}
		value, given := env(s.Env)
		if s.Flag == "" && given {
			field.SetString(strings.TrimSpace(value))
		}
		file, ok := env(s.Env + "_FILE")
		if !ok || file == "" {
			return
		}
		flagged := s.Flag != "" && field.String() != s.Default
		if flagged || value != "" {
			m.add(s.Env, "is set beside %s_FILE; give one of the two", s.Env)
			return
		}
		raw, err := os.ReadFile(file) // #nosec G304 -- the operator names the file
		switch {
		case err != nil:
			m.add(s.Env+"_FILE", "cannot be read: %v", err)
		case strings.TrimSpace(string(raw)) == "":
			m.add(s.Env+"_FILE", "names an empty file")
		default:
			field.SetString(strings.TrimSpace(string(raw)))
		}
	})
}

// kebab turns a field's name into kong's default flag name: MetricsAddr is metrics-addr, APIBase api-base.
func kebab(name string) string {
	var out []rune
	runes := []rune(name)
	for i, r := range runes {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if begins {
			out = append(out, '-')
		}
		out = append(out, unicode.ToLower(r))
	}
	return string(out)
}

func oneOf(value string, allowed ...string) bool { return slices.Contains(allowed, value) }
