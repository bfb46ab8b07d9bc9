/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an output is to be: as the command line and the configuration have it. Who makes one owns what it points to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct rules;

/*
 * X(id, key, how it is called in messages: before its target)
 */
#define OUTPUT_KINDS(X)                            \
	X(FILE, "file", "")                        \
	X(SOCKET, "socket", "a reader of ")        \
	X(SYSLOG, "syslog", "syslog at ")          \
	X(JOURNALD, "journald", "the journal at ") \
	X(PROGRAM, "program", "program ")

enum output_what {
#define OUTPUT_WHAT(id, key, text) OUTPUT_##id,
	OUTPUT_KINDS(OUTPUT_WHAT)
#undef OUTPUT_WHAT
		OUTPUT_WHATS
};

/* Bytes that may wait for an output: some 5,000 alerts. What comes then is lost to it. */
#define OUTPUT_QUEUE_BYTES (8UL << 20)
#define OUTPUT_QUEUE_BYTES_MIN (64UL << 10)
#define OUTPUT_QUEUE_BYTES_MAX (1UL << 30)

struct output_spec {
	enum output_what what;
	const char *
		target; /* a path; of a file also "-", standard output; of syslog as syslog_is_target() says */
	const char *name; /* how it is told of; NULL: by its target */
	bool text; /* a readable line, and not JSON */
	int severity; /* what is less grave is not for it; 0: all is */
	struct rules *match; /* one, which it has to match; NULL: none */
	size_t queue_bytes; /* 0: OUTPUT_QUEUE_BYTES */
	unsigned long bytes; /* of a file: output_file_open() */
	unsigned int mode; /* of a file or a socket; 0: 0600 */
	bool grouped; /* a file that is made is of that group; else as its directory has it */
	gid_t group;
	int facility; /* of syslog: syslog_facility() */
	char **args; /* of a program, NULL-terminated; target is the first */
	unsigned long seconds; /* of a program: PROGRAM_SECONDS; 0: that */
	bool per_alert; /* of a program: one for each line, whose end is waited for */
};

/*
 * output_spec_identity() - what can't be changed of an output that is open: two specs with the same name and identity are the same
 * place (malloc'ed; NULL: no memory). May hold what a path holds: never to be printed.
 */
char *output_spec_identity(const struct output_spec *spec);
