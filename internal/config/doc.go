// Package config holds the settings of the commands: kong parses flags and environment into these structs, and
// Prepare then reads the secrets, checks everything and tells all mistakes at once.
//
// Every variable begins with WOLFIEAUTH_, save for Stripe's own, which keep Stripe's names. Every secret can
// also be given as a file whose name is in <VARIABLE>_FILE. Secrets that have no use on a command line have no
// flag. The table of all settings is docs/contracts/settings.md; a test compares it with these structs.
package config
