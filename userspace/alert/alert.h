/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An alert: everything that is said about one token in one write, ready to be shown. Every string
 * has been through mask.h; there is no secret portion in here, nor any way to get at one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "detect/token.h"
#include "sample.h"

/* A process above the writing one. */
struct alert_ancestor {
	uint32_t pid; /* as the initial pid namespace counts */
	struct timespec start; /* CLOCK_REALTIME */
	char *name; /* comm */
};

struct alert_process {
	uint32_t pid; /* tgid, as the initial pid namespace counts */
	uint32_t ns_pid; /* as the process's own pid namespace counts */
	uint32_t thread_id;
	char *name; /* the thread group leader's comm */
	char *thread_name; /* the writing thread's comm */
	char *executable; /* path; NULL if unknown */
	char *command_line; /* masked, arguments joined by spaces; NULL if unknown */
	char *script; /* the file that an interpreter runs, as it was named; NULL if it is none */
	char *working_directory; /* as the process sees it; NULL if unknown */
	char *unit; /* systemd's unit, from the cgroup: "cron.service"; NULL if there is none */
	struct timespec start; /* CLOCK_REALTIME */
	struct alert_ancestor parent; /* without a name if it is not known */
	struct alert_ancestor *ancestors; /* above the parent, up to init: ancestor_count of them */
	size_t ancestor_count;
	uint32_t uid, gid;
	uint32_t ns_uid, ns_gid; /* as the process's own user namespace counts, if that differs */
	char *user_name; /* NULL if /etc/passwd has none */
	char *group_name; /* NULL if /etc/group has none */
	uint32_t login_uid; /* (uint32_t)-1: none */
	uint64_t cgroup_id;
	bool executable_truncated; /* upper directories are missing */
	bool script_truncated; /* likewise */
	bool command_line_truncated;
	bool working_directory_truncated; /* upper directories are missing: it does not begin with a slash */
	bool ancestors_truncated; /* there are more up to init */
	bool ns_uid_differs, ns_gid_differs;
};

struct alert_file {
	char *path; /* never NULL: what the process would call it, "pipe:[inode]" and the like, "(unknown)" */
	bool path_truncated; /* upper directories are missing */
	char *host_path; /* what the host would call it; NULL if that is the same or unknown */
	bool host_path_truncated; /* upper directories are missing */
	const char *place; /* static: in a container "layer" or "volume"; else NULL */
	bool deleted;
	const char *type; /* static, of include/file_kind.h, or "directory", "symlink" */
	char *fs_type; /* "ext4" */
	uint32_t dev_major, dev_minor;
	uint64_t inode; /* 0: the file was not at hand; what follows is not known then, nor is fs_type */
	uint32_t mode; /* st_mode */
	uint32_t owner_uid, owner_gid;
	uint32_t links;
};

/*
 * Labels of a container that are told: where its image comes from, and who composed it. No others, since anything can be in a label.
 * X(index, name, field in JSON, without dots as Elastic's agents have them)
 */
#define ALERT_LABELS(X)                                                                       \
	X(SOURCE, "org.opencontainers.image.source", "org_opencontainers_image_source")       \
	X(REVISION, "org.opencontainers.image.revision", "org_opencontainers_image_revision") \
	X(VERSION, "org.opencontainers.image.version", "org_opencontainers_image_version")    \
	X(PROJECT, "com.docker.compose.project", "com_docker_compose_project")                \
	X(SERVICE, "com.docker.compose.service", "com_docker_compose_service")

enum alert_label {
#define ALERT_LABEL(index, name, field) ALERT_LABEL_##index,
	ALERT_LABELS(ALERT_LABEL)
#undef ALERT_LABEL
		ALERT_LABEL_COUNT,
};

/* The container that the writing process runs in, or writes for, or whose file it wrote to. */
struct alert_container {
	char *id; /* NULL: in none; otherwise always given, the rest where it could be found */
	const char
		*runtime; /* static: "containerd", "cri-o", "docker", "podman", "lxc", "systemd-nspawn", … */
	char *name;
	char *image;
	char *digest; /* "sha256:…": of the image, or of its manifest, as its runtime calls it by */
	char *labels[ALERT_LABEL_COUNT];
	char *outer; /* id of the container around it */
	char *outer_name;
	char *namespace; /* containerd's */
	char *created; /* RFC 3339, as its runtime's files tell */
	char *pod; /* Kubernetes', or podman's, which has no namespace */
	char *pod_namespace;
	char *pod_uid;
	bool exec; /* the process was put into it (docker exec): what it started with is not above it */
	bool claimed; /* the id is the word of whoever could name it so; no runtime of theirs agrees */
	bool relayed; /* the process is not in it: it writes what the container prints */
	bool outside; /* the process is not in it: the file is, in its layer or a volume */
};

