# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Benchmarks. Each prints its tables and leaves build/bench/NAME.json, and NAME.svg made from it.
# BENCH_QUICK=1: a smoke test of all in under 90 s, whose figures mean nothing.

BENCHES := write net instructions profile apps storm search mask scan latency ready memory verifier

$(B)/tests/bench/empty.bpf.o: tests/bench/empty.bpf.c $(B)/vmlinux.h
	@mkdir -p $(@D)
	@echo "  BPF      $<"
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/tests/bench/writer: tests/bench/writer.c tests/bench/content.h
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -static -D_GNU_SOURCE -std=gnu17 $(WARNINGS) -O2 $< -o $@

$(B)/tests/bench/empty: $(B)/obj/tests/bench/empty.o
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS)

# --- search ---------------------------------------------------------------------------------------

HYPERSCAN := $(shell pkg-config --cflags --libs libhs 2>/dev/null)

$(B)/tests/bench/search: tests/bench/search.c tests/bench/content.h $(wildcard include/*.h) $(OBJECTS)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) -std=gnu17 $(WARNINGS) -O2 $(if $(HYPERSCAN),-DHAVE_HYPERSCAN) \
		-fPIE -pie $< $(OBJECTS) -o $@ $(HYPERSCAN) $(LDLIBS)

$(B)/tests/bench/verifier: $(B)/obj/tests/bench/verifier.o $(SOURCES:%.c=$(B)/obj/%.o)
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -pie $^ -o $@ $(LDLIBS)

$(B)/tests/bench/profile: tests/bench/profile.c
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CPPFLAGS) -std=gnu17 $(WARNINGS) -O2 $< -o $@ $(LDLIBS)

$(B)/tests/bench/latency: tests/bench/latency.c tests/live/token_maker.h
	@mkdir -p $(@D)
	@echo "  LINK     $@"
	$(Q)$(CC) -static -D_GNU_SOURCE -Itests/live -std=gnu17 $(WARNINGS) -O2 $< -o $@ -lpthread

.PHONY: bench deps-bench bench-binaries $(BENCHES:%=bench-%)
deps-bench:
	tools/install-deps build test bench

bench-binaries: $(B)/spillwatch $(WRITERS) $(addprefix $(B)/tests/bench/,writer empty empty.bpf.o search verifier profile latency)

$(BENCHES:%=bench-%): bench-%: bench-binaries
	tests/bench/$*.py

bench: deps-bench ## install what is missing, every benchmark in turn; bench-write, bench-search, … for one
	$(MAKE) bench-binaries
	@failed=0; for b in $(BENCHES); do echo "== $$b"; $(MAKE) --no-print-directory bench-$$b || failed=1; done; exit $$failed

# what they include
-include $(wildcard $(B)/obj/tests/bench/*.d)
