// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: the questions of inquiry.h, answered by who may be kept waiting. */
#include "attribute/inquiry.h"

#include "attribute/container/above.h"
#include "attribute/container/nested.h"
#include "attribute/container/pod_log.h"
#include "attribute/container/readers.h"
#include "attribute/exec.h"
#include "attribute/inside.h"
#include "attribute/linked.h"
#include "attribute/procfs.h"
#include "attribute/users.h"
#include "files/open.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In the root directory that the container's runtime lives in. */
static int here_nested(const struct inquiry_world *world, const struct inquiry_question *question,
		       struct container_facts *facts)
{
	AUTO_CLOSE int root =
		container_nested_root(world->root, world->procfs, question->path, &question->name);

	return root < 0 ? root : container_facts_read(root, &question->name, question->path, facts);
}

/* podman's files, as conmon sees them: its arguments are the word of whoever started it. */
static int here_bundle(const struct inquiry_world *world, const struct inquiry_question *question,
		       struct container_facts *facts)
{
	char link[PATH_MAX];
	AUTO_CLOSE int root = -1;

	snprintf(link, sizeof(link), "%s/%u/root", world->procfs, question->pid);
	root = safe_root(link);
	return root < 0 ? root : container_podman_bundle(root, &question->name, question->path, facts);
}

static int here_facts(const struct inquiry_world *world, const struct inquiry_question *question,
		      struct container_facts *facts)
{
	const struct cgroup_name *name = &question->name;

	switch (question->kind) {
	case INQUIRY_READ:
		return container_facts_read(world->root, name, question->path, facts);
	case INQUIRY_GUESS:
		return container_facts_guess(world->root, name, question->parent, question->path, facts);
	case INQUIRY_NESTED:
		return here_nested(world, question, facts);
	case INQUIRY_TOLD:
		return container_facts_told(world->root, &question->told, facts);
	case INQUIRY_RELAYED:
		return container_facts_relayed(world->root, &question->told, facts);
	case INQUIRY_BUNDLE:
		return here_bundle(world, question, facts);
	case INQUIRY_RENAMED:
		container_facts_renamed(world->root, name, question->time, facts);
		return 0;
	case INQUIRY_PLACES:
		if (facts->runtime && strcmp(facts->runtime, "docker") == 0)
			return container_docker_layer(world->root, question->path, false, facts);
		return container_podman_volumes(world->root, question->path, false, facts);
	default:
		return -EINVAL;
	}
}

static int here_linked(const struct inquiry_world *world, const struct inquiry_question *question,
		       struct inquiry_answer *answer)
{
	AUTO_FREE char *path = NULL;
	int r = linked_path(world->path, question->number, question->path, question->inode,
			    question->generation, &path, &answer->number);

	if (r == 0 &&
	    (size_t)snprintf(answer->text, sizeof(answer->text), "%s", path) >= sizeof(answer->text))
		return -ENAMETOOLONG;
	return r;
}

static int here_root(const struct inquiry_world *world, const struct procfs_process *process)
{
	char path[PATH_MAX];
	struct stat its, hosts;

	snprintf(path, sizeof(path), "%s/%u/root/", process->root, process->pid);
	if (stat(path, &its) < 0 || !procfs_alive(process))
		return -ESRCH;
	snprintf(path, sizeof(path), "%s/", world->path);
	return stat(path, &hosts) == 0 && its.st_dev == hosts.st_dev && its.st_ino == hosts.st_ino;
}

/* A file system that does not answer is still not asked about the name: it would cost the writer's other questions. */
static uint32_t here_mode(const struct procfs_process *process, const char *name)
{
	char link[PATH_MAX];
	AUTO_CLOSE int root = -1;
	AUTO_CLOSE int place = -1;
	struct stat st;

	snprintf(link, sizeof(link), "%s/%u/root", process->root, process->pid);
	root = safe_root(link);
	place = root < 0 ? root : safe_glance(root, name, &st);
	return place >= 0 && procfs_alive(process) ? st.st_mode : 0;
}

static uint32_t here_mode_anyhow(const struct inquiry_world *world, const struct inquiry_question *question,
				 const struct procfs_process *process, const struct procfs_process *parent)
{
	uint32_t mode = here_mode(process, question->path);
	AUTO_CLOSE int place = -1;
	struct stat st;

	if (!mode)
		mode = here_mode(parent, question->path);
	if (mode || !question->hosts)
		return mode;
	place = safe_glance(world->root, question->path, &st);
	return place >= 0 ? st.st_mode : 0;
}

static int here_other(const struct inquiry_world *world, const struct inquiry_question *question,
		      struct inquiry_answer *answer)
{
	const struct procfs_process process = {world->procfs, question->pid, question->time};
	const struct procfs_process parent = {world->procfs, question->number, question->inode};
	uint64_t size;

	switch (question->kind) {
	case INQUIRY_GONE:
		return !file_stamp(world->root, question->path, question->number, &size);
	case INQUIRY_LOG:
		return container_pod_log(world->root, &question->told, answer->text, CGROUP_NAME_BYTES);
	case INQUIRY_CONMON:
		return container_conmon_find(world->procfs, question->pid, question->time, &answer->conmon);
	case INQUIRY_ABOVE:
		return container_above_find(world->root, world->procfs, question->pid, question->time,
					    &answer->told);
	case INQUIRY_MAKER:
		return container_above_tells(world->root, &process, &answer->told);
	case INQUIRY_USER:
	case INQUIRY_GROUP:
		return inside_name(&process, question->kind == INQUIRY_GROUP, question->number,
				   &answer->number, answer->text);
	case INQUIRY_EXEC:
		return exec_below(world->root, &process, question->parent, question->path, question->number);
	case INQUIRY_ARGS:
		return procfs_read(&process, "cmdline", answer->text, LIMIT_ARGS_BYTES);
	case INQUIRY_LINKED:
		return here_linked(world, question, answer);
	case INQUIRY_ROOT:
		return here_root(world, &process);
	case INQUIRY_MODE:
		answer->number = here_mode_anyhow(world, question, &process, &parent);
		return 0;
	case INQUIRY_USERS:
	case INQUIRY_GROUPS:
		return users_read(world->root, question, answer);
	default:
		return -EINVAL;
	}
}

void inquiry_here(const struct inquiry_world *world, const struct inquiry_question *question,
		  struct container_facts *facts, struct inquiry_answer *ret_answer)
{
	*ret_answer = (struct inquiry_answer){0};
	ret_answer->result = question->kind <= INQUIRY_PLACES && facts
				     ? here_facts(world, question, facts)
				     : here_other(world, question, ret_answer);
}
