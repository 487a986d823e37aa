.PHONY: all build test race test-fast lint fuzz bench golden docs pictures man servers

GO ?= go
FUZZTIME ?= 20s

all: build test lint

build:
	$(GO) build ./...

# Everything against the real servers, which are installed where they are
# missing; with the race detector but for e2e, which would take three times as
# long with it (make race).
test: servers
	CGO_ENABLED=1 $(GO) test -race -timeout 8m $$($(GO) list ./... | grep -v '/e2e$$')
	$(GO) test -timeout 10m -parallel 6 ./e2e

race: servers
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

# What needs no real server is run, the rest is run where the server is there.
test-fast:
	$(GO) test ./...

servers:
	scripts/install-servers
	scripts/s3-server

lint:
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GO) vet ./...
	scripts/lint

# Every fuzz target for FUZZTIME.
fuzz:
	scripts/fuzz $(FUZZTIME)

bench:
	$(GO) test -run '^$$' -bench . ./...

# Write the expected outputs of the tests anew; look at the difference.
golden:
	UPDATE_GOLDEN=1 $(GO) test ./...

# What the program says of itself: the pages of the findings, the schema.
docs:
	UPDATE_GOLDEN=1 $(GO) test ./cmd/proxydiag -run TestPagesOfFindings
	$(GO) run ./cmd/proxydiag schema > docs/proxydiag.schema.json

# The terminal pictures in README.md, from real runs.
pictures:
	UPDATE_GOLDEN=1 $(GO) test ./e2e -run TestPictures

# The manual pages, into the folder man/.
man:
	mkdir -p man
	$(GO) run ./cmd/proxydiag man man
