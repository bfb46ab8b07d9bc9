/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF side as userspace holds it: loaded, attached, its ring, its counters. One probe a process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/cgroup.h"
#include "capture/functions.h"
#include "capture/pin.h"
#include "counters.h"
#include "sample.h"
#include "share.h"
#include "token_key.h"
#include "scope.h"

enum probe_attachment {
	PROBE_AUTO, /* fexit, else syscall */
	PROBE_FEXIT, /* fexit on the VFS's write functions */
	PROBE_SYSCALL, /* tp_btf on sys_exit */
	PROBE_ATTACHMENT_MAX
};

/* probe_attachment_name() - "fexit", "syscall", "auto"; static. */
const char *probe_attachment_name(enum probe_attachment attachment);

/* Streams that are watched though others of their kinds are not. */
struct probe_own {
	uint32_t kinds; /* FILE_KIND_BIT()s of PIPE and SOCKET, which are in probe_options.watch as well */
	uint64_t inodes[2]; /* 0: none */
};

struct probe_options {
	enum probe_attachment attachment;
	enum scope_mode scope;
	struct cgroup cgroup; /* SCOPE_CGROUP */
	uint32_t watch; /* FILE_KIND_BIT()s */
	struct probe_own own;
	uint32_t
		suspects; /* enum suspect, added up: what is told besides what the kernel side knows itself */
	uint32_t inspect_bytes; /* bound of one call; 0: LIMIT_INSPECT_BYTES */
	bool no_net; /* what is on its way to block devices is not looked at */
	uint64_t hook_ns; /* that a hook may take; 0: LIMIT_HOOK_NS */
	uint32_t ring_bytes; /* a power of two, at least a page; 0: LIMIT_RING_BYTES */
	const char *pin; /* where everything is pinned (capture/pin.h), NULL: nowhere. Borrowed. */
	bool pin_needed; /* not to be started without */
	unsigned long pin_seconds; /* that the programs go on without a daemon; 0: PIN_SECONDS */
};

/* Why an attachment could not be used; error is 0 if it could, or was not tried. */
struct probe_failure {
	int error; /* negative errno */
	const char *step; /* "load", "attach"; static */
	char text[512]; /* what libbpf and the verifier said last, one line */
	/* of PROBE_AUTO, which is no attachment: nothing was tried, since the pins can't be had … */
	int pin; /* for that reason, of pin_open(); 0 if it was not so */
	pid_t holder; /* … which this process holds; 0: not known */
};

struct probe;

/*
 * Called for each record in the ring, in the ring's order. The bytes are the ring's own, gone after
 * the return. A negative result stops the reading and is returned by probe_consume().
 */
typedef int (*probe_record)(void *context, void *data, size_t size);

/*
 * probe_start() - loads and attaches; from here on writes are seen. The calling process is left out
 * of what is watched; with SCOPE_TREE its future children are what is watched.
 * @failures: array of PROBE_ATTACHMENT_MAX, filled for each attachment that was tried; may be NULL
 * With options->pin, what a daemon before us has left is taken over if it is the same; else replaced, without a moment in which nobody looks.
 * Returns 0 and *ret_probe (end it with probe_stop()), or the last attempt's negative errno: -EPERM
 * without privilege, -ENOTSUP if the kernel has no BTF, or for fexit lacks a function that can't be done without.
 */
int probe_start(const struct probe_options *options, probe_record record, void *context,
		struct probe_failure *failures, struct probe **ret_probe);

/* probe_stop() - frees, and detaches what is not pinned; NULL is fine. */
void probe_stop(struct probe *probe);

/*
 * probe_detach() - nothing more is seen but what is on its way to a disk; what has been can still be read. Takes seconds where
 * trampolines are slow to go, in which pages that wait for a second look are written back: they are not to be missed.
 * probe_detach_net() - nor that, any more. Neither is to be undone.
 */
void probe_detach(struct probe *probe);
void probe_detach_net(struct probe *probe);

/* probe_pinned() - 1: everything is pinned; 0: nothing is, nor was that asked for; or why not, a negative errno (pin_error()). */
int probe_pinned(const struct probe *probe);

