// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where runtimes keep theirs: the usual places, those of distributions, what a runtime's configuration says, each user's, and what
 * --storage names.
 *
 * Limit: of a configuration the one line is read that names the directory; what a daemon was started with is seen by nobody here.
 */
#include "scan/node/node.h"

#include "files/open.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const node_runtimes[] = {"docker", "podman", "containerd"};

static const struct {
	const char *runtime, *path;
} node_places[] = {
	{"docker", "/var/lib/docker"},
	{"docker", "/var/snap/docker/common/var-lib-docker"},
	{"podman", "/var/lib/containers/storage"},
	{"containerd", "/var/lib/containerd"},
	{"containerd", "/var/lib/rancher/k3s/agent/containerd"},
	{"containerd", "/var/lib/rancher/rke2/agent/containerd"},
	{"containerd", "/var/lib/k0s/containerd"},
	{"containerd", "/var/snap/microk8s/common/var/lib/containerd"},
	{"containerd", "/var/lib/docker/containerd/daemon"},
	{"containerd", "/var/lib/docker/containerd"},
};

/* The kubelet's directory of pods: as it is by default, and k0s' and microk8s'. */
static const char *const node_kubelets[] = {
	"/var/lib/kubelet/pods",
	"/var/lib/k0s/kubelet/pods",
	"/var/snap/microk8s/common/var/lib/kubelet/pods",
};

/* Below a home directory. */
static const struct {
	const char *runtime, *path;
} node_homes[] = {
	{"docker", ".local/share/docker"},
	{"podman", ".local/share/containers/storage"},
};

/* What a configuration calls the directory, in a line KEY = "DIRECTORY"; the first file that is there counts. */
static const struct {
	const char *runtime, *file, *key;
} node_settings[] = {
	{"podman", "/etc/containers/storage.conf", "graphroot"},
	{"podman", "/usr/share/containers/storage.conf", "graphroot"},
	{"containerd", "/etc/containerd/config.toml", "root"},
};

/* Is it the first time that one comes to this directory? A user's link may say of another runtime's that it is one's own as well. */
static bool node_store_is_new(struct node *node, const char *runtime, const struct stat *st)
{
	char key[64];

	snprintf(key, sizeof(key), "%llu %llu %s", (unsigned long long)st->st_dev,
		 (unsigned long long)st->st_ino, runtime);
	if (json_object_get(node->directories, key))
		return false;
	if (json_object_set_new(node->directories, key, json_true()) < 0)
		node->failed = true;
	return true;
}

static int node_store_set(struct node *node, const char *runtime, const char *path, int place, bool own)
{
	struct node_store *store = &node->stores[node->store_count];

	*store = (struct node_store){
		.node = node,
		.runtime = runtime,
		.number = (int)node->store_count,
		.root = own ? place : node->root,
		.path = strdup(own ? "" : path),
	};
	if (asprintf(&store->shown, "%s%s", node->shown, path) < 0)
		store->shown = NULL;
	if (!store->path || !store->shown) {
		free(store->path);
		free(store->shown);
		return -ENOMEM;
	}
	node->store_count++;
	return 1;
}

/* Is anything on the way to it a user's, who may have put a link there? */
static bool node_is_users(const struct node *node, const char *path)
{
	char way[PATH_MAX];
	size_t len = 0;

	do {
		struct stat st;
		AUTO_CLOSE int place = -1;

		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
		if ((size_t)snprintf(way, sizeof(way), "%.*s", (int)len, path) >= sizeof(way))
			return true;
		place = safe_place(node->root, way, O_NOFOLLOW);
		if (place < 0 || fstat(place, &st) < 0 || st.st_uid != 0)
			return true;
	} while (path[len]);
	return false;
}

int node_store_add(struct node *node, const char *runtime, const char *path, bool own)
{
	int place = safe_place(node->root, path, O_DIRECTORY), r;
	struct stat st;

	if (place == -ENOENT || place == -ENOTDIR) {
		/* a link that leads nowhere is something, too */
		AUTO_CLOSE int link = safe_place(node->root, path, O_NOFOLLOW);

		return link < 0 ? 0 : place;
	}
	if (place < 0 || fstat(place, &st) < 0)
		return place < 0 ? place : -errno;
	if (!node_store_is_new(node, runtime, &st)) {
		close(place);
		return 1;
	}
	if (node->store_count == NODE_STORES_MAX) {
		close(place);
		return -ENOSPC;
	}
	/* a user's links may lead anywhere, and are followed in the user's own directory only */
	own = own || st.st_uid != 0 || node_is_users(node, path);
	r = node_store_set(node, runtime, path, place, own);
	if (!own || r < 0)
		close(place);
	return r;
}

