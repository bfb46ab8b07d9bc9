// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: a writer outside of containers → the container whose output it writes.
 *
 *     dockerd          <data>/containers/<id>/<id>-json.log, …/<id>/local-logs/container.log
 *     containerd-shim  -namespace <namespace> -id <id>, in the bundle's directory
 *     conmon           -c <id> -n <name> -b <bundle>
 *     nerdctl          <data>/containers/<namespace>/<id>/<id>-json.log
 *     whoever writes   /var/log/pods/<namespace>_<pod>_<uid>/<name>/<n>.log, and is one of these, or containerd, CRI-O, the kubelet
 *
 * Limit: all of that is chosen by whoever started the program. It says nothing of one in a container; the caller sees to it.
 */
#include "attribute/container/relayed.h"

#include "attribute/container/conmon.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum relayed_kind {
	RELAYED_NONE,
	RELAYED_DOCKERD,
	RELAYED_SHIM,
	RELAYED_CONMON,
	RELAYED_NERDCTL,
	RELAYED_PODS, /* writes logs of pods only */
};

static const struct {
	const char *program;
	enum relayed_kind kind;
} relayed_programs[] = {
	{"dockerd", RELAYED_DOCKERD},      {"conmon", RELAYED_CONMON}, {"conmonrs", RELAYED_PODS},
	{"containerd", RELAYED_PODS},      {"crio", RELAYED_PODS},     {"kubelet", RELAYED_PODS},
	{"cri-dockerd", RELAYED_PODS},     {"k3s", RELAYED_PODS},      {"rke2", RELAYED_PODS},
	{"nerdctl", RELAYED_NERDCTL},      {"k0s", RELAYED_PODS},      {"kubelite", RELAYED_PODS},
	{"containerd-shim", RELAYED_SHIM},
};

static const char relayed_shim[] = "containerd-shim-";

static enum relayed_kind relayed_kind(const char *exe, size_t len)
{
	const char *slash = len ? memrchr(exe, '/', len) : NULL;
	size_t name;

	if (!slash)
		return RELAYED_NONE;
	name = len - (size_t)(slash + 1 - exe);
	if (name > strlen(relayed_shim) && memcmp(slash + 1, relayed_shim, strlen(relayed_shim)) == 0)
		return RELAYED_SHIM;
	for (size_t i = 0; i < sizeof(relayed_programs) / sizeof(*relayed_programs); i++)
		if (strlen(relayed_programs[i].program) == name &&
		    memcmp(slash + 1, relayed_programs[i].program, name) == 0)
			return relayed_programs[i].kind;
	return RELAYED_NONE;
}

int relayed_program(const char *exe, size_t len)
{
	return relayed_kind(exe, len) == RELAYED_NONE ? -ENOENT : 0;
}

/* A component of a path. */
struct relayed_part {
	const char *text;
	size_t len;
};

/* The one that begins at *at, which moves behind the slash after it. The last one has none. */
static struct relayed_part relayed_next(const char *path, size_t len, size_t *at)
{
	struct relayed_part part = {path + *at, 0};
	const char *slash = *at < len ? memchr(part.text, '/', len - *at) : NULL;

	part.len = slash ? (size_t)(slash - part.text) : len - *at;
	*at += part.len + (slash != NULL);
	return part;
}

static bool relayed_copy(struct relayed_part part, char *to)
{
	if (!cgroup_name_is_id(part.text, part.len))
		return false;
	memcpy(to, part.text, part.len);
	to[part.len] = '\0';
	return true;
}

static bool relayed_directory(const char *path, size_t len, struct relayed *relayed)
{
	if (len >= sizeof(relayed->directory) || memchr(path, '\0', len))
		return false;
	memcpy(relayed->directory, path, len);
	relayed->directory[len] = '\0';
	return true;
}

/* <id>-json.log, and what it is called when it was rotated. */
static bool relayed_is_log(struct relayed_part file, struct relayed_part id)
{
	static const char tail[] = "-json.log";

	return file.len >= id.len + strlen(tail) && memcmp(file.text, id.text, id.len) == 0 &&
	       memcmp(file.text + id.len, tail, strlen(tail)) == 0;
}

static bool relayed_is(struct relayed_part part, const char *text)
{
	return part.len == strlen(text) && memcmp(part.text, text, part.len) == 0;
}

/* The last …/containers/ counts: data can lie anywhere. @namespaced: nerdctl's have a namespace before the id */
static int relayed_by_directory(const struct relayed_writer *writer, bool namespaced, struct relayed *relayed)
{
	static const char marker[] = "/containers/";
	const char *found = NULL;
	struct relayed_part id, file;
	size_t at;

	for (at = 0; at + strlen(marker) <= writer->path_len; at++)
		if (memcmp(writer->path + at, marker, strlen(marker)) == 0)
			found = writer->path + at;
	if (!found || !relayed_directory(writer->path, (size_t)(found - writer->path), relayed))
		return -ENOENT;
	at = (size_t)(found - writer->path) + strlen(marker);
	if (namespaced &&
	    !relayed_copy(relayed_next(writer->path, writer->path_len, &at), relayed->namespace))
		return -ENOENT;
	id = relayed_next(writer->path, writer->path_len, &at);
	file = relayed_next(writer->path, writer->path_len, &at);
	if (!cgroup_name_is_hash(id.text, id.len) ||
	    !(relayed_is_log(file, id) || relayed_is(file, "local-logs")))
		return -ENOENT;
	relayed->name.runtime = namespaced ? "containerd" : "docker";
	return relayed_copy(id, relayed->name.id) ? 0 : -ENOENT;
}

