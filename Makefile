# `make help` lists the targets. Each target installs what it needs first and says so.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
# Node 24 and the tools come from the lock file; the machine's own Node only runs npm.
export PATH := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin:/sbin
export NODE_OPTIONS := --disable-warning=ExperimentalWarning

SOURCES := $(shell find packages operator node-agent cni-plugin grpc-bridge pharosctl pharos -name '*.ts' -not -name '*.test.ts' -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: help setup system test-programs generate verify build plugin test test-unit test-kernel test-apiserver test-lab e2e cluster cluster-down cluster-parts images bundle sbom demo kube-assets bench-apply bench-kubernetes bench-cni bench-crash soak clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: system node_modules/.package-lock.json ## install npm packages by the lock file and Debian packages that are missing

# Not `npm ci`: it insists on entries for the binaries of all platforms, which a lock file made behind a partial mirror lacks.
node_modules/.package-lock.json: package-lock.json
	@echo "setup: npm packages by the lock file"
	@env -u NODE_OPTIONS npm install --no-save --ignore-scripts --loglevel=error
	@touch $@

system:
	@scripts/install-system-packages

# What the plugin is tested with and beside.
test-programs: setup
	@scripts/install-system-packages podman=podman runc=runc busybox=busybox-static \
	  /usr/lib/cni/portmap=containernetworking-plugins iptables=iptables strace=strace

generate: setup ## derive types, validators, schemas, references and stubs from crds/ and grpc-bridge/proto
	@node scripts/generate-kinds.ts
	@node scripts/generate-rpc.ts
	@node scripts/verify-codes.ts --write
	@node scripts/generate-chart.ts

verify: setup ## generated files, lint, types, imports, dead exports, error codes, file sizes
	@echo "verify: generated files" && node scripts/generate-kinds.ts --check && node scripts/generate-rpc.ts --check && node scripts/generate-chart.ts --check
	@echo "verify: lint" && biome check --error-on-warnings .
	@echo "verify: types" && tsc -p .
	@node scripts/verify-imports.ts
	@echo "verify: dead exports" && knip
	@node scripts/verify-codes.ts
	@node scripts/verify-sizes.ts

build: setup dist/pharos.mjs dist/pharosctl.mjs plugin ## bundle the programs and make the CNI plugin's executable

dist/pharos.mjs: $(SOURCES) scripts/build-programs.ts scripts/program-bundle.ts
	@node scripts/build-programs.ts pharos

dist/pharosctl.mjs: $(SOURCES) scripts/build-programs.ts scripts/program-bundle.ts
	@node scripts/build-programs.ts pharosctl

plugin: setup
	@node scripts/build-plugin.ts

test: build test-programs ## unit, kernel and lab tiers, apiserver where its programs are built; ends with one line "N passed, N failed"
	@node scripts/run-tests.ts unit kernel apiserver? lab

test-unit: setup ## pure code, goldens, properties
	@node scripts/run-tests.ts unit

test-kernel: plugin test-programs ## network namespaces, real packets, the plugin's executable
	@node scripts/run-tests.ts kernel

kube-assets: setup ## Kubernetes' programs from pinned Go modules, into a cache outside the tree (about 10 minutes, once)
	@node scripts/kube-assets.ts

test-apiserver: build kube-assets test-programs ## a real API server: CRDs, CEL, watches, RBAC, leader election
	@node scripts/run-tests.ts apiserver

test-lab: build ## whole vehicles with real agents and packets
	@node scripts/run-tests.ts lab

cluster-parts: build kube-assets test-programs
	@node scripts/build-images.ts --test

e2e: cluster-parts ## a real two-node Kubernetes on this machine, Pharos installed by Helm
	@node scripts/run-tests.ts cluster

cluster: cluster-parts ## leave such a cluster up, with Pharos in it (prints KUBECONFIG); make cluster-down ends it
	@node e2e/cluster/main.ts up

cluster-down: setup ## end what make cluster left up
	@node e2e/cluster/main.ts down

images: build ## the image as an OCI layout, without a container daemon
	@node scripts/build-images.ts

bundle: build ## an air-gap bundle: image, chart, CRDs, in one archive
	@node scripts/build-bundle.ts

sbom: setup ## a bill of materials (CycloneDX) of what the bundles and the image really hold
	@node scripts/build-sbom.ts

demo: build ## the vehicle of docs/examples/vehicle in a box: who reaches whom, and why (KEEP=1 leaves it up)
	@node e2e/demo/main.ts

bench-apply: setup ## compile and apply 10,000 forwardRules beside plain nft -f
	@node bench/apply.bench.ts

bench-kubernetes: build kube-assets ## apply to kernel, memory beside client-node's informer, writes at rest, on a real API server
	@node bench/kubernetes.bench.ts
	@node bench/reflector.bench.ts

bench-cni: plugin kube-assets test-programs ## the plugin beside chains of the reference plugins: ADD, DEL, bursts, start, phases
	@node bench/cni.bench.ts

bench-crash: plugin test-programs ## kill -9 at system calls (N for each verb), of the plugin and of the reference chain: what is left over
	@node bench/crash.bench.ts

soak: build cluster-parts ## the counted proofs with their full counts
	@N=1000 node scripts/run-tests.ts kernel
	@N=1000000 node scripts/run-tests.ts unit --only packages/ledger/src/storm
	@PHAROS_API_PAUSED_S=600 node scripts/run-tests.ts cluster

clean: ## remove what was built (node_modules stays)
	@rm -rf dist
