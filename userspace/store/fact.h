/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A fact: that a program in a container (or on the host) wrote a token to a file, when and how often,
 * and what its last alert said. Like an alert it holds no secret portion, nor a hash of one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert.h"

/*
 * Its texts; all may be NULL but the first three and container. X(name)
 * token, file, program and container are its key: the token's identifier; the file as the host calls it, or
 * else as the process does; the executable, or the process's name in parentheses; the container's id, "" for none. An id that is
 * only a name may be given again, so its key is runtime/namespace/id@created, as far as they are known, and the id is container_id.
 * former: the names that a container had before, of a store only; each behind a newline, and one at the end.
 */
#define FACT_TEXTS(X)     \
	X(token)          \
	X(file)           \
	X(program)        \
	X(container)      \
	X(token_type)     \
	X(file_path)      \
	X(file_type)      \
	X(fs_type)        \
	X(runtime)        \
	X(container_id)   \
	X(container_name) \
	X(former)         \
	X(namespace)      \
	X(created)        \
	X(image)          \
	X(digest)         \
	X(outer)          \
	X(pod)            \
	X(pod_namespace)  \
	X(pod_uid)        \
	X(process)        \
	X(user)           \
	X(command_line)   \
	X(script)         \
	X(unit)           \
	X(syscall)        \
	X(seen_by)        \
	X(part)           \
	X(rule)           \
	X(place)

/* What a rule says of it, which is a part of its key as well. */
enum fact_verdict {
	FACT_LEAK,
	FACT_ALLOWED,
	FACT_CARRIER, /* who wrote passes on what others gave it */
};

struct fact {
#define FACT_TEXT(name) char *name;
	FACT_TEXTS(FACT_TEXT)
#undef FACT_TEXT
	enum fact_verdict verdict;
	bool relayed; /* the program is outside of the container, and writes what that prints */
	bool outside; /* the program is outside of the container, and the file is in its layer or a volume */
	bool exec; /* the program of the last alert was put into the container, as by docker exec */
	bool placeholder;
	bool path_truncated; /* upper directories of the file's path are missing */
	bool deleted; /* the file had no name any more */
	uint32_t severity; /* event.severity of the last alert; 0: not known */
	uint32_t pid, uid;
	uint32_t dev_major, dev_minor;
	uint64_t inode; /* 0: unknown */
	int64_t first, last; /* microseconds since 1970, UTC */
	uint64_t count; /* writes */
};

/* fact_free() - frees its texts and zeroes it. */
void fact_free(struct fact *fact);

/*
 * fact_message() - the sentence of alert/message.h about it.
 * Returns 0 and *ret_text (malloc'ed), or -ENOMEM.
 */
int fact_message(const struct fact *fact, char **ret_text);

/* fact_hour() - hours since 1970, of a time in microseconds. */
static inline int64_t fact_hour(int64_t time)
{
	return time / (3600LL * 1000000);
}
