// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * matcher → attribute → alert.
 *
 * Invariant: no byte of a sample's strings goes into an alert but through mask.h, with the secret
 * portion of this very sample among what must not appear.
 */
#include "attribute/attribute.h"

#include "attribute/container/cgroup_name.h"
#include "attribute/container/containers.h"
#include "attribute/exec.h"
#include "attribute/host_name.h"
#include "attribute/inquiry.h"
#include "attribute/inside.h"
#include "attribute/mounts.h"
#include "attribute/procfs.h"
#include "attribute/relay.h"
#include "attribute/reuse.h"
#include "attribute/script.h"
#include "attribute/users.h"
#include "attribute/wallclock.h"
#include "capture/calls.h"
#include "detect/mask.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is asked for beside the sample, as it stands. */
struct attribute_stand {
	uint64_t users, groups, mounts; /* how often each was read */
	int64_t clock; /* what lies between the kernel's times and the times of day */
};

/* Bytes of a sample of which process and file are kept. */
#define ATTRIBUTE_REUSED_BYTES 2048

#define ATTRIBUTE_NS 1000000000LL

struct attribute {
	const char *procfs;
	const char *root; /* the host's */
	struct users *users;
	struct users *groups;
	struct mounts *mounts;
	struct containers *containers;
	struct exec *exec;
	struct inquiry *inquiry; /* borrowed; NULL: we ask ourselves, and wait */
	struct relay_known relay;
	struct wallclock wallclock;
	struct reuse *reuse;
	struct attribute_stand stand; /* of what is kept in that */
	uint64_t generation; /* counts its changes */
	char *host_name;
};

/* ms that each of the first questions for names may take. */
#define USERS_PATIENCE_MS 2000

/* The host's, which in a container of our own are not the image's. */
static int attribute_users(struct attribute *attribute)
{
	int r = users_open(attribute->root, NULL, attribute->inquiry, &attribute->users);

	if (r == 0)
		r = users_open_groups(attribute->root, NULL, attribute->inquiry, &attribute->groups);
	if (r < 0)
		return r;
	/* read now, and not with the first alert; nothing is known yet that could do instead, and the node may be busy starting */
	inquiry_patient(attribute->inquiry, USERS_PATIENCE_MS);
	(void)users_changes(attribute->users);
	(void)users_changes(attribute->groups);
	inquiry_patient(attribute->inquiry, 0);
	return 0;
}

int attribute_open(const char *procfs, const char *root, struct inquiry *inquiry,
		   struct attribute **ret_attribute)
{
	struct attribute *attribute = calloc(1, sizeof(*attribute));
	int r;

	if (!attribute)
		return -ENOMEM;
	attribute->procfs = procfs ? procfs : "/proc";
	attribute->root = root ? root : "";
	attribute->inquiry = inquiry;
	r = host_name(&attribute->host_name);
	if (r == 0)
		r = attribute_users(attribute);
	if (r == 0)
		r = mounts_open(attribute->procfs, &attribute->mounts);
	if (r == 0)
		r = containers_open(root, attribute->procfs, &attribute->containers);
	if (r == 0)
		r = exec_open(root, attribute->procfs, &attribute->exec);
	if (r == 0)
		r = reuse_open(&attribute->reuse);
	if (r < 0) {
		attribute_close(attribute);
		return r;
	}
	containers_look_by(attribute->containers, inquiry);
	exec_look_by(attribute->exec, inquiry);
	*ret_attribute = attribute;
	return 0;
}

const char *attribute_procfs(const struct attribute *attribute)
{
	return attribute->procfs;
}

const char *attribute_host(const struct attribute *attribute)
{
	return attribute->host_name;
}

void attribute_close(struct attribute *attribute)
{
	if (!attribute)
		return;
	users_close(attribute->users);
	users_close(attribute->groups);
	mounts_close(attribute->mounts);
	containers_close(attribute->containers);
	exec_close(attribute->exec);
	reuse_close(attribute->reuse);
	free(attribute->host_name);
	free(attribute);
}

void attribute_scan(struct attribute *attribute)
{
	containers_scan(attribute->containers);
}

uint64_t attribute_unanswered(const struct attribute *attribute)
{
	return inquiry_unanswered(attribute->inquiry);
}

size_t attribute_containers(const struct attribute *attribute)
{
	return containers_count(attribute->containers);
}

