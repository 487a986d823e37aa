package server

// Finder finds the configuration that a server of a kind uses on this machine.
// The zero value finds none.
type Finder struct {
	// Process reads the words of a process's command line, as the system tells
	// them: the arguments that the server was started with. ok is false for other
	// programs, and for processes that a server has started for its work.
	Process func(words []string) (args []string, ok bool)
	// Uses says which file a server that was started like this has its
	// configuration from, and what tells it. Where nothing does, file is "", and
	// why says what is missing.
	Uses func(Started) (file, why string)
	// Usual are the files that packages bring along, the most usual first.
	Usual []string
}

// Started is how a server was started.
type Started struct {
	// Args are the arguments; nil for one that is only installed.
	Args []string
	// Folder is the working folder that relative names began in; "" where that
	// is not known.
	Folder string
	// Tell gives what the program prints where it is called with arguments that
	// make it tell of itself and end; "" where it may not be called.
	Tell func(args ...string) string
}

// Option is the value of an option in arguments as getopt reads them: behind
// its letter, or the next argument. The last one counts. others are the letters
// of the further options that take a value.
func Option(args []string, letter byte, others string) (value string, found bool) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' || a[1] == '-' {
			continue
		}
		for j := 1; j < len(a); j++ {
			takes := a[j] == letter
			for k := range len(others) {
				takes = takes || a[j] == others[k]
			}
			if !takes {
				continue
			}
			text := a[j+1:]
			if text == "" && i+1 < len(args) {
				i++
				text = args[i]
			}
			if a[j] == letter {
				value, found = text, true
			}
			break
		}
	}
	return value, found
}
