// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What others choose about a container: the path of its cgroup, the arguments of conmon and of others that write for it, the paths
 * of its logs, a runtime's JSON files, containerd's database, a journal. Whatever they are: no crash, ids that stay one component of a path, printable texts.
 *
 * An input is a byte that says what it is, then that.
 */
#include "attribute/container/bolt.h"
#include "attribute/container/cgroup_name.h"
#include "attribute/container/conmon.h"
#include "attribute/container/containers.h"
#include "attribute/container/relayed.h"
#include "files/journal_entry.h"
#include "oracle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/spillwatch-fuzz-XXXXXX";

/* Where each runtime keeps what it says of the container. */
static const struct {
	const char *directory, *file, *cgroup;
} places[] = {
	{"var/lib/docker/containers/" ID, "config.v2.json", "/docker/" ID},
	{"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID, "config.json",
	 "/kubepods/cri-containerd-" ID ".scope"},
	{"var/lib/containers/storage/overlay-containers", "containers.json", "/libpod_parent/libpod-" ID},
	{"run/containers/storage/overlay-containers/" ID "/userdata", "config.json", "/crio-" ID ".scope"},
	{"run/runc/web", "state.json", "/web"},
};

#define PLACES (sizeof(places) / sizeof(*places))

static void clean(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command))
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char command[512];

	(void)argc;
	(void)argv;
	if (!mkdtemp(root) || atexit(clean))
		abort();
	for (size_t i = 0; i < PLACES; i++) {
		snprintf(command, sizeof(command), "mkdir -p %s/%s", root, places[i].directory);
		if (system(command))
			abort();
	}
	return 0;
}

static void check_text(const char *text)
{
	if (text &&
	    (!oracle_printable(text) || oracle_next((const uint8_t *)text, strlen(text), 0) != strlen(text)))
		abort();
}

static void check_id(const struct cgroup_name *name)
{
	/* LXC's and nspawn's is a name that no path is made of */
	if (strcmp(name->runtime, "lxc") != 0 && strcmp(name->runtime, "systemd-nspawn") != 0 &&
	    !cgroup_name_is_id(name->id, strlen(name->id)))
		abort();
}

static void fuzz_path(const char *path, size_t len)
{
	char parent[CGROUP_NAME_BYTES];
	struct cgroup_name name;
	size_t at = 0, part;
	int up;

	if (cgroup_name_parse(path, len, &name) == 0) {
		check_id(&name);
		if (!*name.id || name.end > len || name.outer_end >= name.end ||
		    !*name.outer != !name.outer_end)
			abort();
	}
	for (part = len; (up = cgroup_name_guess(path, part, &name, parent)) >= 0; part = (size_t)up)
		if ((size_t)up >= part || (*name.id && !cgroup_name_is_id(name.id, strlen(name.id))))
			abort();
	cgroup_name_unit(path, len, &part);
	while (cgroup_name_next(path, len, &at, &part))
		if (part > len)
			abort();
}

static void fuzz_conmon(const char *args, size_t len)
{
	struct container_conmon conmon;

	if (container_conmon_parse(args, len, &conmon) == 0)
		check_id(&conmon.name);
}

/* A relay by the first byte, then its arguments, its directory and the path that it writes to, each up to an empty argument. */
static void fuzz_relayed(const char *text, size_t len)
{
	static const char *const programs[] = {
		"/usr/bin/dockerd", "/usr/bin/containerd-shim-runc-v2",
		"/usr/bin/conmon",  "/usr/bin/nerdctl",
		"/usr/bin/crio",    "/bin/cat",
	};
	const char *exe = programs[len ? (unsigned char)*text % (sizeof(programs) / sizeof(*programs)) : 0];
	const char *args = text + !!len, *end = text + len, *cwd, *path;
	struct relayed relayed;

	cwd = memmem(args, (size_t)(end - args), "\0", 2);
	cwd = cwd ? cwd + 2 : end;
	path = memchr(cwd, '\0', (size_t)(end - cwd));
	path = path ? path + 1 : end;
	const struct relayed_writer writer = {
		.exe = exe,
		.args = args,
		.path = path,
		.cwd = cwd,
		.exe_len = strlen(exe),
		.args_len = (size_t)(cwd - args),
		.path_len = (size_t)(end - path),
		.cwd_len = (size_t)(path - cwd) - (path > cwd && path < end),
		.uid = len & 1,
	};

	if (relayed_parse(&writer, &relayed) < 0)
		return;
	if (!relayed.name.runtime || relayed_program(exe, strlen(exe)) < 0)
		abort();
	/* where only the pod is known, there is none */
	if (*relayed.name.id)
		check_id(&relayed.name);
	else if (!*relayed.pod || !*relayed.container)
		abort();
	if ((*relayed.namespace && !cgroup_name_is_id(relayed.namespace, strlen(relayed.namespace))) ||
	    (*relayed.log && !cgroup_name_is_id(relayed.log, strlen(relayed.log))) ||
	    (*relayed.pod && !cgroup_name_is_id(relayed.pod, strlen(relayed.pod))))
		abort();
}

static void fuzz_file(size_t place, const uint8_t *data, size_t size)
{
	const struct containers_process process = {.paths = places[place].cgroup,
						   .len = strlen(places[place].cgroup)};
	struct containers *containers;
	struct alert_container found;
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", root, places[place].directory, places[place].file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		abort();
	if (containers_open(root, root, &containers) || containers_find(containers, &process, NULL, &found))
		abort();
	if (!found.id || !found.runtime)
		abort();
	check_text(found.id);
	check_text(found.name);
	check_text(found.image);
	check_text(found.pod);
	check_text(found.pod_namespace);
	check_text(found.pod_uid);
	containers_free_one(&found);
	containers_close(containers);
}

