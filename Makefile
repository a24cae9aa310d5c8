# `make` alone lists what there is. More than a line of shell lies in .ci/ and configs/demo.sh.

version := $(shell git describe --always --dirty 2>/dev/null)
# A cold build is a quarter faster when the compilers collect no garbage before that.
compiler := GOGC=off GOMEMLIMIT=2GiB
cache   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/skycap
linter  := $(cache)/golangci-lint/v2.15.0/golangci-lint
helm    := $(cache)/helm/v4.3.1/helm

# Where git can't answer, go must not ask it either: it would fail.
export GOFLAGS := $(GOFLAGS) -buildvcs=$(if $(version),auto,false)

.DEFAULT_GOAL := help
.PHONY: help demo test zoo faults scale history matrix fuzz bench-hosts bench-filter bench-config build verify lint generate down clean

demo: build ## start a lab with a cluster and hosts, deploy the example twice, and prove what runs
	configs/demo.sh

test: build ## run all tests, those against the lab included
	.ci/test

zoo: build $(helm) ## deploy what is broken or looks so, by helm and kubectl too; writes docs/zoo.md
	PATH="$(dir $(helm)):$$PATH" .ci/zoo

faults: build ## kill runs at any moment, and cut connections, and prove that the next ones take them up
	eval "$$(bin/skycap-lab env)" && FAULTS=60 go test -v -count=1 -timeout 30m -run TestKilledRuns ./internal/endtoend
	eval "$$(bin/skycap-lab env)" && FAULTS=30 go test -v -count=1 -timeout 30m -run TestKilledDeploysToHosts ./internal/endtoend
	FAULTS=1 go test -v -count=1 -timeout 30m -run EachStep ./internal/target/hosts

scale: build ## measure skycap with a thousand pods, against a lab with a simulated node
	eval "$$(bin/skycap-lab env)" && SCALE=1000 go test -v -count=1 -timeout 30m -run TestScale ./internal/endtoend

history: ## measure what repositories with a hundred thousand commits cost
	HISTORY=100000 go test -v -count=1 -timeout 10m -run TestALongHistory ./internal/revision

matrix: ## ask every kubectl at hand what skycap needs, of servers of several versions; writes docs/matrix.md
	.ci/matrix

fuzz: ## look for inputs that break what tests hold to be true: FUZZ=5m for each of these
	.ci/fuzz

bench-hosts: build ## measure deploys to hosts, by other tools too; writes docs/bench-hosts.md
	.ci/bench-hosts

bench-filter: ## measure the filter of kubectl's noise, beside grep and ripgrep; writes docs/bench-filter.md
	.ci/bench-filter

bench-config: build ## measure how configuration is rendered, by kubectl too; writes docs/bench-config.md
	.ci/bench-config

build: ## make bin/skycap and bin/skycap-lab
	$(compiler) go build -trimpath -ldflags '-X main.version=$(version)' -o bin/skycap ./cmd/skycap
	cd cmd/skycap-lab && $(compiler) go build -trimpath -buildvcs=false -o ../../bin/skycap-lab .

verify: ## check formatting, imports, generated files, go.mod, and lint
	.ci/verify
	$(MAKE) --no-print-directory lint

lint: $(linter) ## run the linters of .golangci.yml
	$(linter) run --allow-parallel-runners ./...
	cd cmd/skycap-lab && $(linter) run --allow-parallel-runners ./...

$(linter):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(notdir $(@D))

$(helm):
	GOBIN=$(@D) go install helm.sh/helm/v4/cmd/helm@$(notdir $(@D))

generate: ## write anew what is made from the sources
	go generate ./...

down: ## stop the lab; what it has built stays
	bin/skycap-lab down

clean: ## remove bin/
	rm -rf bin

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
