package apache

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// copying makes a copy of a configuration that runs in a sandbox: it listens
// on loopback, asks stand-ins, and has its paths in the sandbox.
type copying struct {
	conf    *Config
	router  *Router
	o       server.SandboxOptions
	modules modules
	at      addresses
	inside  []inside // where stand-ins answer for what Apache runs itself

	left    map[conf.Pos]bool // what is left out because Apache refuses it here
	changes []conf.Problem
	back    [][2]string // what the sandbox says, what the user wrote
	failed  error
}

func newCopying(c *Config, o server.SandboxOptions) *copying {
	w := &copying{conf: c, o: o, router: NewRouter(c, RouterOptions{}), left: map[conf.Pos]bool{}}
	w.inside = insides(w.router)
	w.modules = w.findModules()
	return w
}

// change notes what was dealt with.
func (w *copying) change(d *conf.Directive, format string, args ...any) {
	p := conf.Problem{Kind: conf.Doubtful, Message: fmt.Sprintf(format, args...)}
	if d != nil {
		p.Pos = d.Pos
	}
	if !slices.Contains(w.changes, p) {
		w.changes = append(w.changes, p)
	}
}

// replacer puts what Apache says into the user's words. Longer texts come
// first, as one address may begin like another one.
func (w *copying) replacer() *strings.Replacer {
	pairs := slices.Clone(w.back)
	if w.o.Root != "" {
		pairs = append(pairs, [2]string{w.o.Root, ""})
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	var list []string
	for _, p := range pairs {
		list = append(list, p[0], p[1])
	}
	return strings.NewReplacer(list...)
}

// print writes the copy for a process with a folder of its own.
func (w *copying) print(dir string) (*printed, error) {
	p := &printed{}
	p.raw(fmt.Sprintf("ServerRoot %q\nDefaultRuntimeDir %q\nPidFile %q\nErrorLog %q\nLogLevel warn\n", dir, dir, dir+"/apache2.pid", w.errorLog()))
	for _, m := range w.modules.list {
		p.text.WriteString(fmt.Sprintf("LoadModule %s %q\n", m.id, m.file))
		p.lines = append(p.lines, m.dir)
	}
	if user, group := w.user(); user != "" {
		p.raw(fmt.Sprintf("User %s\nGroup %s\n", user, group))
	}
	p.raw("StartServers 1\nServerLimit 1\nThreadsPerChild 64\nMaxRequestWorkers 64\nMinSpareThreads 1\nMaxSpareThreads 64\nTypesConfig " + w.types() + "\n")
	if !w.modules.has("mime_module") {
		p = withoutLine(p, "TypesConfig")
	}
	if w.conf.Top.First("ServerName") == nil {
		p.raw("ServerName localhost\n") // not a name that is looked up
	}
	if w.conf.Top.First("DocumentRoot") == nil {
		p.raw(fmt.Sprintf("DocumentRoot %q\n", w.path(w.router.opts.DocumentRoot)))
	}
	for _, l := range w.at.listens() {
		p.raw("Listen " + l + "\n")
	}
	if w.standsInside() {
		p.raw(w.insideFiles())
	}
	for _, d := range w.conf.Top.Block {
		for _, c := range w.rewrite(d) {
			p.directive(c, 0)
		}
	}
	for _, d := range w.aliases(w.conf.Top) {
		p.directive(d, 0)
	}
	return p, w.failed
}

// withoutLine takes the lines out that begin with a word.
func withoutLine(p *printed, name string) *printed {
	q := &printed{}
	for i, line := range strings.SplitAfter(p.text.String(), "\n") {
		if line != "" && !strings.HasPrefix(line, name+" ") {
			q.text.WriteString(line)
			q.lines = append(q.lines, p.lines[i])
		}
	}
	return q
}

// errorLog is where Apache logs. It outlives a start that fails.
func (w *copying) errorLog() string { return filepath.Join(w.o.Dir, logFile) }

// user is whom Apache's children run as where we are root: the user of the
// configuration, if there is one of that name here.
func (w *copying) user() (user, group string) {
	names := []string{"www-data", "apache", "nobody"}
	if d := lastOf(w.conf.Top.All("User")); d != nil {
		names = append([]string{d.Arg(0)}, names...)
	}
	return proc.WorkerUser(names...)
}

// types is the file that tells types by extension.
func (w *copying) types() string {
	if d := lastOf(w.conf.Top.All("TypesConfig")); d != nil {
		if name := absolute(w.conf.ServerRoot, d.Arg(0)); exists(name) {
			return name
		}
		w.change(d, "%s is not on this machine: the system's types are used", d.Arg(0))
	}
	return types()
}

// dropped are directives about the process, its logs and its scratch files,
// which the sandbox has of its own, and those that were carried out when the
// configuration was read.
var dropped = map[string]bool{
	"Include": true, "IncludeOptional": true, "Use": true, "UndefMacro": true, "LoadModule": true, "ServerRoot": true, "TypesConfig": true,
	"Listen": true, "NameVirtualHost": true, "User": true, "Group": true, "ChrootDir": true, "PidFile": true, "ScoreBoardFile": true,
	"DefaultRuntimeDir": true, "CoreDumpDirectory": true, "Mutex": true, "LockFile": true, "AcceptMutex": true, "SSLMutex": true,
	"RewriteLock": true, "Suexec": true, "SuexecUserGroup": true, "ListenBacklog": true, "SendBufferSize": true, "ReceiveBufferSize": true,
	"StartServers": true, "ServerLimit": true, "ThreadLimit": true, "ThreadsPerChild": true, "MaxRequestWorkers": true, "MaxClients": true,
	"MinSpareThreads": true, "MaxSpareThreads": true, "MinSpareServers": true, "MaxSpareServers": true, "AsyncRequestWorkerFactor": true,
	"MaxConnectionsPerChild": true, "MaxRequestsPerChild": true, "ThreadStackSize": true, "MaxMemFree": true, "GracefulShutdownTimeout": true,
	"RLimitCPU": true, "RLimitMEM": true, "RLimitNPROC": true, "ListenCoresBucketsRatio": true,
	"ErrorLog": true, "ErrorLogFormat": true, "LogLevel": true, "CustomLog": true, "TransferLog": true, "GlobalLog": true, "LogFormat": true,
	"BufferedLogs": true, "ForensicLog": true, "CookieLog": true, "RewriteLog": true, "RewriteLogLevel": true, "ScriptLog": true, "SSLLog": true,
	"HostnameLookups": true, "ProxySourceAddress": true, "ProxyBlock": true, "ProxyDomain": true, "BalancerPersist": true,
	"CacheLockPath": true, "LDAPSharedCacheFile": true, "HeartbeatStorage": true, "DavLockDB": true, "DavGenericLockDB": true, "AuthDigestShmemSize": true, "AuthnCacheSOCache": true,
	"SSLPassPhraseDialog": true, "SSLRandomSeed": true, "SSLCryptoDevice": true, "SSLSessionCache": true, "SSLStaplingCache": true,
	"SSLUseStapling": true, "SSLStaplingForceURL": true, "SSLSessionTicketKeyFile": true, "SSLOCSPEnable": true,
	"SSLCertificateChainFile": true, "SSLCARevocationFile": true, "SSLCARevocationPath": true, "SSLCARevocationCheck": true,
}

// droppedNames are dropped by the lower case of their names.
var droppedNames = func() map[string]bool {
	names := map[string]bool{}
	for name := range dropped {
		names[strings.ToLower(name)] = true
	}
	return names
}()

// rewrite is what stands for a directive in the copy.
func (w *copying) rewrite(d *conf.Directive) []*conf.Directive {
	name := strings.ToLower(d.Name)
	switch {
	case w.left[d.Pos]:
		return w.instead(d)
	case droppedNames[name]:
		return nil
	}
	if list, ok := w.application(d); ok {
		return list
	}
	if w.absent(d) {
		return nil
	}
	switch name {
	case "virtualhost":
		c := w.filled(with(d, w.at.virtualHost(d.Args)...), d)
		c.Block = append(c.Block, w.aliases(d)...)
		return []*conf.Directive{w.withCertificate(c, d)}
	case "directory", "directorymatch":
		return []*conf.Directive{w.filled(w.folder(d), d)}
	case "if", "elseif":
		return []*conf.Directive{w.filled(w.condition(d), d)}
	case "proxy":
		return []*conf.Directive{w.filled(w.proxied(d), d)}
	case "proxypass", "proxypassmatch", "balancermember", "sethandler", "rewriterule":
		return []*conf.Directive{w.target(d)}
	case "require", "allow", "deny":
		return []*conf.Directive{w.client(d)}
	}
	if list, ok := w.pathed(name, d); ok {
		return list
	}
	if list, ok := w.secured(name, d); ok {
		return list
	}
	if list, ok := w.outside(name, d); ok {
		return list
	}
	return w.kept(d)
}

// kept is the copy of a directive with what stands for its block in it.
func (w *copying) kept(d *conf.Directive) []*conf.Directive {
	return []*conf.Directive{w.filled(copyOf(d), d)}
}

// filled puts what stands for the block of a directive into its copy.
func (w *copying) filled(c, d *conf.Directive) *conf.Directive {
	for _, inner := range d.Block {
		c.Block = append(c.Block, w.rewrite(inner)...)
	}
	return c
}

// write puts a file into the mirror of the machine's paths, where there is one.
func (w *copying) write(name, text string) error {
	if w.o.Root == "" {
		return nil
	}
	if err := proc.Put(w.o.Root, name, text); err != nil {
		return fmt.Errorf("the sandbox's files: %w", err)
	}
	return nil
}
