// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe ⇄ the BPF file system. Nothing here knows what is pinned.
 *
 * Invariant: whoever changes anything below the directory holds its lock, which the kernel takes back when a daemon dies.
 * A name is "KIND.NAME" with ':' for the dot, since the file system has dots for itself.
 */
#include "capture/pin.h"

#include "lib/cleanup.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define PIN_MAGIC (0x7370696c6c000001ULL + (sizeof(struct pin_state) << 8))
#define PIN_MOUNT "/sys/fs/bpf"

struct pin_set {
	char *path;
	int directory; /* locked */
	unsigned int number; /* of the set in use, 0: none */
	struct pin_state *state; /* of it */
	struct board *status; /* of it; NULL: there is none */
	void *journal; /* of it, or of the one before; never unmapped: a thread that hangs in an output may come back */
};

const char *pin_error(int error)
{
	switch (error) {
	case -EBUSY:
		return "another daemon has it";
	case -EMEDIUMTYPE:
		return "that is not in a BPF file system (mount -t bpf bpf " PIN_MOUNT ")";
	case -EUSERS:
		return "it belongs to another user, or others may write to it";
	default:
		return strerror(-error);
	}
}

const char *pin_error_asked(int error)
{
	return error == -EACCES || error == -EPERM ? "no permission to ask; try it as root (sudo)"
						   : pin_error(error);
}

