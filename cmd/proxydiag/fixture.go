package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/report"
)

func newFixture(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fixture",
		Short: "Put, verify and remove dummy files by hand",
		Long: "fixture works on the dummy files that the other commands put and remove by themselves: to\n" +
			"put one on the storage's machine and verify on another one what the proxy makes of it, or\n" +
			"to sweep away what a killed run has left. It never touches a file that is not ours.",
		Example: "  proxydiag fixture put --storage /srv/media\n" +
			"  proxydiag fixture verify proxydiag-put-0123456789abcdef.bin:1048576:00112233445566778899aabbccddeeff https://www.example.org/dl/\n" +
			"  proxydiag fixture sweep --storage /srv/media --older-than 1h",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			var names []string
			for _, c := range cmd.Commands() {
				names = append(names, c.Name())
			}
			return fmt.Errorf("fixture has no command %q%s; it has %s", args[0], didYouMean(args[0], names), strings.Join(names, ", "))
		},
	}
	cmd.AddCommand(newFixturePut(std), newFixtureRemove(std), newFixtureSweep(std), newFixtureVerify(std))
	return cmd
}

func newFixturePut(std streams) *cobra.Command {
	var storage, ext, format string
	length := size(1 << 20)
	cmd := &cobra.Command{
		Use:   "put --storage DIR",
		Short: "Put a fixture, and print what 'fixture verify' needs to know of it",
		Long: "put puts a file with a unique name and generated content into the storage and prints its\n" +
			"name, size and key, all that is needed to verify it elsewhere. It stays until it is removed.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if ext != "" && ext[0] != '.' || strings.ContainsAny(ext, "/:") || strings.ContainsFunc(ext, func(r rune) bool { return r <= ' ' || !unicode.IsPrint(r) }) {
				return fmt.Errorf("--ext %q: an extension begins with a dot, and holds no slash, colon, space or control character; write for example --ext .pdf", ext)
			}
			say := newProgress(std)
			store, err := openStorage(storage, say)
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			f := fixture.New("put", ext, int64(length))
			err = store.Put(cmd.Context(), f)
			say.done()
			if err != nil {
				return refused(cmd.Context(), std, err)
			}
			if format == "json" {
				return report.JSON(std.out, putJSON{Version: 1, Fixture: ticket(f), Name: f.Name, Size: f.Size, Key: f.Key, Storage: store.String()})
			}
			_, err = fmt.Fprintln(std.out, ticket(f))
			return err
		},
	}
	cmd.Flags().StringVar(&storage, "storage", "", "where the fixture goes: "+all.Storages())
	cmd.Flags().Var(&length, "size", "how long it is, like 5G or 512M")
	cmd.Flags().StringVar(&ext, "ext", ".bin", "`EXTENSION` of its name")
	cmd.Flags().StringVar(&format, "format", "text", "text (NAME:SIZE:KEY in one line) or json")
	complete(cmd, "format", plainFormats())
	return cmd
}

// putJSON is what put prints as JSON.
type putJSON struct {
	Version int         `json:"version"`
	Fixture string      `json:"fixture"` // as verify takes it
	Name    string      `json:"name"`
	Size    int64       `json:"size"`
	Key     fixture.Key `json:"key"`
	Storage string      `json:"storage"`
}

// ticket is a fixture in one word: NAME:SIZE:KEY.
func ticket(f fixture.Fixture) string {
	key, _ := f.Key.MarshalText() // it never fails
	return fmt.Sprintf("%s:%d:%s", f.Name, f.Size, key)
}

// parseTicket reads what ticket wrote.
func parseTicket(text string) (fixture.Fixture, error) {
	wrong := fmt.Errorf("%s: a fixture is given as NAME:SIZE:KEY, as 'proxydiag fixture put' prints it", text)
	parts := strings.Split(text, ":")
	if len(parts) != 3 || !fixture.IsOurs(parts[0]) {
		return fixture.Fixture{}, wrong
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	f := fixture.Fixture{Name: parts[0], Size: n, Islands: n >= fixture.LargeSize}
	if err := errors.Join(err, f.Key.UnmarshalText([]byte(parts[2])), fixture.CheckFixture(f)); err != nil {
		return f, wrong
	}
	return f, nil
}

// openStorage opens the storage that --storage names.
func openStorage(storage string, say *progress) (fixture.Store, error) {
	if storage == "" {
		return nil, errors.New("--storage is missing; give it, for example --storage /srv/media")
	}
	return all.OpenStore(storage, remote.Options{Progress: say.sending()})
}

// refused says what a storage did not do. It is what the command is to find
// out, and no wrong use.
func refused(ctx context.Context, std streams, err error) error {
	if ctx.Err() != nil {
		for _, e := range leftovers(err) {
			fmt.Fprintln(std.err, "proxydiag:", e)
		}
		return stopped(std)
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintln(std.err, "proxydiag:", line)
	}
	return exit(exitFound)
}

// leftovers are those of the errors in err that tell of something that could not
// be removed.
func leftovers(err error) (left []*fixture.Error) {
	if e, ok := err.(*fixture.Error); ok && e.Op == "remove" { //nolint:errorlint // each one is looked at
		return []*fixture.Error{e}
	}
	switch e := err.(type) { //nolint:errorlint // the same
	case interface{ Unwrap() error }:
		return leftovers(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			left = append(left, leftovers(one)...)
		}
	}
	return left
}

// stopped ends a command that was interrupted.
func stopped(std streams) error {
	fmt.Fprintln(std.err, "proxydiag: "+interrupted)
	return exit(exitInconclusive)
}