/* probe_leased() - does what is loaded end without signs of life? */
bool probe_leased(const struct probe *probe);

/*
 * probe_renew() - a sign of life, once a second; without it, what is pinned does nothing some day. Returns 0 or a negative errno.
 * probe_leave() - the last one: what is pinned is left to whoever comes next.
 */
int probe_renew(struct probe *probe);
void probe_leave(struct probe *probe);

/* probe_canary() - are the main thread's writes looked at, whatever the scope? For a moment. */
void probe_canary(struct probe *probe, bool on);

/* probe_canary_came() - what was written so came back: for whoever looks at the pins. */
void probe_canary_came(struct probe *probe);

/* probe_say() - how we are, for whoever looks at the pins; without any, nobody does. */
void probe_say(struct probe *probe, const char *text, size_t len);

/* What was there when we came. */
struct probe_takeover {
	enum {
		PROBE_FIRST, /* nothing */
		PROBE_TAKEN, /* the same programs: they are ours now */
		PROBE_REPLACED, /* others, which ours have replaced */
	} how;
	bool killed; /* whoever had them did not end in order */
	uint64_t watched_ns; /* that they had been attached until the last sign of life of that one */
	uint64_t away_ns; /* since then */
	uint64_t blind_ns; /* of these, the last in which the programs did nothing either */
	uint64_t waiting; /* records that waited in the ring */
	uint64_t unreadable; /* of these, those of another layout */
	char version[64]; /* that had attached them */
};

/* probe_takeover() - as long as the probe lives. */
const struct probe_takeover *probe_takeover(const struct probe *probe);

/* probe_journal() - PIN_JOURNAL_BYTES of memory that outlives us, or NULL; as long as the probe lives. */
void *probe_journal(const struct probe *probe);

/* probe_said() - what all daemons that had these programs have said so far, for whoever counts it; as long as the probe lives. */
struct pin_said *probe_said(struct probe *probe);

/* probe_attachment() - which one is in use. */
enum probe_attachment probe_attachment(const struct probe *probe);

/* How the kernel side sees what lands in a file's page cache; found out at the start (bpf/hooks/calibrate.bpf.c). */
enum probe_cache {
	PROBE_CACHE_NONE, /* not at all: written buffers are read, and files by the daemon */
	PROBE_CACHE_COPIED, /* by copying it (kernels before 6.2) */
	PROBE_CACHE_IN_PLACE, /* where it lies */
};

enum probe_cache probe_cache(const struct probe *probe);

/* probe_cache_text() - the same in words, for `check` and the summary; static. */
const char *probe_cache_text(enum probe_cache cache);

/* probe_missing() - what is not watched, since this kernel has no function that carries it; nothing by the syscall attachment. */
const struct functions_missing *probe_missing(const struct probe *probe);

/* probe_preempted() - does this kernel preempt programs, so that each hook has several doors (bpf/base/preempt.bpf.h)? */
bool probe_preempted(const struct probe *probe);

/* probe_follows() - SCOPE_TREE: is there a process that is followed? Those for which there was no room are not. */
bool probe_follows(const struct probe *probe);

/* probe_fd() - a descriptor that polls readable when records wait; owned by the probe. */
int probe_fd(const struct probe *probe);

/* probe_consume() - hands all waiting records on. Returns their number or a negative errno. */
int probe_consume(struct probe *probe);

#define PROBE_HOOKS_MAX 64

/* Events that the kernel may have kept from a hook, since tasks were preempted in it on that CPU. */
struct probe_skipped {
	char hook[32]; /* the program's name */
	uint64_t runs; /* at most; most of a system call's are of calls that write nothing */
};

/* What the kernel side has counted so far, over all CPUs, since probe_start(). */
struct probe_counts {
	uint64_t value[COUNTER_MAX]; /* by enum counter_id */
	size_t hooks_skipped;
	struct probe_skipped skipped[PROBE_HOOKS_MAX]; /* the hooks of which any were */
};

/* What was forgotten for room. */
struct probe_forgotten {
	uint64_t leaks; /* (token, place, writer): their next write is another alert */
	uint64_t places; /* (token, place), likewise */
	uint64_t begun; /* places where a token had begun: what went on there was not joined with it */
	uint64_t repeats; /* writes that repeated one of those leaks, and of which no sample has told */
};