/* Of what systemd-journald stores: whose entry it is. */
struct alert_journal {
	char *unit; /* "shop.service"; NULL: none, or not told */
	char *name; /* comm; likewise */
	uint32_t pid, uid; /* 0, (uint32_t)-1: not told */
	bool known; /* the entry was found */
};

struct alert_write {
	const char *syscall; /* static, of include/write_call.h; "unknown" */
	int64_t offset; /* -1: the destination has no positions */
	bool offset_approximate;
	uint64_t length; /* bytes the call wrote */
	/*
	 * File offset of the token's first byte. Where offset is -1, counted from the write's first byte:
	 * negative for a token that began in an earlier write to the same stream.
	 */
	int64_t token_offset;
	const char *seen_by; /* static: "buffer", "page_cache" or "file_read" */
	const char
		*part; /* static: what was written, if not content: "name", "link_target", "xattr", "label" */
	bool compat; /* a 32-bit caller */
	bool found_late; /* its sample was lost, and counted as that; it was found later, where it was written */
};

#define ALERT_FLOOD_SAMPLES 5
#define ALERT_FLOOD_TEXT 256

/* Of a writer that writes more tokens than are told one by one: some of those that were. */
struct alert_flood {
	uint64_t lost; /* samples that were not told of one by one, since the monitor's start */
	struct timespec since; /* CLOCK_REALTIME, of the first of them */
	size_t token_count, file_count;
	char tokens[ALERT_FLOOD_SAMPLES][ALERT_FLOOD_TEXT]; /* identifiers */
	char files[ALERT_FLOOD_SAMPLES][ALERT_FLOOD_TEXT]; /* paths, as file.path */
};

/* What an alert has in common with others that lend it the same process and the same file, and is made once. */
struct alert_facts {
	/* as JSON, from process to file; NULL: not made yet */
	char *json;
	size_t len;
	const char *place; /* file.place in that */
	unsigned int left; /* what is left out of it, and of the lines that it is for (json.c) */
};

/* What the rules of the configuration say of it (rules/rules.h). Its strings are borrowed, and only while it goes out. */
struct alert_ruling {
	const char *rule; /* the name of the one that decides; NULL: none */
	const char *reason; /* that it gives; may be NULL */
	int severity; /* 0: as it is without it */
	bool allowed; /* no alert, the store has it only */
	bool carrier; /* who wrote passes on what others gave it */
	const char *expired; /* the name of one that would have decided before; NULL: none */
	int64_t until; /* until when that was: microseconds since 1970 */
};

struct alert {
	struct timespec time; /* CLOCK_REALTIME, when the write returned */
	uint64_t sequence; /* of what was said or lost, since the start */
	uint64_t number; /* of what was said: without a gap */
	uint64_t series; /* random, of those numbers: both together are event.id */
	uint64_t
		repeats; /* of this token in this place by this writer since the first alert; 0: this is the first */
	uint64_t news; /* writes that this alert is the first to tell of */
	struct token token;
	struct alert_process process;
	struct alert_file file;
	struct alert_container container;
	struct alert_journal journal;
	struct alert_write write;
	struct alert_ruling ruling;
	const struct alert_flood *flood; /* borrowed; NULL: the alert is of one token */
	const char *host_name; /* borrowed, printable */
	struct alert_facts
		*facts; /* borrowed, and then process and file are as well; NULL: they are the alert's own */
};

/*
 * alert_image_len() - bytes of container->image before its digest, if it ends in that ("registry/app@sha256:…"): all of it if it doesn't; 0 if that
 * is all of it, or there is none.
 */
size_t alert_image_len(const struct alert_container *container);

/* alert_free() - frees what an alert owns and zeroes it; NULL is fine. */
void alert_free(struct alert *alert);

/* alert_pack_size() - bytes that alert_pack() needs. */
size_t alert_pack_size(const struct alert *alert);

/*
 * alert_pack() - copies an alert, with all that it owns, to one piece of memory. Returns the copy, which begins at `to`
 * and owns nothing: no alert_free().
 * @to: alert_pack_size() bytes, aligned as a struct alert must be
 */
struct alert *alert_pack(const struct alert *alert, void *to);

/*
 * An alert as bytes that mean the same in another process, for its successor: places in them where an alert has pointers. Without the
 * host's name, and not of a flood.
 *
 * alert_freeze_size() - how many.
 * alert_freeze() - @to: so many, aligned as a struct alert must be
 * alert_thaw() - makes an alert of them, in place; it owns nothing. NULL: they are none.
 */
size_t alert_freeze_size(const struct alert *alert);
void alert_freeze(const struct alert *alert, void *to);
const struct alert *alert_thaw(void *frozen, size_t size);
