/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions and answers as the daemon and the process that asks send them to each other: both are the same program, so structures go as they are,
 * but for what points somewhere. Who has read other people's bytes is not believed: lengths are checked, and texts are terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/inquiry.h"

/* Room for facts, whose texts are bounded: a socket takes that at once. */
#define INQUIRY_WIRE_BYTES (160UL << 10)

struct inquiry_wire {
	uint8_t bytes[INQUIRY_WIRE_BYTES];
	size_t len, at;
	bool failed; /* did not fit, or was not there */
};

/* inquiry_wire_put_…() - behind what is there. inquiry_wire_take_…() - the next of what is there; facts are the caller's to free, also if it failed. */
void inquiry_wire_put(struct inquiry_wire *wire, const void *bytes, size_t len);
void inquiry_wire_take(struct inquiry_wire *wire, void *bytes, size_t len);
void inquiry_wire_put_question(struct inquiry_wire *wire, const struct inquiry_question *question);
void inquiry_wire_take_question(struct inquiry_wire *wire, struct inquiry_question *ret_question);
void inquiry_wire_put_answer(struct inquiry_wire *wire, const struct inquiry_answer *answer);
void inquiry_wire_take_answer(struct inquiry_wire *wire, struct inquiry_answer *ret_answer);
void inquiry_wire_put_facts(struct inquiry_wire *wire, const struct container_facts *facts);
void inquiry_wire_take_facts(struct inquiry_wire *wire, struct container_facts *ret_facts);