int attribute_cgroup(struct attribute *attribute, const struct sample_view *view)
{
	const struct procfs_process maker = {attribute->procfs, view->head->tgid, view->head->start};

	containers_writer(attribute->containers, view->head->group, view->head->uid);
	return containers_learn(attribute->containers, view->cgroup, view->head->cgroup_len, &maker);
}

int attribute_retry(struct attribute *attribute)
{
	return containers_retry(attribute->containers);
}

/* What has no name (a memfd, a pipe, a socket) is its own root, and its path is "/". */
static bool attribute_is_nameless(const char *path, size_t len)
{
	return len == 0 || (len == 1 && *path == '/');
}

static int attribute_comm(const char *comm, const struct mask_known *known, char **ret_text)
{
	return mask_text(comm, strnlen(comm, LIMIT_COMM_BYTES), known, ret_text);
}

/* About the writer, as it is now. */
static int attribute_ask(const struct attribute *attribute, const struct sample_view *view,
			 enum inquiry_kind kind, uint32_t number, struct inquiry_answer *ret_answer)
{
	const struct inquiry_world world = {.root = -1, .procfs = attribute->procfs, .path = attribute->root};
	const struct inquiry_question question = {
		.kind = kind,
		.group = view->head->group,
		.uid = view->head->uid,
		.pid = view->head->tgid,
		.time = view->head->start,
		.number = number,
	};

	return inquiry_ask(attribute->inquiry, &world, &question, NULL, ret_answer);
}

/* The command line, from the sample or, where the kernel could not read it, from procfs: under a lock of its memory, which it may hold. */
static int attribute_args(const struct attribute *attribute, const struct sample_view *view,
			  const struct mask_known *known, struct alert_process *process)
{
	const struct token_sample *head = view->head;
	struct inquiry_answer answer;
	int len = head->args_len, r = 0;

	process->command_line_truncated = head->flags & SAMPLE_ARGS_TRUNCATED;
	if (len)
		return mask_args(view->args, (size_t)len, known, &process->command_line);
	if (!(head->flags & SAMPLE_ARGS_UNREADABLE))
		return 0;
	len = attribute_ask(attribute, view, INQUIRY_ARGS, 0, &answer);
	/* gone: the alert goes without */
	if (len > 0 && len <= (int)LIMIT_ARGS_BYTES) {
		process->command_line_truncated = len == (int)LIMIT_ARGS_BYTES;
		r = mask_args(answer.text, (size_t)len, known, &process->command_line);
	}
	explicit_bzero(answer.text, sizeof(answer.text));
	return r;
}

/* The script, if it is one; from the kernel's own arguments only. */
static int attribute_script(const struct sample_view *view, const struct mask_known *known,
			    struct alert_process *process)
{
	const struct token_sample *head = view->head;
	char comm[LIMIT_COMM_BYTES + 1] = "";
	const char *script;
	size_t len;

	memcpy(comm, head->comm, sizeof(head->comm));
	script = script_find(comm, view->exe, head->exe_len, view->args, head->args_len, &len);
	return script ? mask_text(script, len, known, &process->script) : 0;
}

/* Who stands above the parent. */
static int attribute_ancestors(struct attribute *attribute, const struct sample_view *view,
			       const struct mask_known *known, struct alert_process *process)
{
	size_t count = view->head->ancestors_len / sizeof(struct sample_ancestor);
	struct sample_ancestor ancestor;
	int r = 0;

	process->ancestors = calloc(count ? count : 1, sizeof(*process->ancestors));
	if (!process->ancestors)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && sample_view_ancestor(view, i, &ancestor); i++) {
		struct alert_ancestor *one = &process->ancestors[i];

		one->pid = ancestor.tgid;
		one->start = wallclock_time(&attribute->wallclock, ancestor.start);
		r = attribute_comm(ancestor.comm, known, &one->name);
		process->ancestor_count = i + 1;
	}
	return r;
}

