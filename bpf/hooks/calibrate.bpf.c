// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Finding where the page cache can be read: run once by the daemon (BPF_PROG_TEST_RUN) with a memfd
 * that holds a random pattern. Kernels with CONFIG_RANDOMIZE_MEMORY put the direct map and vmemmap
 * at multiples of 1 GiB (arch/x86/mm/kaslr.c), so for each there are few candidates below an address
 * that is known to lie in it: a folio for vmemmap, this task's own structure for the direct map. A
 * pair is taken only if the pattern reads back through it; a wrong one is a failing or harmless read.
 */
#include "scan/cache.bpf.h"
#include "base/file.bpf.h"
#include "scan/in_place.bpf.h"

#define CALIBRATE_STEP (1ULL << 30)
/* 1 GiB of vmemmap describes 64 GiB; room for 4 TiB and 8 TiB of memory */
#define CALIBRATE_VMEMMAPS 64
#define CALIBRATE_OFFSETS 8192

struct calibrate {
	__u64 mapping, folio, known, vmemmap;
};

/* What the daemon asks and what it is told. */
struct calibration calibration __weak = {};

static __always_inline int calibrate_fits(const struct calibrate *c, __u64 page_offset)
{
	__u64 read[sizeof(calibration.pattern) / 8] = {};
	__u64 address = cache_address(c->mapping, 0, page_offset, c->vmemmap);

	if (!address || bpf_probe_read_kernel(read, sizeof(read), (const void *)address))
		return 0;
	for (int i = 0; i < (int)(sizeof(read) / 8); i++)
		if (read[i] != calibration.pattern[i])
			return 0;
	return 1;
}

static long calibrate_step(__u32 index, struct calibrate *c)
{
	__u64 page_offset = (c->known & ~(CALIBRATE_STEP - 1)) - index % CALIBRATE_OFFSETS * CALIBRATE_STEP;

	c->vmemmap = (c->folio & ~(CALIBRATE_STEP - 1)) - index / CALIBRATE_OFFSETS * CALIBRATE_STEP;
	if (!calibrate_fits(c, page_offset))
		return 0;
	cache_bases.page_offset = page_offset;
	cache_bases.vmemmap = c->vmemmap;
	cache_bases.valid = 1;
	return 1;
}

/* Does the pattern read back through plain loads as well? */
static __always_inline int calibrate_direct(const struct calibrate *c)
{
	__u64 address;

	if (!direct_loads || !cache_bases.valid)
		return 0;
	address = cache_address(c->mapping, 0, cache_bases.page_offset, cache_bases.vmemmap);
	for (int i = 0; i < (int)(sizeof(calibration.pattern) / 8); i++)
		if (in_place_peek(address + i * 8) != calibration.pattern[i])
			return 0;
	return 1;
}

SEC("raw_tp")
int calibrate_cache(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct file *file = file_by_number(task, calibration.fd);
	struct calibrate c = {.known = bpf_get_current_task()};

	(void)ctx;
	if (!file)
		return 0;
	c.mapping = (__u64)BPF_CORE_READ(file, f_mapping);
	c.folio = cache_folio(c.mapping, 0);
	if (!c.folio)
		return 0;
	bpf_loop(CALIBRATE_VMEMMAPS * CALIBRATE_OFFSETS, calibrate_step, &c, 0);
	cache_bases.direct = calibrate_direct(&c);
	return 0;
}
