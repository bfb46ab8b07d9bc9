// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → mapped → file_scan: a bounded table of open files.
 *
 * A store through a mapping changes the modification time only when its page is next made writable,
 * so a file that is still mapped is looked at once more after it seemed quiet; a last look follows when
 * its process is gone.
 */
#include "policy/mapped.h"

#include "attribute/procfs.h"
#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct mapped_file {
	struct token_sample *sample; /* with its strings */
	int fd;
	struct timespec modified;
	bool quiet; /* did not change between the last two looks */
};

struct mapped {
	const char *procfs;
	struct mapped_file files[LIMIT_MAPPED];
	size_t count;
};

int mapped_open(const char *procfs, struct mapped **ret_mapped)
{
	struct mapped *mapped = calloc(1, sizeof(*mapped));

	if (!mapped)
		return -ENOMEM;
	mapped->procfs = procfs;
	*ret_mapped = mapped;
	return 0;
}

/* Has the process that mapped it ended? Not by kill(2): in a container, numbers are others there. */
static bool mapped_is_gone(const struct mapped *mapped, const struct mapped_file *file)
{
	const struct procfs_process process = {mapped->procfs, file->sample->tgid, file->sample->start};

	return !procfs_alive(&process);
}

static void mapped_drop(struct mapped *mapped, size_t index)
{
	close(mapped->files[index].fd);
	free(mapped->files[index].sample);
	mapped->files[index] = mapped->files[--mapped->count];
}

void mapped_close(struct mapped *mapped)
{
	if (!mapped)
		return;
	while (mapped->count)
		mapped_drop(mapped, mapped->count - 1);
	free(mapped);
}

int mapped_add(struct mapped *mapped, const struct sample_view *view, int fd)
{
	const struct token_sample *head = view->head;
	struct mapped_file *file = &mapped->files[mapped->count];

	for (size_t i = 0; i < mapped->count; i++) {
		const struct token_sample *other = mapped->files[i].sample;

		if (other->inode == head->inode && other->device == head->device &&
		    other->tgid == head->tgid && other->start == head->start) {
			close(fd);
			mapped->files[i].quiet = false;
			return 0;
		}
	}
	if (mapped->count == LIMIT_MAPPED) {
		close(fd);
		return -ENOSPC;
	}
	file->sample = malloc(head->size);
	if (!file->sample) {
		close(fd);
		return -ENOMEM;
	}
	memcpy(file->sample, head, head->size);
	file->fd = fd;
	file->modified = (struct timespec){0};
	file->quiet = false;
	mapped->count++;
	return 0;
}

bool mapped_any(const struct mapped *mapped)
{
	return mapped->count != 0;
}

/* Is a look due? */
static bool mapped_due(struct mapped_file *file)
{
	struct stat st;
	bool same;

	if (fstat(file->fd, &st) < 0)
		return true;
	same = st.st_mtim.tv_sec == file->modified.tv_sec && st.st_mtim.tv_nsec == file->modified.tv_nsec;
	file->modified = st.st_mtim;
	if (same && file->quiet)
		return false;
	file->quiet = same;
	return true;
}

void mapped_walk(struct mapped *mapped, bool all, mapped_look look, void *context)
{
	for (size_t i = mapped->count; i-- > 0;) {
		struct mapped_file *file = &mapped->files[i];
		bool gone = mapped_is_gone(mapped, file);
		struct sample_view view;

		if ((mapped_due(file) || all || gone) &&
		    sample_view_parse(file->sample, file->sample->size, &view) == 0)
			look(context, &view, file->fd);
		if (gone)
			mapped_drop(mapped, i);
	}
}