static int attribute_executable(const struct attribute *attribute, const struct sample_view *view,
				const struct mask_known *known, struct alert_process *process)
{
	const struct token_sample *head = view->head;
	const struct procfs_process origin = {attribute->procfs, head->tgid, head->start};
	char buffer[PATH_MAX];
	int len, r;

	process->executable_truncated = head->flags & SAMPLE_EXE_TRUNCATED;
	if (!attribute_is_nameless(view->exe, head->exe_len))
		return mask_text(view->exe, head->exe_len, known, &process->executable);
	if (head->flags & SAMPLE_KTHREAD)
		return 0;
	len = procfs_link(&origin, "exe", buffer, sizeof(buffer));
	if (len <= 0)
		return 0; /* gone: the alert goes without */
	r = mask_text(buffer, (size_t)len, known, &process->executable);
	explicit_bzero(buffer, sizeof(buffer));
	return r;
}

static int attribute_unit(const struct sample_view *view, const struct mask_known *known,
			  struct alert_process *process)
{
	size_t len;
	const char *unit = cgroup_name_unit(view->cgroup, view->head->cgroup_len, &len);

	return unit ? mask_text(unit, len, known, &process->unit) : 0;
}

/* Of a process of the host's: the container whose file it wrote to. */
static int attribute_holding(struct attribute *attribute, const struct sample_view *view,
			     const struct mask_known *known, struct alert *alert)
{
	const struct token_sample *head = view->head;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *shown = NULL;
	struct alert_container found = {0};
	int r;

	if (head->kind != FILE_KIND_DISK && head->kind != FILE_KIND_TMPFS)
		return 0;
	r = mounts_path(attribute->mounts, head->inner_device, view->inner, head->inner_len, &path);
	if (r == 0)
		r = mounts_layer(attribute->mounts, path, &shown);
	if (r == 0 || r == -ENOENT)
		r = path ? containers_holding(attribute->containers, path, shown, known, &found,
					      &alert->file.place)
			 : 0;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (!path || !found.id)
		return 0;
	containers_free_one(&alert->container);
	alert->container = found;
	return 0;
}

/* Is all that is known of its container the path of a cgroup, as of who has entered one's namespaces? */
static bool attribute_unnamed(const struct alert_container *container)
{
	return container->id && *container->id == '/' && container->runtime &&
	       strcmp(container->runtime, "unknown") == 0;
}

/* The container, and where in it the file lies; or the one that a process of the host writes for. */
static int attribute_container(struct attribute *attribute, const struct sample_view *view,
			       const struct mask_known *known, struct alert *alert)
{
	const struct token_sample *head = view->head;
	const struct containers_process process = {
		.paths = view->cgroup,
		.len = head->cgroup_len,
		.start = head->start,
		.parent = head->parent_tgid,
		.nested = head->ns_tgid != head->tgid,
		.own_root = head->flags & SAMPLE_OWN_ROOT,
	};
	int r;

	containers_writer(attribute->containers, head->group, head->uid);
	r = containers_find(attribute->containers, &process, known, &alert->container);
	if (r == 0 && !alert->container.id) {
		const struct relay relay = {
			.containers = attribute->containers,
			.mounts = attribute->mounts,
			.inquiry = attribute->inquiry,
			.known = &attribute->relay,
			.procfs = attribute->procfs,
			.root = attribute->root,
		};

		r = relay_find(&relay, view, known, &alert->container);
		return r == 0 && !alert->container.id ? attribute_holding(attribute, view, known, alert) : r;
	}
	if (r == 0 && attribute_unnamed(&alert->container)) {
		r = attribute_holding(attribute, view, known, alert);
		if (r < 0 || alert->container.outside)
			return r;
	}
	if (r == 0 && !alert->container.claimed)
		alert->container.exec = exec_find(attribute->exec, view, alert->container.id);
	if (r == 0 && (head->kind == FILE_KIND_DISK || head->kind == FILE_KIND_TMPFS)) {
		alert->file.place = head->flags & SAMPLE_ROOT_MOUNT ? "layer" : "volume";
		/* chrooted to the host's root, as a node is debugged */
		if (head->flags & SAMPLE_ROOT_MOUNT && relay_same_path(attribute->mounts, view))
			alert->file.place = "host";
	}
	return r;
}

/* Does it have a container's cgroup, or a pid namespace or a root of its own? Its users are not the host's then. */
static bool attribute_inside(const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	struct cgroup_name name;
	size_t at = 0, len;
	const char *path;

	if (head->ns_tgid != head->tgid || head->flags & SAMPLE_OWN_ROOT)
		return true;
	while ((path = cgroup_name_next(view->cgroup, head->cgroup_len, &at, &len)))
		if (cgroup_name_parse(path, len, &name) == 0)
			return true;
	return false;
}

