/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For both attachments, where a call begins: looks at the buffer of a write to a stream; pre_write.bpf.h. */
#pragma once

#include "scan/pre_write.bpf.h"
#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "base/write_call.bpf.h"
#include "hooks/message.bpf.h"

/* Could the call sleep before it has taken the bytes? */
static __always_inline int entry_can_sleep(const struct file *file, __u32 call, const struct call_args *args)
{
	if (BPF_CORE_READ(file, f_flags) & KERNEL_O_NONBLOCK)
		return 0;
	if (call == WRITE_CALL_SENDTO)
		return !(args->value[3] & KERNEL_MSG_DONTWAIT);
	if (call == WRITE_CALL_SENDMSG)
		return !(args->value[2] & KERNEL_MSG_DONTWAIT);
	return call == WRITE_CALL_WRITE || call == WRITE_CALL_WRITEV;
}

/*
 * Fills in the event for event.call on event.file with the arguments in s->args; returns 0 if it
 * need not be looked at now. A function of its own (verified once).
 */
__weak __noinline int entry_event(struct scratch *s)
{
	struct write_event *event;
	const struct file *file;
	__u32 kind, source;

	if (!s)
		return 0;
	file = (const struct file *)s->event.file;
	kind = file_kind(file);
	if (!file || !(settings.watch & ENTERED_KINDS & (1U << kind)))
		return 0;
	event = &s->event;
	entered_reset();
	if (!entry_can_sleep(file, event->call, &s->args))
		return 0;
	source = write_call_source(event->call);
	event->address = s->args.value[1];
	/* of a vector, all its entries are read */
	event->length = source == WRITE_SOURCE_BUFFER ? s->args.value[2] : settings.inspect_bytes;
	event->offset = SAMPLE_NO_OFFSET;
	event->segments = s->args.value[2];
	event->source = source;
	event->kind = kind;
	event->entry = 1;
	return source != WRITE_SOURCE_MESSAGE || !message_vector(event, s->args.value[1]);
}