static const char *relayed_argument(const char *args, size_t len, size_t *at)
{
	const char *arg = args + *at;
	size_t one = *at < len ? strnlen(arg, len - *at) : 0;

	/* a cut one does not count */
	if (*at >= len || *at + one >= len)
		return NULL;
	*at += one + 1;
	return arg;
}

/* Go's flags: -id ID, --id ID, -id=ID. */
static bool relayed_flag(const char *arg, const char *name, const char **ret_value)
{
	size_t len = strlen(name);

	if (*arg++ != '-')
		return false;
	arg += *arg == '-';
	if (strncmp(arg, name, len) != 0 || (arg[len] && arg[len] != '='))
		return false;
	*ret_value = arg[len] ? arg + len + 1 : NULL;
	return true;
}

static int relayed_by_shim(const struct relayed_writer *writer, struct relayed *relayed)
{
	size_t at = 0;
	const char *arg, *value;

	relayed_argument(writer->args, writer->args_len, &at); /* the program */
	while ((arg = relayed_argument(writer->args, writer->args_len, &at))) {
		bool id = relayed_flag(arg, "id", &value);

		if (!id && !relayed_flag(arg, "namespace", &value))
			continue;
		if (!value)
			value = relayed_argument(writer->args, writer->args_len, &at);
		if (!value)
			break;
		relayed_copy((struct relayed_part){value, strlen(value)},
			     id ? relayed->name.id : relayed->namespace);
	}
	if (!*relayed->name.id)
		return -ENOENT;
	relayed->name.runtime = strcmp(relayed->namespace, "moby") == 0 ? "docker" : "containerd";
	relayed_directory(writer->cwd, writer->cwd_len, relayed);
	return 0;
}

static int relayed_by_conmon(const struct relayed_writer *writer, struct relayed *relayed)
{
	struct container_conmon conmon;
	int r = container_conmon_parse(writer->args, writer->args_len, &conmon);

	if (r < 0)
		return r;
	relayed->name = conmon.name;
	snprintf(relayed->container, sizeof(relayed->container), "%s", conmon.container);
	snprintf(relayed->directory, sizeof(relayed->directory), "%s", conmon.bundle);
	return 0;
}

/* NAMESPACE_POD_UID: neither a namespace's name nor a pod's holds an underscore. */
static bool relayed_pod(struct relayed_part part, struct relayed *relayed)
{
	const char *one = memchr(part.text, '_', part.len);
	const char *two = one ? memchr(one + 1, '_', (size_t)(part.text + part.len - one - 1)) : NULL;
	struct relayed_part uid;

	if (!two)
		return false;
	uid = (struct relayed_part){two + 1, (size_t)(part.text + part.len - two - 1)};
	return uid.len < sizeof(relayed->name.pod_uid) && relayed_copy(uid, relayed->name.pod_uid) &&
	       relayed_copy((struct relayed_part){part.text, (size_t)(one - part.text)},
			    relayed->pod_namespace) &&
	       relayed_copy((struct relayed_part){one + 1, (size_t)(two - one - 1)}, relayed->pod);
}

static int relayed_by_pods(const struct relayed_writer *writer, struct relayed *relayed)
{
	static const char head[] = "/var/log/pods/";
	size_t at = strlen(head);

	if (writer->path_len <= at || memcmp(writer->path, head, at) != 0 ||
	    !relayed_pod(relayed_next(writer->path, writer->path_len, &at), relayed) ||
	    !relayed_copy(relayed_next(writer->path, writer->path_len, &at), relayed->container) ||
	    !relayed_copy(relayed_next(writer->path, writer->path_len, &at), relayed->log) ||
	    at < writer->path_len)
		return -ENOENT;
	/* whose else they are, the directory does not tell */
	if (!relayed->name.runtime)
		relayed->name.runtime = "unknown";
	return 0;
}

int relayed_parse(const struct relayed_writer *writer, struct relayed *ret_relayed)
{
	struct relayed relayed = {.name = {.owner = writer->uid}}, pod = relayed;
	enum relayed_kind kind = relayed_kind(writer->exe, writer->exe_len);
	int r = -ENOENT;

	if (kind == RELAYED_DOCKERD || kind == RELAYED_NERDCTL)
		r = relayed_by_directory(writer, kind == RELAYED_NERDCTL, &relayed);
	else if (kind == RELAYED_SHIM)
		r = relayed_by_shim(writer, &relayed);
	else if (kind == RELAYED_CONMON)
		r = relayed_by_conmon(writer, &relayed);
	relayed.name.owner = writer->uid;
	/* a pod's logs are root's; the arguments tell the id, the path the rest */
	if (kind != RELAYED_NONE && !writer->uid && relayed_by_pods(writer, &pod) == 0) {
		snprintf(pod.name.id, sizeof(pod.name.id), "%s", r == 0 ? relayed.name.id : "");
		if (r == 0)
			pod.name.runtime = kind == RELAYED_CONMON ? "cri-o" : relayed.name.runtime;
		relayed = pod;
		r = 0;
	}
	if (r == 0)
		*ret_relayed = relayed;
	return r;
}