/*
 * Borrowed, from `inside` or from the host's; NULL: there is none, or it is not known. *ret_differs and *ret_id: the number in its user
 * namespace, if that is another one.
 */
static const char *attribute_user(const struct attribute *attribute, const struct sample_view *view,
				  bool group, struct inquiry_answer *inside, bool *ret_differs,
				  uint32_t *ret_id)
{
	uint32_t id = group ? view->head->gid : view->head->uid;
	bool told = view->head->flags & SAMPLE_OWN_USERS;
	uint32_t told_id = group ? view->head->ns_gid : view->head->ns_uid;
	/* who has another number for it has the host's user */
	bool asked = attribute_inside(view) && (!told || told_id == id);
	int r = asked ? attribute_ask(attribute, view, group ? INQUIRY_GROUP : INQUIRY_USER, id, inside)
		      : -EXDEV;

	*ret_id = told ? told_id : asked && r == -EXDEV ? inside->number : INSIDE_NONE;
	*ret_differs = *ret_id != INSIDE_NONE && *ret_id != id;
	if (r == -EXDEV)
		return users_name(group ? attribute->groups : attribute->users, id);
	return r == 0 && *inside->text ? inside->text : NULL;
}

static int attribute_names(const struct attribute *attribute, const struct sample_view *view,
			   const struct mask_known *known, struct alert_process *process)
{
	struct inquiry_answer inside;
	const char *name =
		attribute_user(attribute, view, false, &inside, &process->ns_uid_differs, &process->ns_uid);
	int r = name ? mask_text(name, strlen(name), known, &process->user_name) : 0;

	if (r < 0)
		return r;
	name = attribute_user(attribute, view, true, &inside, &process->ns_gid_differs, &process->ns_gid);
	return name ? mask_text(name, strlen(name), known, &process->group_name) : 0;
}

static int attribute_process(struct attribute *attribute, const struct sample_view *view,
			     const struct mask_known *known, struct alert_process *process)
{
	const struct token_sample *head = view->head;
	int r;

	process->pid = head->tgid;
	process->ns_pid = head->ns_tgid;
	process->thread_id = head->tid;
	process->start = wallclock_time(&attribute->wallclock, head->start);
	process->parent.pid = head->parent_tgid;
	process->parent.start = wallclock_time(&attribute->wallclock, head->parent_start);
	process->uid = head->uid;
	process->gid = head->gid;
	process->login_uid = head->login_uid;
	process->cgroup_id = head->cgroup_id;
	process->working_directory_truncated = head->flags & SAMPLE_CWD_TRUNCATED;
	process->ancestors_truncated = head->flags & SAMPLE_ANCESTORS_CUT;
	r = head->tgid ? attribute_comm(head->comm, known, &process->name)
		       : mask_text("unknown", strlen("unknown"), NULL, &process->name);
	if (r == 0)
		r = attribute_comm(head->thread_comm, known, &process->thread_name);
	if (r == 0)
		r = attribute_comm(head->parent_comm, known, &process->parent.name);
	if (r == 0)
		r = attribute_names(attribute, view, known, process);
	if (r == 0 && head->cwd_len)
		r = mask_text(view->cwd, head->cwd_len, known, &process->working_directory);
	if (r == 0)
		r = attribute_unit(view, known, process);
	if (r == 0)
		r = attribute_ancestors(attribute, view, known, process);
	if (r == 0)
		r = attribute_script(view, known, process);
	if (r == 0)
		r = attribute_executable(attribute, view, known, process);
	return r == 0 ? attribute_args(attribute, view, known, process) : r;
}

static const char *attribute_kind(uint32_t kind)
{
	static const char *const types[] = {
#define ATTRIBUTE_TYPE(id, name, type) type,
		FILE_KINDS(ATTRIBUTE_TYPE)
#undef ATTRIBUTE_TYPE
	};

	return types[kind];
}

