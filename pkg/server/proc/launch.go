package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Program is the path of the program to start: the one that is given, or the
// usual one as Find finds it.
func Program(given, usual string) (string, error) {
	if given != "" {
		return given, nil
	}
	return Find(usual)
}

// Write puts files into the scratch folder of a server; where that fails
// nothing of the folder is left. name is the server's, for the error.
func Write(dir, name string, files map[string]string) error {
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return errors.Join(fmt.Errorf("cannot write %s's configuration: %w", name, err), os.RemoveAll(dir))
		}
	}
	return nil
}

// attempts is how often OnFreeAddr tries to find an address that stays free
// until the server has it.
const attempts = 5

// OnFreeAddr starts a server that cannot inherit a listening socket. It is
// given an address of 127.0.0.0/8 that is free now, and another one where
// somebody else was faster: then the failure holds what the server prints,
// taken. An address other than 127.0.0.1 makes that unlikely to begin with.
func OnFreeAddr(taken string, start func(addr string) (*Process, error)) (*Process, error) {
	var err error
	for range attempts {
		var addr string
		if addr, err = FreeAddr(); err != nil {
			return nil, err
		}
		var p *Process
		if p, err = start(addr); err == nil {
			return p, nil
		}
		if !strings.Contains(err.Error(), taken) {
			break
		}
	}
	return nil, err
}
