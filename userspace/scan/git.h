/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* git's own programs, as git.c asks them: with pipes or files at both ends, and nothing of what a repository could have them do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * git_environment() - for all that follow: no object is fetched or replaced, no lock taken, nobody asked for a password.
 * Returns 0 or -ENOMEM.
 */
int git_environment(void);

/* A program that was started; .pid is 0 if there is none. */
struct git_program {
	pid_t pid;
	FILE *output; /* what it writes; NULL where somebody else reads that */
	FILE *errors; /* what it complains of, for git_end() */
};

/*
 * git_start() - starts `git ARGUMENT…`. @input: its standard input, which is closed here; -1: nothing to read.
 * Returns 0, or a negative errno: -ENOENT if git is not installed.
 */
int git_start(const char *const *arguments, int input, struct git_program *ret_program);

/*
 * git_end() - reads what is left no more, and waits. Returns 0 if it ended well, -EIO if not (it has said why), or another negative
 * errno. Nothing is done for none. What it complained of is told, masked: a name, or what was asked for, can hold a token.
 */
int git_end(struct git_program *program);

/* What is to be read: an object, where it first was met, and who brought it. */
struct git_object {
	uint8_t id[32]; /* SHA-1 takes 20 of it */
	const char *path; /* NULL: a commit itself */
	const struct git_commit *commit; /* NULL: none yet */
};

struct git_commit {
	struct git_commit *next;
	const char *id;
	const char *author;
};

struct git_list;

/* What becomes of the paths that are met, and of submodules: each once. */
struct git_list_use {
	void *context;
	/* false: nothing of that path is to be read */
	bool (*name)(void *context, const char *path, const struct git_commit *commit);
	void (*submodule)(void *context, const char *path);
};

/* git_list_open() - @once: an object counts where it is met first, else wherever it is. Returns 0 or -ENOMEM. */
int git_list_open(const struct git_list_use *use, bool once, struct git_list **ret_list);
void git_list_close(struct git_list *list);

/*
 * git_list_read() - what `git diff --raw -z` and `git diff-tree --raw -z --stdin` write, the latter with GIT_LIST_FORMAT. What
 * was deleted is passed over.
 * Returns 0, -EBADMSG for anything else, or another negative errno.
 */
int git_list_read(struct git_list *list, FILE *file);
#define GIT_LIST_FORMAT "--pretty=tformat:%x01%H%x00%an <%ae>%x00"

/* git_list_objects() - what was met, in order; borrowed. @ret_id_len: bytes of an id. */
const struct git_object *git_list_objects(const struct git_list *list, size_t *ret_count, size_t *ret_id_len);
