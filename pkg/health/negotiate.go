package health

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/elnormous/contenttype"
)

// Renderer writes a view in one format.
type Renderer struct {
	// Type is the media type, without parameters.
	Type   string
	Render func(io.Writer, View) error
}

// Renderers are the formats that there are: JSON first, health+json (the draft
// draft-inadarei-api-health-check-06), HTML, and a line for each check.
func Renderers() []Renderer {
	return []Renderer{JSON(), HealthJSON(), HTML(PageOptions{}), Text()}
}

func (r Renderer) contentType() string {
	if strings.HasPrefix(r.Type, "text/") {
		return r.Type + "; charset=utf-8"
	}
	return r.Type
}

// negotiate takes the renderer that the Accept field prefers (RFC 9110 section
// 12.5.1), the first where there is none.
func negotiate(r *http.Request, renderers []Renderer) (Renderer, bool) {
	var types []contenttype.MediaType
	for _, one := range renderers {
		types = append(types, contenttype.NewMediaType(one.Type))
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		accept = "*/*"
	}
	chosen, _, err := contenttype.GetAcceptableMediaTypeFromHeader(accept, types)
	if err != nil {
		return Renderer{}, false
	}
	for i, t := range types {
		if t.MIME() == chosen.MIME() {
			return renderers[i], true
		}
	}
	return Renderer{}, false
}

// contextWithin is a request's context that ends after some time.
func contextWithin(r *http.Request, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), d)
}
