/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Doors: small programs that are attached in a hook's place and lead into it, so that one is free when the kernel leaves out
 * another since a task was preempted in it (bpf/base/preempt.bpf.h). libbpf knows nothing of them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bpf_insn;
struct bpf_object;
struct bpf_program;
struct doors;
struct pin_set;

/* What doors are made of: the program `door`, relocated. */
struct door_template {
	const struct bpf_insn *instructions;
	size_t count;
	int map; /* the descriptor that stands in it for the map of where it leads */
};

/* doors_new() - none so far, room for those of so many hooks; NULL if there is no memory. */
struct doors *doors_new(size_t hooks);

/*
 * doors_add() - makes the doors of a hook, which is loaded, and is not to be attached itself from now on.
 * @attach_btf_id: what it was loaded for, 0 if it is a raw tracepoint's
 * Returns 0 or a negative errno.
 */
int doors_add(struct doors *doors, const struct door_template *of, struct bpf_program *program,
	      uint32_t attach_btf_id);

/* doors_attach() - opens them. Returns 0 or a negative errno. */
int doors_attach(struct doors *doors);

/* doors_detach() - not to be undone; NULL is fine. @but: this program's stay, NULL: none do */
void doors_detach(struct doors *doors, const struct bpf_program *but);

/* doors_pin() - so that they stay (capture/pin.h). Returns 0 or a negative errno. */
int doors_pin(const struct doors *doors, struct pin_set *set);

/* doors_take() - those that are pinned, of an object's programs. Returns 0 and *ret_doors, NULL if there are none; or a negative errno. */
int doors_take(const struct pin_set *set, const struct bpf_object *object, struct doors **ret_doors);

/* doors_free() - detaches and unloads; NULL is fine. */
void doors_free(struct doors *doors);

/*
 * doors_skipped() - events that the kernel may have kept from a hook: each such event is a run that all of its doors have
 * missed (or itself, if it has none), so there are at most as many as the one has missed that missed the fewest.
 * @doors: NULL is fine
 * @fd: of the program
 */
uint64_t doors_skipped(const struct doors *doors, const struct bpf_program *program, int fd);