/* What has the name that was given, as the kernel side tells; if it could not, as it is now. 0: it, or the process, is gone, or nobody answers. */
static uint32_t attribute_mode(const struct attribute *attribute, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	const struct inquiry_world world = {.root = -1, .procfs = attribute->procfs, .path = attribute->root};
	struct inquiry_question question = {
		.kind = INQUIRY_MODE,
		.group = head->group,
		.uid = head->uid,
		.pid = head->tgid,
		.time = head->start,
		.number = head->parent_tgid,
		.inode = head->parent_start,
		.hosts = !(head->flags & SAMPLE_OWN_ROOT),
	};
	struct inquiry_answer answer;

	if (head->mode || !(head->flags & SAMPLE_PARTS) || !head->path_len || *view->path != '/')
		return head->mode;
	if ((size_t)snprintf(question.path, sizeof(question.path), "%.*s", (int)head->path_len, view->path) >=
	    sizeof(question.path))
		return 0;
	return inquiry_ask(attribute->inquiry, &world, &question, NULL, &answer) == 0 ? answer.number : 0;
}

/* Where the bytes go decides, and of a file system's own things what they are. */
static const char *attribute_type(const struct attribute *attribute, const struct sample_view *view)
{
	const struct token_sample *head = view->head;

	if (head->kind != FILE_KIND_DISK && head->kind != FILE_KIND_TMPFS)
		return attribute_kind(head->kind);
	if (head->flags & SAMPLE_LINK)
		return "symlink";
	switch (attribute_mode(attribute, view) & S_IFMT) {
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFREG:
		return attribute_kind(head->kind);
	default:
		return (head->flags & SAMPLE_PARTS) != 0 ? "unknown" : attribute_kind(head->kind);
	}
}

/* Pipes and sockets have no path; they are named as in /proc/PID/fd, and so are others without one. */
static int attribute_path(const struct sample_view *view, const struct mask_known *known, char **ret_path)
{
	const struct token_sample *head = view->head;
	bool nameless = attribute_is_nameless(view->path, head->path_len);
	const char *family = NULL;
	char text[64] = "(unknown)";

	if (head->kind == FILE_KIND_SOCKET)
		family = "socket";
	else if (head->kind == FILE_KIND_PIPE)
		family = "pipe";
	else if (head->kind == FILE_KIND_MEMFD)
		family = "memfd";
	/* all sockets of a family bear its name */
	if (head->kind != FILE_KIND_SOCKET && (!nameless || (!family && head->path_len)))
		return mask_text(view->path, head->path_len, known, ret_path);
	if (family)
		snprintf(text, sizeof(text), "%s:[%llu]", family, (unsigned long long)head->inode);
	return mask_text(text, strlen(text), NULL, ret_path);
}

/* What the host calls the file, where that is not what the process calls it. */
static int attribute_host_path(struct attribute *attribute, const struct sample_view *view,
			       const struct mask_known *known, char **ret_path)
{
	const struct token_sample *head = view->head;
	AUTO_FREE char *path = NULL;
	int r;

	/* cut at the top: the host can't find it by that */
	if (head->inner_len && *view->inner != '/')
		return 0;
	r = mounts_path(attribute->mounts, head->inner_device, view->inner, head->inner_len, &path);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || (strlen(path) == head->path_len && memcmp(path, view->path, head->path_len) == 0))
		return 0;
	return mask_text(path, strlen(path), known, ret_path);
}

/* The name that it has been given since then, of a path that it had. */
static int attribute_linked(const struct attribute *attribute, const struct sample_view *view,
			    const char *path, struct inquiry_answer *ret_answer)
{
	const struct token_sample *head = view->head;
	const struct inquiry_world world = {.root = -1, .procfs = attribute->procfs, .path = attribute->root};
	struct inquiry_question question = {
		.kind = INQUIRY_LINKED,
		.group = head->group,
		.uid = head->uid,
		.number = head->inner_device,
		.inode = head->inode,
		.generation = head->generation,
	};

	if ((size_t)snprintf(question.path, sizeof(question.path), "%s", path) >= sizeof(question.path))
		return -ENAMETOOLONG;
	return inquiry_ask(attribute->inquiry, &world, &question, NULL, ret_answer);
}

/*
 * Of a file that was seen where it lies, and not by who opened it: the host's path, or else the one in its file system. If it
 * had no name then, it may have one by now.
 */
