package health

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// JSON writes {"status":"UP","checks":{KIND:{NAME:…}},"errors":{NAME:…}}.
func JSON() Renderer { return Renderer{Type: "application/json", Render: writeJSON} }

// jsonCheck is a check in the JSON.
type jsonCheck struct {
	Status     string     `json:"status"`
	Critical   bool       `json:"critical"`
	Message    string     `json:"message,omitempty"`
	Time       *time.Time `json:"time,omitempty"` // of the result
	AgeSeconds float64    `json:"age_seconds"`
	DurationMS float64    `json:"duration_ms"`
	Since      *time.Time `json:"since,omitempty"`
	Value      *float64   `json:"value,omitempty"`
	Unit       string     `json:"unit,omitempty"`
}

func writeJSON(w io.Writer, v View) error {
	body := struct {
		Status string                          `json:"status"`
		Reason string                          `json:"reason,omitempty"`
		Checks map[string]map[string]jsonCheck `json:"checks"`
		Errors map[string]string               `json:"errors"`
	}{word(v.OK), v.Reason, map[string]map[string]jsonCheck{}, v.Errors()}
	for _, r := range v.Results {
		if body.Checks[r.Kind] == nil {
			body.Checks[r.Kind] = map[string]jsonCheck{}
		}
		c := jsonCheck{
			Status: strings.ToUpper(string(r.State)), Critical: r.Critical, Message: r.Message,
			Time: moment(r.Checked), Since: moment(r.Since), Unit: r.Unit,
			AgeSeconds: r.Age(v.Now).Round(time.Millisecond).Seconds(), DurationMS: milliseconds(r.Duration),
		}
		if r.Unit != "" {
			c.Value = &r.Value
		}
		body.Checks[r.Kind][r.Name] = c
	}
	return encode(w, body)
}

func encode(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// moment is a time in UTC, nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