/* What may be there: nothing is said if it is not. */
static int node_store_try(struct node *node, const char *runtime, const char *path, bool own)
{
	int r = node_store_add(node, runtime, path, own);
	AUTO_FREE char *shown = NULL;

	if (r >= 0 || r == -ENOMEM)
		return r;
	if (asprintf(&shown, "%s%s", node->shown, path) < 0) {
		shown = NULL;
		return -ENOMEM;
	}
	scan_unread(node->scan, shown, r == -ENOSPC ? "there are too many such directories" : strerror(-r));
	return 0;
}

/* "VALUE" of a line KEY = "VALUE"; false if it is none. */
static bool node_setting_line(const char *line, const char *key, char *value, size_t size)
{
	size_t len = strcspn(line, " \t=");
	char quote;

	if (len != strlen(key) || memcmp(line, key, len) != 0)
		return false;
	line += len + strspn(line + len, " \t");
	if (*line++ != '=')
		return false;
	line += strspn(line, " \t");
	quote = *line++;
	len = quote == '"' || quote == '\'' ? strcspn(line, "\"'\n") : 0;
	if (!len || len >= size || line[len] != quote)
		return false;
	memcpy(value, line, len);
	value[len] = '\0';
	return true;
}

/* That of the last line which has it. */
static bool node_setting(const char *text, const char *key, char *value, size_t size)
{
	bool found = false;

	for (; text; text = strchr(text, '\n')) {
		text += strspn(text, " \t\r\n");
		found |= node_setting_line(text, key, value, size);
	}
	return found;
}

/* What names more of them is there, and can't be read. */
static int node_setting_unread(struct node *node, const char *file, const char *why)
{
	AUTO_FREE char *shown = NULL;

	if (asprintf(&shown, "%s%s", node->shown, file) < 0) {
		shown = NULL;
		return -ENOMEM;
	}
	scan_unread(node->scan, shown, why);
	return 0;
}

static int node_store_by_setting(struct node *node, const char *runtime, const char *file, const char *key,
				 bool *ret_there)
{
	AUTO_FREE char *text = NULL;
	char value[PATH_MAX];
	size_t len;
	int r = file_read(node->root, CONTAINER_FILE_MAX, &text, &len, "%s", file);

	*ret_there = r != -ENOENT;
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		return node_setting(text, key, value, sizeof(value)) && value[0] == '/'
			       ? node_store_try(node, runtime, value, false)
			       : 0;
	return node_setting_unread(node, file, strerror(-r));
}

static int node_store_of_docker(struct node *node)
{
	static const char file[] = "/etc/docker/daemon.json";
	json_t *daemon = NULL;
	int r = file_json(node->root, &daemon, "%s", file);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return node_setting_unread(node, file, r == -EBADMSG ? "it is no JSON" : strerror(-r));
	if (container_json_text(daemon, "data-root"))
		r = node_store_try(node, "docker", container_json_text(daemon, "data-root"), false);
	json_decref(daemon);
	return r;
}

static int node_stores_by_setting(struct node *node)
{
	const char *before = NULL;
	bool there = false;
	int r = node_store_of_docker(node);

	for (size_t i = 0; r >= 0 && i < sizeof(node_settings) / sizeof(*node_settings); i++) {
		const char *runtime = node_settings[i].runtime;

		if (!before || strcmp(before, runtime) != 0)
			there = false;
		before = runtime;
		if (!there)
			r = node_store_by_setting(node, runtime, node_settings[i].file, node_settings[i].key,
						  &there);
	}
	return r;
}