static int attribute_unopened_path(struct attribute *attribute, const struct sample_view *view,
				   const struct mask_known *known, struct alert_file *file)
{
	const struct token_sample *head = view->head;
	AUTO_FREE char *path = NULL;
	struct inquiry_answer linked;
	int r;

	/* cut at the top: the host can't find it by that, but a path there must be */
	if (head->inner_len && *view->inner != '/')
		return mask_text(view->inner, head->inner_len, known, &file->path);
	r = mounts_path(attribute->mounts, head->inner_device, view->inner, head->inner_len, &path);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return mask_text(view->inner, head->inner_len, known, &file->path);
	if (!head->links && attribute_linked(attribute, view, path, &linked) == 0) {
		file->deleted = false;
		file->links = linked.number;
		return mask_text(linked.text, strlen(linked.text), known, &file->path);
	}
	return mask_text(path, strlen(path), known, &file->path);
}

static int attribute_file(struct attribute *attribute, const struct sample_view *view,
			  const struct mask_known *known, struct alert_file *file)
{
	const struct token_sample *head = view->head;
	bool unopened = head->flags & SAMPLE_RECHECK && !head->path_len && head->inner_len;
	int r;

	file->deleted = head->flags & SAMPLE_FILE_DELETED;
	file->links = head->links;
	r = unopened ? attribute_unopened_path(attribute, view, known, file)
		     : attribute_path(view, known, &file->path);
	if (r == 0 && !unopened)
		r = attribute_host_path(attribute, view, known, &file->host_path);

	file->path_truncated = head->flags & SAMPLE_PATH_TRUNCATED;
	file->type = attribute_type(attribute, view);
	file->dev_major = SAMPLE_MAJOR(head->device);
	file->dev_minor = SAMPLE_MINOR(head->device);
	file->inode = head->inode;
	file->mode = head->mode;
	file->owner_uid = head->owner_uid;
	file->owner_gid = head->owner_gid;
	if (r == 0)
		r = mask_text(head->fs_name, strnlen(head->fs_name, sizeof(head->fs_name)), known,
			      &file->fs_type);
	return r;
}

static const char *attribute_seen_by(const struct token_sample *head)
{
	if (head->flags & (SAMPLE_UNREAD | SAMPLE_MAPPED))
		return "file_read";
	if (head->flags & SAMPLE_WRITEBACK)
		return "writeback";
	return head->flags & SAMPLE_CACHE ? "page_cache" : "buffer";
}

/* What of the file was written, where it is not its content. */
static const char *attribute_part(const struct token_sample *head)
{
	if (head->flags & SAMPLE_NAME)
		return "name";
	if (head->flags & SAMPLE_LINK)
		return "link_target";
	if (head->flags & SAMPLE_LABEL)
		return "label";
	return head->flags & SAMPLE_XATTR ? "xattr" : NULL;
}

static void attribute_write(const struct sample_view *view, const struct token_span *span,
			    struct alert_write *write)
{
	const struct token_sample *head = view->head;
	int64_t at = head->token_at + (int64_t)span->start;

	write->syscall = calls_name(head->call);
	write->seen_by = attribute_seen_by(head);
	write->part = attribute_part(head);
	write->offset = head->offset;
	write->offset_approximate = head->flags & SAMPLE_OFFSET_APPROX;
	write->length = head->length;
	write->token_offset = head->offset == SAMPLE_NO_OFFSET ? at : head->offset + at;
	write->compat = head->flags & SAMPLE_COMPAT;
	write->found_late = head->flags & SAMPLE_FOUND_LATE;
}

/* Is all that is said of process and file known from the sample, and from what attribute_generation() asks? */
static bool attribute_reusable(const struct sample_view *view)
{
	const struct token_sample *head = view->head;

	if (head->flags & (SAMPLE_RECHECK | SAMPLE_PARTS) || head->size > ATTRIBUTE_REUSED_BYTES)
		return false;
	if (!head->args_len && head->flags & SAMPLE_ARGS_UNREADABLE)
		return false;
	return head->flags & SAMPLE_KTHREAD || !attribute_is_nameless(view->exe, head->exe_len);
}

static bool attribute_same_stand(const struct attribute_stand *one, const struct attribute_stand *other)
{
	return one->users == other->users && one->groups == other->groups && one->mounts == other->mounts &&
	       one->clock == other->clock;
}

