/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that a daemon before us has left attached (capture/pin.h): a skeleton that was opened but not loaded gets their
 * maps, and what libbpf can't be given lies here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adopted;
struct bpf_program;
struct pin_set;
struct spillwatch_bpf;

/* adopt_pin() - pins what is loaded and attached of a skeleton, in a set that has just begun. Returns 0 or a negative errno. */
int adopt_pin(struct pin_set *set, const struct spillwatch_bpf *skeleton);

/*
 * adopt_take() - what is pinned, for a skeleton that is open. It may be destroyed before adopt_free(), not be used after it.
 * Returns 0 and *ret_adopted, or a negative errno.
 */
int adopt_take(const struct pin_set *set, struct spillwatch_bpf *skeleton, struct adopted **ret_adopted);

/* adopt_free() - NULL is fine. What is pinned stays. */
void adopt_free(struct adopted *adopted);

/* adopt_program() - the descriptor of a program; negative: it is not loaded. @adopted: NULL if the skeleton was loaded here */
int adopt_program(const struct adopted *adopted, const struct bpf_program *program);

/* adopt_detach() - lets go of the links, but for one program's; NULL: of all. NULL is fine. */
void adopt_detach(struct adopted *adopted, const struct bpf_program *but);

/*
 * adopt_waiting() - how many records wait in a ring buffer's map. A record that is being written ends the count.
 * Returns 0 or a negative errno.
 */
int adopt_waiting(int map, uint64_t *ret_records);
