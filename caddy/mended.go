package caddy

// mended is a reverse_proxy with a handoff that works: what the documentation of
// most findings shows as the mend.
const mended = `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`