/* Another number if anything that was asked for beside the samples has changed. */
static uint64_t attribute_generation(struct attribute *attribute, uint64_t time)
{
	struct attribute_stand stand = {
		.users = users_changes(attribute->users),
		.groups = users_changes(attribute->groups),
		.mounts = mounts_changes(attribute->mounts, time),
		.clock = attribute->wallclock.offset,
	};

	if (!attribute_same_stand(&stand, &attribute->stand)) {
		attribute->stand = stand;
		attribute->generation++;
	}
	return attribute->generation;
}

/* Who, and into which file. */
static int attribute_make(struct attribute *attribute, const struct sample_view *view,
			  const struct mask_known *known, struct alert *alert)
{
	int r = attribute_process(attribute, view, known, &alert->process);

	return r == 0 ? attribute_file(attribute, view, known, &alert->file) : r;
}

/* The same as it was made for another token. Returns 1 if there is, 0 if not, or a negative errno. */
static int attribute_reuse(struct attribute *attribute, const struct sample_view *view, struct alert *alert)
{
	bool any = false;
	const struct mask_known every = {.any = &any};
	uint64_t key, generation, unanswered = attribute_unanswered(attribute);
	struct alert made = {0};
	int r;

	if (!attribute_reusable(view))
		return 0;
	key = reuse_key(attribute->reuse, view);
	generation = attribute_generation(attribute, view->head->time);
	r = reuse_find(attribute->reuse, key, generation, alert);
	if (r)
		return r > 0;
	r = attribute_make(attribute, view, &every, &made);
	/* what was not answered is asked for again */
	if (r == 0 && attribute_unanswered(attribute) == unanswered)
		reuse_keep(attribute->reuse, key, generation, !any, &made);
	if (r == 0 && !any) {
		alert->process = made.process;
		alert->file = made.file;
		alert->facts = made.facts;
		return 1;
	}
	alert_free(&made);
	return r;
}

static int attribute_finish(struct attribute *attribute, const struct sample_view *view,
			    const uint8_t *window, const struct token *token, const struct token_span *span,
			    bool lent, struct alert *ret_alert)
{
	const struct mask_known known = {.secret = window + span->secret, .len = span->end - span->secret};
	struct alert alert = {
		.time = wallclock_time(&attribute->wallclock, view->head->time),
		.repeats = view->head->repeats,
		.news = view->head->news,
		.token = *token,
		.host_name = attribute->host_name,
	};
	int r = lent ? attribute_reuse(attribute, view, &alert) : 0;

	if (r == 0)
		r = attribute_make(attribute, view, &known, &alert);
	if (r >= 0)
		r = attribute_container(attribute, view, &known, &alert);
	if (r < 0) {
		alert_free(&alert);
		return r;
	}
	attribute_write(view, span, &alert.write);
	*ret_alert = alert;
	return 0;
}

int attribute_alert(struct attribute *attribute, const struct sample_view *view, const uint8_t *window,
		    const struct token *token, const struct token_span *span, struct alert *ret_alert)
{
	return attribute_finish(attribute, view, window, token, span, false, ret_alert);
}

int attribute_lend(struct attribute *attribute, const struct sample_view *view, const uint8_t *window,
		   const struct token *token, const struct token_span *span, struct alert *ret_alert)
{
	return attribute_finish(attribute, view, window, token, span, true, ret_alert);
}

bool attribute_is_journald(const struct sample_view *view)
{
	return journal_entry_writer(view->head->uid, view->exe, view->head->exe_len);
}

/* By the sender's cgroup, which journald has asked the kernel for; else what a log driver of root's says. */
static int attribute_journal_container(struct attribute *attribute, const struct journal_entry *entry,
				       const struct mask_known *known, struct alert_container *container)
{
	const struct containers_process process = {.paths = entry->cgroup, .len = strlen(entry->cgroup)};
	struct relayed relayed = {.name = {.runtime = "unknown"}};
	int r;

	containers_writer(attribute->containers, 0, entry->uid);
	r = *entry->cgroup == '/' ? containers_find(attribute->containers, &process, known, container) : 0;

	if (r < 0)
		return r;
	if (container->id) {
		container->relayed = true;
		return 0;
	}
	/* anybody can say so, and what is read then would be the user's own files */
	if (entry->uid != 0 || !cgroup_name_is_hash(entry->container_id, strlen(entry->container_id)))
		return 0;
	snprintf(relayed.name.id, sizeof(relayed.name.id), "%s", entry->container_id);
	if (cgroup_name_is_id(entry->container, strlen(entry->container)))
		snprintf(relayed.container, sizeof(relayed.container), "%s", entry->container);
	return containers_relayed(attribute->containers, &relayed, known, container);
}