/*
 * probe_seen() - calls back for each leak of which there are writes that no sample has told of.
 * A negative result ends the walk and is returned; else 0, or a negative errno. When nothing writes any more.
 */
typedef int (*probe_seen_entry)(void *context, const struct seen_key *key, const struct seen_value *value);
int probe_seen(const struct probe *probe, probe_seen_entry entry, void *context,
	       struct probe_forgotten *ret_forgotten);

/* probe_learn_btrfs() - there is a file on btrfs: finds out how to tell its subvolumes apart, if that is not known. */
void probe_learn_btrfs(const struct probe *probe);

/* probe_lost() - samples for which the ring had no room so far, but for those of repeats; costs nothing to ask. */
uint64_t probe_lost(const struct probe *probe);

/*
 * probe_flooded() - has any writer had more than its share of the ring since the last time (*seen, zero at first)? Costs nothing.
 * probe_floods() - calls back for each that ever had, with its group and what was counted of it.
 */
bool probe_flooded(const struct probe *probe, uint64_t *seen);
typedef void (*probe_flood)(void *context, uint64_t group, const struct share *share);
void probe_floods(const struct probe *probe, probe_flood flood, void *context);

/*
 * probe_dropped() - calls back for each sample that the ring had no room for and that is kept since the last call, by whichever daemon:
 * of those for which the ring was full, then of those of writers without a share. Cheap if there is none.
 * @sample: gone after the call
 * probe_drops() - is there any?
 */
typedef void (*probe_dropped_sample)(void *context, const struct dropped_sample *sample);
void probe_dropped(const struct probe *probe, probe_dropped_sample sample, void *context);
bool probe_drops(const struct probe *probe);

/* probe_found() - a token that was lost in that place was found: who finds it again has not found that one. */
void probe_found(const struct probe *probe, __u64 token_key, __u64 place);

/* probe_ring_waiting() - bytes of the ring that nobody has taken out yet, of probe_ring_bytes(); costs nothing to ask. */
uint64_t probe_ring_waiting(const struct probe *probe);
uint64_t probe_ring_bytes(const struct probe *probe);

/* probe_seed() - what token_key() takes; as long as the probe lives. */
const volatile struct token_seed *probe_seed(const struct probe *probe);

/*
 * probe_placed() - has that token been alerted in that place, whoever wrote it? Sets *ret_time to when a first look last saw it there (ns,
 * CLOCK_BOOTTIME; 0: none did, and with PLACED_OLD nobody was told) if so.
 */
bool probe_placed(const struct probe *probe, __u64 token_key, __u64 place, __u64 *ret_time);

/* probe_has_seen() - is that leak known: what a writer has put there? */
bool probe_has_seen(const struct probe *probe, const struct seen_key *key);

/*
 * probe_see() - it is from now on: who has written the sample has put it there. @at: file offset of the token's first byte
 * Returns whether it was not before: of all who see it at the same time, one is told so.
 */
bool probe_see(const struct probe *probe, const struct token_sample *head, __u64 token_key, __s64 at);

/* probe_place() - it has been now. @at: file offset of the token's first byte; @time: ns, CLOCK_BOOTTIME */
void probe_place(const struct probe *probe, __u64 token_key, __u64 place, __s64 at, __u64 time);

/*
 * probe_recheck_due() - has any file become one that is to be looked at again, or is one still? Cheap.
 * probe_recheck() - looks at all of them, for max_ms at most; what is found comes out of the ring.
 * Returns how many there are to be looked at again, or a negative errno; *ret_more: this round is not done.
 * probe_recheck_begun() - is there such a round? What has come after its beginning is not looked at in it.
 */
bool probe_recheck_due(const struct probe *probe);
bool probe_recheck_begun(const struct probe *probe);
int probe_recheck(struct probe *probe, int64_t max_ms, bool *ret_more);

/* probe_counts() - Returns 0 or a negative errno (output untouched). */
int probe_counts(const struct probe *probe, struct probe_counts *ret_counts);
