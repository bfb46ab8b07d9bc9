# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Benchmarks. Each prints its tables and leaves build/bench/NAME.json, and NAME.svg made from it.
# BENCH_QUICK=1: a smoke test of all in under 90 s, whose figures mean nothing.

BENCHES := write apps storm search latency memory verifier

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