int attribute_journal(struct attribute *attribute, const struct sample_view *view, const uint8_t *window,
		      const struct token_span *span, const struct journal_entry *entry, struct alert *alert)
{
	const struct mask_known known = {.secret = window + span->secret, .len = span->end - span->secret};
	const struct alert_container *container = &alert->container;
	const struct token_sample *head = view->head;
	struct alert_journal *journal = &alert->journal;
	int r = 0;

	/* what a journald in a container says of units is not about the host's, and its root may call anything so */
	if (!entry || !attribute_is_journald(view) || !head->tgid || head->ns_tgid != head->tgid ||
	    (container->id && !container->relayed && !container->outside))
		return 0;
	journal->known = true;
	journal->pid = entry->pid;
	journal->uid = entry->uid;
	if (*entry->unit)
		r = mask_text(entry->unit, strlen(entry->unit), &known, &journal->unit);
	if (r == 0 && *entry->name)
		r = mask_text(entry->name, strlen(entry->name), &known, &journal->name);
	if (r == 0 && !alert->container.id)
		r = attribute_journal_container(attribute, entry, &known, &alert->container);
	return r;
}

/* Did the same process begin then? Of one that was found by procfs it is known to a tick. */
static bool attribute_began(const struct timespec *start, const struct timespec *other)
{
	int64_t apart =
		(int64_t)(other->tv_sec - start->tv_sec) * ATTRIBUTE_NS + other->tv_nsec - start->tv_nsec;

	return apart >= 0 && apart < (int64_t)PROCFS_TICK_NS;
}

int attribute_repeat(struct attribute *attribute, const struct alert *last, const struct seen_value *value,
		     struct alert *ret_alert)
{
	struct alert alert = *last;
	struct alert_process *process = &alert.process;
	struct timespec start = wallclock_time(&attribute->wallclock, value->start);
	bool same = process->pid == value->tgid && attribute_began(&process->start, &start);
	/* in a container they are what they were, or not known */
	bool inside = process->ns_pid != process->pid ||
		      (alert.container.id && !alert.container.relayed && !alert.container.outside);
	const char *user = inside ? NULL : users_name(attribute->users, value->uid);
	const char *group = inside ? NULL : users_name(attribute->groups, value->gid);
	int r = 0;

	if (inside && process->uid == value->uid)
		user = process->user_name;
	if (inside && process->gid == value->gid)
		group = process->group_name;
	alert.time = wallclock_time(&attribute->wallclock, value->time);
	alert.repeats = value->repeats;
	alert.news = value->untold;
	if (alert.write.offset >= 0 && alert.write.token_offset != value->at) {
		/* where in the write it stood is known of the other one only */
		alert.write.offset += value->at - alert.write.token_offset;
		if (alert.write.offset < 0)
			alert.write.offset = 0;
		alert.write.offset_approximate = true;
		alert.write.token_offset = value->at;
	}
	process->thread_id = value->tid;
	/* of the same number in the same container it is the same */
	process->ns_uid_differs &= process->uid == value->uid;
	process->ns_gid_differs &= process->gid == value->gid;
	process->uid = value->uid;
	process->gid = value->gid;
	process->user_name = process->group_name = NULL;
	if (!same) {
		alert.container.exec = false; /* it is not known of this one */
		/* the same program, but what it was called with and by whom is the other one's */
		process->pid = value->tgid;
		process->ns_pid = value->ns_tgid;
		process->start = start;
		process->command_line = process->script = process->working_directory = NULL;
		process->command_line_truncated = false;
		process->working_directory_truncated = false;
		process->ancestors_truncated = false;
		process->parent = (struct alert_ancestor){0};
		process->ancestors = NULL;
		process->ancestor_count = 0;
	}
	if (user)
		r = mask_text(user, strlen(user), NULL, &process->user_name);
	if (r == 0 && group)
		r = mask_text(group, strlen(group), NULL, &process->group_name);
	if (r < 0)
		attribute_repeat_free(&alert);
	else
		*ret_alert = alert;
	return r;
}

void attribute_repeat_free(struct alert *alert)
{
	free(alert->process.user_name);
	free(alert->process.group_name);
}