static bool pin_is_bpf(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* Where it always is, it is mounted for whoever comes first (as bpftool and tc do); nowhere else. */
static void pin_mount(const char *path)
{
	if (strncmp(path, PIN_MOUNT "/", strlen(PIN_MOUNT "/")) == 0 && !pin_is_bpf(PIN_MOUNT))
		(void)mount("bpf", PIN_MOUNT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME,
			    "mode=0700");
}

static int pin_directory(const char *path, int *ret_fd)
{
	struct statfs fs;
	struct stat st;
	bool made;
	int fd, r = 0;

	pin_mount(path);
	made = mkdir(path, 0700) == 0;
	if (!made && errno != EEXIST)
		return errno == EPERM ? -EMEDIUMTYPE : -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		r = -EMEDIUMTYPE;
	else if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		r = -EUSERS;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	/* to find out who has it */
	if (r < 0 && r != -EBUSY) {
		close(fd);
		if (made)
			unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
		return r;
	}
	*ret_fd = fd;
	return r;
}

/* "5: FLOCK ADVISORY WRITE 1234 00:1f:5678 0 EOF" of /proc/locks: the pid, if it is a lock of that file; else 0. */
static pid_t pin_lock(char *line, const struct stat *st)
{
	char *rest = NULL, *field[6], *end;
	unsigned long major, minor;
	size_t count = 0;

	for (char *at = strtok_r(line, " ", &rest); at && count < 6; at = strtok_r(NULL, " ", &rest))
		field[count++] = at;
	if (count < 6 || strcmp(field[1], "FLOCK") != 0)
		return 0;
	major = strtoul(field[5], &end, 16);
	minor = *end == ':' ? strtoul(end + 1, &end, 16) : 0;
	if (*end != ':' || makedev(major, minor) != st->st_dev || strtoul(end + 1, NULL, 10) != st->st_ino)
		return 0;
	return (pid_t)strtol(field[4], NULL, 10);
}

/* Who has the lock, as this process's pid namespace counts; 0: not known. What a daemon says of itself is its own view. */
static pid_t pin_holder(int directory)
{
	AUTO_FCLOSE FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	struct stat st;
	pid_t pid = 0;

	if (!locks || fstat(directory, &st) < 0)
		return 0;
	while (!pid && fgets(line, sizeof(line), locks))
		pid = pin_lock(line, &st);
	return pid;
}

static void pin_path(const struct pin_set *set, unsigned int number, const char *kind, const char *name,
		     char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%u/%s:%s", set->path, number, kind, name);

	/* of maps the compiler names (".bss"); in the directory's own path a dot is refused anyhow */
	for (char *at = path + strlen(set->path); len > 0 && *at; at++)
		if (*at == '.')
			*at = '_';
}

int pin_put(struct pin_set *set, const char *kind, const char *name, int fd)
{
	char path[PATH_MAX];

	pin_path(set, set->number, kind, name, path);
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

int pin_get(const struct pin_set *set, const char *kind, const char *name)
{
	char path[PATH_MAX];
	int fd;

	pin_path(set, set->number, kind, name, path);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

/* "NAME", or "NAME-3" of several. */
static bool pin_named(const char *name, const char *wanted)
{
	size_t len = wanted ? strlen(wanted) : 0;

	return wanted && strncmp(name, wanted, len) == 0 && (!name[len] || name[len] == '-');
}

/* Unpins all of a kind but one name's; with no kind, everything. */
static void pin_clear(const struct pin_set *set, unsigned int number, const char *kind, const char *but)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *directory;
	size_t len = kind ? strlen(kind) : 0;

	snprintf(path, sizeof(path), "%s/%u", set->path, number);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		const char *name = entry->d_name;

		if (*name == '.' || (kind && (strncmp(name, kind, len) != 0 || name[len] != ':')))
			continue;
		if (!kind || !pin_named(name + len + 1, but))
			unlinkat(dirfd(directory), name, 0);
	}
	if (directory)
		closedir(directory);
	/* by the call that a daemon still may make (lib/privileges.c) */
	if (!kind)
		unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

void pin_drop(struct pin_set *set, const char *kind, const char *but)
{
	pin_clear(set, set->number, kind, but);
}

static void pin_forget_state(struct pin_set *set)
{
	if (set->state)
		munmap(set->state, sizeof(*set->state));
	if (set->status)
		munmap(set->status, sizeof(*set->status));
	set->state = NULL;
	set->status = NULL;
	set->number = 0;
}

void pin_say(struct pin_set *set, const char *text, size_t len)
{
	if (set->status)
		board_say(set->status, text, len);
}

/* The memory of a map with one value of that size. */
static int pin_memory(int fd, size_t size, void **ret_memory)
{
	struct bpf_map_info info = {0};
	__u32 info_size = sizeof(info);
	void *memory = NULL;

	if (bpf_obj_get_info_by_fd(fd, &info, &info_size) < 0)
		return -errno;
	if (info.value_size != size)
		return -EPROTO;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*ret_memory = memory;
	return 0;
}

/* A new map of that kind, pinned in the set that is in use. Returns its descriptor, or a negative errno. */
static int pin_new_memory(struct pin_set *set, const char *name, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), (__u32)size, 1, &options), r;

	if (fd < 0)
		return -errno;
	r = pin_put(set, "map", name, fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int pin_get_set(const struct pin_set *set, unsigned int number, const char *name)
{
	char path[PATH_MAX];

	pin_path(set, number, "map", name, path);
	return bpf_obj_get(path);
}

/* Nobody depends on it. */
static void pin_use_status(struct pin_set *set)
{
	AUTO_CLOSE int fd = pin_get_set(set, set->number, "status");
	void *memory = NULL;

	if (fd >= 0 && pin_memory(fd, sizeof(*set->status), &memory) == 0)
		set->status = memory;
}

/* A set that is there: is it whole, and does its state look like ours? */
static bool pin_use(struct pin_set *set, unsigned int number)
{
	AUTO_CLOSE int fd = pin_get_set(set, number, "state");
	AUTO_CLOSE int journal = pin_get_set(set, number, "journal");
	void *memory = NULL;

	if (fd < 0 || journal < 0 || pin_memory(fd, sizeof(*set->state), &memory) < 0 || !memory)
		return false;
	set->state = memory;
	if (set->state->magic != PIN_MAGIC || !set->state->whole ||
	    pin_memory(journal, PIN_JOURNAL_BYTES, &set->journal) < 0) {
		pin_forget_state(set);
		return false;
	}
	set->number = number;
	pin_use_status(set);
	return true;
}

/* The sets there are: the highest number; all are removed if `all`, else those that are not in use. */
static unsigned int pin_sets(const struct pin_set *set, bool clear, bool all)
{
	DIR *directory = opendir(set->path);
	const struct dirent *entry;
	unsigned int last = 0;

	while (directory && (entry = readdir(directory))) {
		unsigned long number = strtoul(entry->d_name, NULL, 10);

		if (!number || number >= UINT_MAX)
			continue;
		last = number > last ? (unsigned int)number : last;
		if (clear && (all || number != set->number))
			pin_clear(set, (unsigned int)number, NULL, NULL);
	}
	if (directory)
		closedir(directory);
	return last;
}

/* What the daemon before us has not delivered is in the new set as well. */
static int pin_keep_journal(struct pin_set *set, unsigned int before)
{
	AUTO_CLOSE int fd = set->journal ? pin_get_set(set, before, "journal")
					 : pin_new_memory(set, "journal", PIN_JOURNAL_BYTES);

	if (fd < 0)
		return -errno;
	return set->journal ? pin_put(set, "map", "journal", fd)
			    : pin_memory(fd, PIN_JOURNAL_BYTES, &set->journal);
}

int pin_begin(struct pin_set *set)
{
	unsigned int before = set->number, number = pin_sets(set, false, false) + 1;
	AUTO_CLOSE int fd = -1;
	AUTO_CLOSE int status = -1;
	void *memory = NULL;
	char path[PATH_MAX];
	int r;

	pin_forget_state(set);
	snprintf(path, sizeof(path), "%s/%u", set->path, number);
	if (mkdir(path, 0700) < 0)
		return -errno;
	set->number = number;
	fd = pin_new_memory(set, "state", sizeof(*set->state));
	r = fd < 0 ? fd : pin_memory(fd, sizeof(*set->state), &memory);
	if (r < 0 || !memory)
		return r;
	set->state = memory;
	set->state->magic = PIN_MAGIC;
	status = pin_new_memory(set, "status", sizeof(*set->status));
	if (status >= 0)
		pin_use_status(set);
	return pin_keep_journal(set, before);
}

void pin_whole(struct pin_set *set)
{
	__atomic_store_n(&set->state->whole, 1, __ATOMIC_RELEASE);
	pin_sets(set, true, false);
}

struct pin_state *pin_state(const struct pin_set *set)
{
	return set->state;
}

void *pin_journal(const struct pin_set *set)
{
	return set->state ? set->journal : NULL;
}

int pin_open(const char *directory, pid_t *ret_holder, struct pin_set **ret_set)
{
	struct pin_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	set->directory = -1;
	set->path = strdup(directory);
	r = set->path ? pin_directory(directory, &set->directory) : -ENOMEM;
	if (r == -EBUSY)
		*ret_holder = pin_holder(set->directory);
	if (r < 0) {
		pin_close(set);
		return r;
	}
	for (unsigned int number = pin_sets(set, false, false); number && !pin_use(set, number); number--)
		;
	*ret_set = set;
	return 0;
}

int pin_peek(const char *directory, pid_t *ret_holder, struct pin_state *ret_state)
{
	AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *path = strdup(directory);
	struct pin_set set = {.path = path, .directory = fd};
	int r = fd < 0 ? -errno : -ENOENT;

	*ret_holder = 0;
	if (!path)
		return -ENOMEM;
	for (unsigned int number = fd < 0 ? 0 : pin_sets(&set, false, false); number && r < 0; number--) {
		AUTO_CLOSE int state = pin_get_set(&set, number, "state");
		void *memory = NULL;

		/* other daemons' state may be of another size */
		if (state < 0 || pin_memory(state, sizeof(*ret_state), &memory) < 0 || !memory)
			continue;
		memcpy(ret_state, memory, sizeof(*ret_state));
		munmap(memory, sizeof(*ret_state));
		r = ret_state->magic == PIN_MAGIC && ret_state->whole ? 0 : r;
	}
	if (r == 0)
		*ret_holder = pin_holder(fd);
	return r;
}

int pin_read_status(const char *directory, char **ret_text)
{
	AUTO_FREE char *path = strdup(directory);
	struct pin_set set = {.path = path, .directory = -1};
	int r = access(directory, R_OK | X_OK) < 0 ? -errno : -ENOENT;

	if (!path)
		return -ENOMEM;
	for (unsigned int number = r == -ENOENT ? pin_sets(&set, false, false) : 0; number && r < 0;
	     number--) {
		set.number = number;
		pin_use_status(&set);
		if (!set.status)
			continue;
		r = board_read(set.status, ret_text);
		munmap(set.status, sizeof(*set.status));
		set.status = NULL;
	}
	return r;
}

void pin_close(struct pin_set *set)
{
	if (!set)
		return;
	pin_forget_state(set);
	if (set->directory >= 0)
		close(set->directory);
	free(set->path);
	free(set);
}

void pin_remove(struct pin_set *set)
{
	pin_sets(set, true, true);
	unlinkat(AT_FDCWD, set->path, AT_REMOVEDIR);
}
