package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/internal/serve"
)

// projectFile is where stacks are described, beside the user.
const projectFile = "proxydiag.yaml"

// stacksFlags choose stacks of a file.
type stacksFlags struct {
	file, stack string
	all         bool
}

func (s *stacksFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.stack, "stack", "", "check the stack of this `NAME` in "+projectFile)
	f.BoolVar(&s.all, "all", false, "check all stacks of "+projectFile+", at once, with one report")
	f.StringVarP(&s.file, "file", "f", projectFile, "the `FILE` that describes the stacks")
}

func (s *stacksFlags) used() bool { return s.stack != "" || s.all }

// ofRun are the flags of check that are about a run and not about a stack:
// they have no place in the file.
var ofRun = []string{"plan", "record", "format", "output", "fail-on", "ignore", "baseline", "update-baseline", "stack", "all", "file", "help"}

// ofPaths are the flags whose values are paths.
var ofPaths = []string{"storage", "config", "error-log"}

// stackKeys are the settings that a stack may have in the file: the flags of
// check that are about it.
func stackKeys(flags *pflag.FlagSet) []project.Key {
	var keys []project.Key
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(ofRun, f.Name) && !f.Hidden {
			_, list := f.Value.(pflag.SliceValue)
			keys = append(keys, project.Key{Name: f.Name, List: list, Path: slices.Contains(ofPaths, f.Name)})
		}
	})
	return keys
}

// chosen are the flags of each stack that is to be checked: what the file says,
// and over it what the command line does.
func (s *stacksFlags) chosen(given *cobra.Command) ([]*checkFlags, error) {
	if s.stack != "" && s.all {
		return nil, errors.New("--stack and --all contradict each other; leave one of them out")
	}
	redact := &serve.Redactor{}
	stacks, err := project.Read(s.file, project.Options{
		Keys: stackKeys(given.Flags()), Only: s.stack, Suggest: didYouMean, Secret: redact.Add, Redact: redact.Conceal,
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there; write it, or name another one with --file", s.file)
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, cannotOpen(s.file, err)
	}
	if err != nil {
		return nil, err
	}
	var list []*checkFlags
	var names []string
	for _, stack := range stacks {
		names = append(names, stack.Name)
		if !s.all && stack.Name != s.stack {
			continue
		}
		c, err := flagsOf(stack, given)
		if err != nil {
			return nil, redact.Error(err)
		}
		list = append(list, c)
	}
	if list == nil {
		return nil, fmt.Errorf("--stack %s: %s has no such stack%s; it has %s", s.stack, s.file, didYouMean(s.stack, names), strings.Join(names, ", "))
	}
	return list, nil
}

// flagsOf are the flags of one stack.
func flagsOf(stack project.Stack, given *cobra.Command) (*checkFlags, error) {
	c := &checkFlags{title: stack.Name}
	cmd := &cobra.Command{}
	c.register(cmd)
	for _, setting := range stack.Settings {
		if given.Flags().Changed(setting.Name) {
			continue
		}
		if err := set(cmd.Flags().Lookup(setting.Name), setting.Values); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", setting.Pos, setting.Name, err)
		}
	}
	var failed error
	given.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if err := set(cmd.Flags().Lookup(f.Name), values); err != nil && failed == nil {
			failed = fmt.Errorf("--%s: %w", f.Name, err)
		}
	})
	return c, failed
}

// set gives a flag its value, or its values.
func set(f *pflag.Flag, values []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.Replace(values)
	}
	for _, v := range values {
		if v == "" {
			return errors.New("it is empty; give it a value, or leave it out")
		}
		if err := f.Value.Set(v); err != nil {
			return err
		}
	}
	return nil
}
