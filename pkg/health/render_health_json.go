package health

import (
	"io"
	"time"
)

// HealthJSON writes the format of draft-inadarei-api-health-check-06.
func HealthJSON() Renderer {
	return Renderer{Type: "application/health+json", Render: writeHealthJSON}
}

// component is an element of the member checks (section 4).
type component struct {
	ID            string     `json:"componentId"`
	Type          string     `json:"componentType"`
	ObservedValue float64    `json:"observedValue"`
	ObservedUnit  string     `json:"observedUnit"`
	Status        string     `json:"status"`
	Time          *time.Time `json:"time,omitempty"`
	Output        string     `json:"output,omitempty"`
}

func writeHealthJSON(w io.Writer, v View) error {
	body := struct {
		Status      string                 `json:"status"`
		Description string                 `json:"description"`
		Output      string                 `json:"output,omitempty"`
		Checks      map[string][]component `json:"checks,omitempty"`
	}{draftStatus(v.State), v.Title, v.Reason, map[string][]component{}}
	for _, r := range v.Results {
		c := component{
			ID: r.Name, Type: "component", ObservedValue: milliseconds(r.Duration), ObservedUnit: "ms",
			Status: draftStatus(r.State), Time: moment(r.Checked),
		}
		measured := "responseTime"
		if r.Unit != "" {
			measured, c.ObservedValue, c.ObservedUnit = r.Kind, r.Value, r.Unit
		}
		if r.State != Up { // section 4.8: it is left out where all is well
			c.Output = r.Message
		}
		body.Checks[r.Name+":"+measured] = []component{c}
	}
	return encode(w, body)
}

// draftStatus is a state in the words of section 3.1.
func draftStatus(s State) string {
	switch s {
	case Up:
		return "pass"
	case Degraded:
		return "warn"
	}
	return "fail"
}
