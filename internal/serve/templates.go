package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// renderers are the formats, with those replaced that the folder has a template
// for: page.html (a template of html/template, executed with a [health.Page]) and
// health.json (text/template with the function json, executed with a
// [health.View]).
func renderers(folder string, options health.PageOptions) ([]health.Renderer, health.Renderer, error) {
	asJSON := health.JSON()
	if folder != "" {
		text, err := os.ReadFile(filepath.Join(folder, "page.html"))
		if err == nil {
			options.Template, err = htmltemplate.New("page.html").Funcs(health.PageFuncs()).Parse(string(text))
		}
		there := err == nil
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, health.Renderer{}, err
		}
		text, err = os.ReadFile(filepath.Join(folder, "health.json"))
		if err == nil {
			asJSON, err = jsonTemplate(string(text))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, health.Renderer{}, err
		}
		if err != nil && !there {
			return nil, health.Renderer{}, fmt.Errorf("%s has neither page.html nor health.json in it", folder)
		}
	}
	page := health.HTML(options)
	for _, v := range samples() {
		var b bytes.Buffer
		if err := page.Render(&b, v); err != nil {
			return nil, page, err
		}
		b.Reset()
		if err := asJSON.Render(&b, v); err != nil {
			return nil, page, err
		}
	}
	return []health.Renderer{asJSON, health.HealthJSON(), page, health.Text()}, page, nil
}

// jsonTemplate is a renderer of what a template makes, which is JSON.
func jsonTemplate(text string) (health.Renderer, error) {
	t, err := template.New("health.json").Funcs(template.FuncMap{
		"json": func(v any) (string, error) { out, err := json.Marshal(v); return string(out), err },
	}).Parse(text)
	if err != nil {
		return health.Renderer{}, err
	}
	return health.Renderer{Type: "application/json", Render: func(w io.Writer, v health.View) error {
		var b bytes.Buffer
		if err := t.Execute(&b, v); err != nil {
			return err
		}
		if !json.Valid(b.Bytes()) {
			return errors.New("health.json does not make JSON: put texts in as {{json .Title}}")
		}
		_, err := w.Write(b.Bytes())
		return err
	}}, nil
}

// samples are views that templates are tried with before anything is served.
func samples() []health.View {
	now := time.Now()
	full := health.View{Title: `a "title"`, Now: now, State: health.Down, Details: true, Refresh: time.Minute}
	for _, s := range states {
		full.Results = append(full.Results, health.Result{Name: string(s), Kind: "kind", State: s, Message: "a \"message\"\n", Checked: now, Since: now, Unit: "%"})
		full.Changes = append(full.Changes, health.Change{Time: now, Name: string(s), From: health.Up, To: s})
	}
	return []health.View{{Title: "t", Now: now, State: health.Up, OK: true}, full}
}