static int node_stores_of_users(struct node *node)
{
	AUTO_FCLOSE FILE *file = NULL;
	AUTO_FREE char *text = NULL;
	struct passwd *entry;
	char path[PATH_MAX];
	size_t len;
	int r = file_read(node->root, CONTAINER_FILE_MAX, &text, &len, "/etc/passwd");

	if (r < 0 && r != -ENOENT)
		return node_setting_unread(node, "/etc/passwd", strerror(-r));
	if (r < 0 || !len)
		return 0;
	file = fmemopen(text, len, "r");
	if (!file)
		return -ENOMEM;
	while (r >= 0 && (entry = fgetpwent(file)))
		for (size_t i = 0; r >= 0 && i < sizeof(node_homes) / sizeof(*node_homes); i++)
			if (entry->pw_dir[0] == '/' &&
			    (size_t)snprintf(path, sizeof(path), "%s/%s",
					     strcmp(entry->pw_dir, "/") == 0 ? "" : entry->pw_dir,
					     node_homes[i].path) < sizeof(path))
				r = node_store_try(node, node_homes[i].runtime, path, entry->pw_uid != 0);
	return r;
}

/* UID.GID: where dockerd keeps all of it with userns-remap. */
static bool node_is_remapped(const char *name)
{
	size_t len = strspn(name, "0123456789"), more;

	if (!len || name[len] != '.')
		return false;
	more = strspn(name + len + 1, "0123456789");
	return more && !name[len + 1 + more];
}

static void node_remapped(struct node_store *store, void *context, const char *name)
{
	AUTO_FREE char *path = NULL;
	int *r = context;

	if (*r < 0 || !node_is_remapped(name))
		return;
	if (asprintf(&path, "%s/%s", store->path, name) < 0) {
		path = NULL;
		*r = -ENOMEM;
		return;
	}
	*r = node_store_try(store->node, "docker", path, false);
}

/* A user's daemon has none. */
static int node_stores_remapped(struct node *node)
{
	size_t count = node->store_count;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		if (strcmp(node->stores[i].runtime, "docker") == 0 && node->stores[i].root == node->root)
			node_each(&node->stores[i], node_remapped, &r, "%s", "");
	return r;
}

/* RUNTIME=DIRECTORY; what is named has to be there. */
static int node_store_named(struct node *node, const char *text)
{
	const char *path = strchr(text, '=');

	for (size_t i = 0; path && i < sizeof(node_runtimes) / sizeof(*node_runtimes); i++) {
		size_t len = strlen(node_runtimes[i]);
		AUTO_FREE char *shown = NULL;
		int r;

		if ((size_t)(path - text) != len || strncmp(text, node_runtimes[i], len) != 0 ||
		    path[1] != '/')
			continue;
		r = node_store_add(node, node_runtimes[i], path + 1, false);
		if (r > 0 || r == -ENOMEM)
			return r;
		if (asprintf(&shown, "%s%s", node->shown, path + 1) < 0) {
			shown = NULL;
			return -ENOMEM;
		}
		scan_unread(node->scan, shown, r == 0 ? "it is no directory" : strerror(-r));
		return 0;
	}
	log_error("--storage takes RUNTIME=DIRECTORY, docker, podman or containerd and a path from / on");
	return -EINVAL;
}

int node_stores(struct node *node, const struct node_options *options)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < options->storage_count; i++)
		r = node_store_named(node, options->storages[i]);
	if (r == -EINVAL)
		return 1;
	for (size_t i = 0; r >= 0 && i < sizeof(node_places) / sizeof(*node_places); i++)
		r = node_store_try(node, node_places[i].runtime, node_places[i].path, false);
	if (r >= 0)
		r = node_stores_by_setting(node);
	if (r >= 0)
		r = node_stores_remapped(node);
	if (r >= 0)
		r = node_stores_of_users(node);
	if (r >= 0)
		r = node_store_try(node, NODE_NERDCTL, "/var/lib/nerdctl", false);
	/* last: what the others know of a pod's containers counts */
	if (r >= 0)
		r = node_store_try(node, NODE_PODS, "/var/log/pods", false);
	for (size_t i = 0; r >= 0 && i < sizeof(node_kubelets) / sizeof(*node_kubelets); i++)
		r = node_store_try(node, NODE_POD_VOLUMES, node_kubelets[i], false);
	if (r < 0)
		return r;
	if (node->store_count == 0)
		scan_unread(node->scan, *node->shown ? node->shown : "/",
			    "no runtime keeps anything below it, in any place that is known");
	return 0;
}
