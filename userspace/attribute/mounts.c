// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: the host's mounts, read again when they have changed.
 *
 *     inner path   /var/lib/docker/overlay2/ID/diff/app.log   in the file system 8:1
 *     mount        root /var  of 8:1  at /srv/var
 *     host's path  /srv/var/lib/docker/overlay2/ID/diff/app.log
 *
 *     upperdir     /var/lib/containerd/…/snapshots/7/fs    of the overlay at /run/containerd/…/<id>/rootfs
 *     a file there is, by that,                               /run/containerd/…/<id>/rootfs/app.log
 *
 * Of several mounts that show a file, the one with the longest root is the most telling; of equals, the first.
 * Source: proc_pid_mountinfo(5). The kernel tells of changes by POLLPRI on the open file.
 *
 * Limit: a file that another mount has covered is named all the same. At most MOUNTS_MAX mounts are known.
 */
#include "attribute/mounts.h"

#include "lib/cleanup.h"
#include "lib/monotonic.h"
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MOUNTS_MAX 16384

struct mount {
	uint32_t device;
	char *root; /* in the file system */
	char *place; /* where it is mounted */
	char *upper; /* of an overlay: the directory that is written to, as who mounted it called it; else NULL */
};

struct mounts {
	FILE *file; /* NULL: there is none */
	struct mount *entries;
	size_t count;
	bool read;
	uint64_t changes;
	uint64_t looked; /* ns, CLOCK_BOOTTIME */
};

int mounts_open(const char *procfs, struct mounts **ret_mounts)
{
	struct mounts *mounts = calloc(1, sizeof(*mounts));
	AUTO_FREE char *path = NULL;

	if (!mounts || asprintf(&path, "%s/1/mountinfo", procfs) < 0) {
		free(mounts);
		return -ENOMEM;
	}
	mounts->file = fopen(path, "re");
	*ret_mounts = mounts;
	return 0;
}

static void mounts_clear(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		free(mounts->entries[i].root);
		free(mounts->entries[i].place);
		free(mounts->entries[i].upper);
	}
	mounts->count = 0;
}

void mounts_close(struct mounts *mounts)
{
	if (!mounts)
		return;
	mounts_clear(mounts);
	free(mounts->entries);
	if (mounts->file)
		fclose(mounts->file);
	free(mounts);
}

/* Spaces and the like stand as \040: seq_file's mangle_path(). Unescapes in place. */
static void mounts_unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (*text == '\\' && strspn(text + 1, "01234567") >= 3) {
			*to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* "… - overlay overlay rw,lowerdir=…,upperdir=/dir,workdir=…": what is behind the place. Without memory it is not known. */
static char *mounts_upper(char *rest)
{
	static const char option[] = "upperdir=";
	char *kind = strstr(rest, "- overlay "), *text, *save, *upper;

	/* behind the optional fields, or at once if there are none */
	if (!kind || (kind != rest && kind[-1] != ' '))
		return NULL;
	text = strrchr(kind, ' ');
	text[strcspn(text, "\n")] = '\0';
	for (text = strtok_r(text + 1, ",", &save); text; text = strtok_r(NULL, ",", &save)) {
		if (strncmp(text, option, strlen(option)) != 0)
			continue;
		upper = strdup(text + strlen(option));
		if (upper)
			mounts_unescape(upper);
		return upper;
	}
	return NULL;
}

/* 36 35 98:0 /root /place … */
static void mounts_add(struct mounts *mounts, char *line)
{
	struct mount *more = mounts->entries, mount;
	char *save, *field = strtok_r(line, " ", &save);
	unsigned long major, minor;

	for (int i = 0; field && i < 2; i++)
		field = strtok_r(NULL, " ", &save);
	if (!field)
		return;
	major = strtoul(field, &field, 10);
	if (*field != ':')
		return;
	minor = strtoul(field + 1, NULL, 10);
	mount.device = SAMPLE_DEVICE(major, minor);
	mount.root = strtok_r(NULL, " ", &save);
	mount.place = strtok_r(NULL, " ", &save);
	if (!mount.root || !mount.place)
		return;
	mount.upper = NULL;
	if (mounts->count % 64 == 0)
		more = reallocarray(mounts->entries, mounts->count + 64, sizeof(*more));
	if (!more)
		return;
	mounts->entries = more;
	mount.root = strdup(mount.root);
	mount.place = strdup(mount.place);
	if (!mount.root || !mount.place) {
		free(mount.root);
		free(mount.place);
		return;
	}
	mounts_unescape(mount.root);
	mounts_unescape(mount.place);
	mount.upper = mounts_upper(save);
	more[mounts->count++] = mount;
}

static void mounts_refresh(struct mounts *mounts)
{
	AUTO_FREE char *line = NULL;
	struct pollfd fd = {.events = POLLPRI};
	size_t size = 0;

	if (!mounts->file)
		return;
	fd.fd = fileno(mounts->file);
	if (mounts->read && poll(&fd, 1, 0) == 0)
		return;
	mounts->read = true;
	mounts->changes++;
	mounts_clear(mounts);
	if (fseek(mounts->file, 0, SEEK_SET) < 0)
		return;
	while (mounts->count < MOUNTS_MAX && getline(&line, &size, mounts->file) > 0)
		mounts_add(mounts, line);
}

uint64_t mounts_changes(struct mounts *mounts, uint64_t time)
{
	if (time > mounts->looked) {
		mounts->looked = boottime_ns();
		mounts_refresh(mounts);
	}
	return mounts->changes;
}

/* How much of the inner path the mount's root covers, 0 if it does not lie below it. */
static size_t mounts_covers(const struct mount *mount, const char *inner, size_t len)
{
	size_t root = strlen(mount->root);

	if (root == 1)
		return 1;
	if (root > len || memcmp(mount->root, inner, root) != 0)
		return 0;
	return root == len || inner[root] == '/' ? root : 0;
}

int mounts_path(struct mounts *mounts, uint32_t device, const char *inner, size_t len, char **ret_path)
{
	const struct mount *best = NULL;
	size_t covered = 0;
	char *path;

	if (!len || *inner != '/')
		return -ENOENT;
	mounts_refresh(mounts);
	for (size_t i = 0; i < mounts->count; i++) {
		size_t one = mounts->entries[i].device == device
				     ? mounts_covers(&mounts->entries[i], inner, len)
				     : 0;

		if (one > covered) {
			covered = one;
			best = &mounts->entries[i];
		}
	}
	if (!best)
		return -ENOENT;
	/* "/" covers only itself, not the slash behind it */
	if (covered == 1)
		covered = 0;
	if (asprintf(&path, "%s%.*s", strcmp(best->place, "/") == 0 ? "" : best->place, (int)(len - covered),
		     inner + covered) < 0)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

int mounts_layer(const struct mounts *mounts, const char *path, char **ret_path)
{
	const struct mount *best = NULL;
	size_t covered = 0;
	char *text;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *one = &mounts->entries[i];
		size_t len = one->upper && *one->upper == '/' ? strlen(one->upper) : 0;

		if (len <= covered || strncmp(path, one->upper, len) != 0 || (path[len] && path[len] != '/'))
			continue;
		covered = len;
		best = one;
	}
	if (!best)
		return -ENOENT;
	if (asprintf(&text, "%s%s", best->place, path + covered) < 0)
		return -ENOMEM;
	*ret_path = text;
	return 0;
}