/* Where a database's first meta page has what is looked at before anything else; see bolt.c. */
#define META_AT 16
#define META_PAGES (META_AT + 40)
#define META_CHECKSUM (META_AT + 56)

/* The checksum is right, or nothing behind it would ever be read. */
static void seal(uint8_t *meta)
{
	static const uint32_t head[3] = {0xED0CDAED, 2, 1024};
	uint64_t hash = 0xcbf29ce484222325ULL;

	memcpy(meta + META_AT, head, sizeof(head));
	memset(meta + META_PAGES, 0, 8);
	meta[META_PAGES] = 64;
	for (size_t i = META_AT; i < META_CHECKSUM; i++)
		hash = (hash ^ meta[i]) * 0x100000001b3ULL;
	memcpy(meta + META_CHECKSUM, &hash, sizeof(hash));
}

static void fuzz_bolt(const uint8_t *data, size_t size)
{
	static const char *const path[] = {"a", "b", "c", NULL};
	json_t *bucket;
	uint8_t *copy;
	char value[64];
	int fd;

	if (size < META_CHECKSUM + 8)
		return;
	copy = malloc(size);
	memcpy(copy, data, size);
	seal(copy);
	fd = memfd_create("bolt", MFD_CLOEXEC);
	/* whole pages, whatever there is of the last one */
	if (fd < 0 || write(fd, copy, size) != (ssize_t)size ||
	    ftruncate(fd, (off_t)(size + 1023) / 1024 * 1024))
		abort();
	if (bolt_json(fd, "a", &bucket) == 0)
		json_decref(bucket);
	if (bolt_get(fd, path, value, sizeof(value)) >= 0 && strlen(value) >= sizeof(value))
		abort();
	close(fd);
	free(copy);
}

#define JOURNAL_TABLE 280

/* A journal of one entry with these fields, in one bucket. Returns its length. */
static size_t journal_make(uint64_t *words, bool compact)
{
	static const char *const texts[] = {
		"MESSAGE=a text",    "_PID=7", "_UID=0", "_COMM=sh", "_SYSTEMD_UNIT=a.service",
		"CONTAINER_NAME=web"};
	enum { COUNT = sizeof(texts) / sizeof(*texts), FIRST = JOURNAL_TABLE + 16 };
	const uint64_t head[] = {264, 4096, JOURNAL_TABLE, 16};
	const size_t text = compact ? 72 : 64, step = compact ? 4 : 16;
	uint8_t *bytes = (uint8_t *)words;
	size_t at = FIRST, entry = FIRST + COUNT * 96;

	memcpy(bytes, "LPKSHHRH", 8);
	bytes[12] = compact ? 16 : 0;
	memcpy(bytes + 88, head, sizeof(head));
	words[JOURNAL_TABLE / 8] = FIRST;
	for (size_t i = 0; i < COUNT; i++, at += 96) {
		bytes[at] = 1;
		words[at / 8 + 1] = text + strlen(texts[i]);
		words[at / 8 + 3] = i + 1 < COUNT ? at + 96 : 0;
		words[at / 8 + 5] = entry;
		memcpy(bytes + at + text, texts[i], strlen(texts[i]));
		memcpy(bytes + entry + 64 + i * step, &(uint64_t){at}, compact ? 4 : 8);
	}
	bytes[entry] = 3;
	words[entry / 8 + 1] = 64 + COUNT * step;
	return entry + 64 + COUNT * step;
}

/* Where it is looked at, how much of it is there, and bytes that are others: each a place and what stands there. */
static void fuzz_journal(const uint8_t *data, size_t size)
{
	uint64_t words[256] = {0};
	struct journal_entry entry = {0};
	size_t len, at;
	int fd;

	if (size < 4)
		return;
	len = journal_make(words, data[0] & 1);
	at = (size_t)(data[1] | data[2] << 8) % (len + 16);
	for (size_t i = 4; i + 3 <= size; i += 3)
		((uint8_t *)words)[(size_t)(data[i] | data[i + 1] << 8) % len] = data[i + 2];
	if (data[0] & 2)
		len = len * data[3] / 256;
	fd = memfd_create("journal", MFD_CLOEXEC);
	if (fd < 0 || write(fd, words, len) != (ssize_t)len)
		abort();
	if ((journal_entry_at(fd, at, &entry) == 0) != entry.found)
		abort();
	if (strnlen(entry.unit, sizeof(entry.unit)) == sizeof(entry.unit) ||
	    strnlen(entry.name, sizeof(entry.name)) == sizeof(entry.name) ||
	    strnlen(entry.cgroup, sizeof(entry.cgroup)) == sizeof(entry.cgroup) ||
	    strnlen(entry.container, sizeof(entry.container)) == sizeof(entry.container) ||
	    strnlen(entry.container_id, sizeof(entry.container_id)) == sizeof(entry.container_id))
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (*data % (5 + PLACES)) {
	case 0:
		fuzz_path((const char *)data + 1, size - 1);
		break;
	case 1:
		fuzz_conmon((const char *)data + 1, size - 1);
		break;
	case 2:
		fuzz_bolt(data + 1, size - 1);
		break;
	case 3:
		fuzz_relayed((const char *)data + 1, size - 1);
		break;
	case 4:
		fuzz_journal(data + 1, size - 1);
		break;
	default:
		fuzz_file(*data % (5 + PLACES) - 5, data + 1, size - 1);
	}
	return 0;
}
