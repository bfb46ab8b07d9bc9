/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading kernel memory by plain loads (bpf_rdonly_cast(), Linux 6.2): the JIT gives each an exception
 * entry, so a bad address reads as 0, and no helper is called. The daemon sets direct_loads where the
 * kernel has the function; elsewhere the verifier takes the branch away and the helper reads.
 *
 * bpf/hooks/syscall.bpf.c defines DIRECT_LOADS, and asks for direct_loads before it does anything. In the other objects
 * these macros are the helper's.
 *
 * A cast needs a type that the kernel's BTF has, and a load must lie in one of its fields. Memory without
 * a type is read as a long array that is surely there and has nothing before it: x86's stack for interrupts.
 */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "loader_call.h"

#ifdef DIRECT_LOADS

/* Since 6.2 (fd264ca02094). As helpers are declared; the loader puts the function in its place. */
static void *(*const direct_cast)(const void *object, __u32 btf_id) = (void *)DIRECT_CALL_CAST;

#define DIRECT(type, address) \
	((const type *)direct_cast((const void *)(address), bpf_core_type_id_kernel(type)))

#define DIRECT_BYTES 16384U

struct irq_stack___direct {
	char stack[DIRECT_BYTES];
};

/* Memory from an address on, for DIRECT_WORD(). */
#define DIRECT_AT(address) ((const char *)DIRECT(struct irq_stack___direct, address))

/* Its 8 bytes at a constant place, DIRECT_BYTES - 8 at most. */
#define DIRECT_WORD(memory, at) (*(const __u64 *)((memory) + (at)))

static __always_inline __u64 direct_word(__u64 address)
{
	return DIRECT_WORD(DIRECT_AT(address), 0);
}

/* A field (or a field's field) of a kernel structure, by whichever way the object has. */
#define KERNEL_READ(type, address, field) (DIRECT(type, address)->field)

/* A field that is a pointer to a structure, only to be read through: the verifier knows what it leads to. */
#define KERNEL_POINTER(type, address, field) ((const void *)KERNEL_READ(type, address, field))

#else

#define KERNEL_READ(type, address, field)                          \
	({                                                         \
		const type *kernel_read = (const type *)(address); \
		BPF_CORE_READ(kernel_read, field);                 \
	})

#define KERNEL_POINTER(type, address, field) KERNEL_ADDRESS(type, address, field)

#endif

/* A word of kernel memory, 0 if it can't be read. */
static __always_inline __u64 kernel_word(__u64 address)
{
#ifdef DIRECT_LOADS
	return direct_word(address);
#else
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), (const void *)address);
	return word;
#endif
}

/*
 * A field that is a pointer, as a number: what is loaded from a structure keeps its type, and such a pointer
 * can neither be reckoned with nor handed to a global function.
 */
#define KERNEL_ADDRESS(type, address, field) \
	((const void *)kernel_word((__u64)(address) + bpf_core_field_offset(type, field)))
