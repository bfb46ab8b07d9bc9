// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → JSON. Every string is printable and masked already (alert.h).
 *
 * Nothing is said twice, and what may be long stands last, so that it is the first to go where a line is cut: by this file (the
 * ancestors, ALERT_USUAL_BYTES), or by who passes it on. A container's ids are long: of its line, what the rest says as well is left
 * out where that makes it fit.
 *
 * Invariant: a line is whole or there is none. What is required and missing, or no UTF-8, fails all of it (json_writer.h).
 */
#include "alert/json.h"

#include "alert/loss.h"
#include "alert/cut.h"
#include "alert/json_writer.h"
#include "alert/message.h"
#include "detect/form.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The root of cgroup v2. */
#define JSON_ROOT_CGROUP 1

/*
 * What is left out of a container's line that is no longer than ALERT_USUAL_BYTES then, in this order, and no more than that takes. The
 * first ones can be made of the rest (a layer is the container's, the sentence is of its fields), or matter least; what the last ones
 * say, the container's id leads to as long as there is one, and the store keeps the digest.
 */
enum json_left {
	JSON_LEFT_ANCESTORS = 1 << 0, /* all of them, if there is no room for one */
	JSON_LEFT_DIRECTORY = 1 << 1, /* the root as working directory */
	JSON_LEFT_HOST_PATH = 1 << 2, /* of a file in a layer */
	JSON_LEFT_SENTENCE = 1 << 3, /* of the message, all but who wrote what */
	JSON_LEFT_CGROUP = 1 << 4,
	JSON_LEFT_DIGEST = 1 << 5, /* of an image that has a name */
	JSON_LEFT_END = 1 << 6,
};

/* What all lines begin with. */
static void json_event(struct json_writer *json, const char *id, const char *action, uint64_t sequence,
		       int severity)
{
	json_open(json, "ecs", '{');
	json_text(json, "version", ALERT_ECS_VERSION);
	json_close(json, '}');
	json_open(json, "event", '{');
	json_text(json, "id", id);
	json_text(json, "kind", "alert");
	json_text(json, "action", action);
	json_int(json, "sequence", (int64_t)sequence);
	json_int(json, "severity", severity);
	json_close(json, '}');
}

/* An object with a name in it. */
static void json_named(struct json_writer *json, const char *name, const char *text)
{
	json_open(json, name, '{');
	json_text(json, "name", text);
	json_close(json, '}');
}

/* The rule of the configuration that decides; what alerts are by themselves is told by their action and the file's type. */
static void json_rule(struct json_writer *json, const struct alert *alert)
{
	const struct alert_ruling *ruling = &alert->ruling;

	if (!ruling->rule && !ruling->expired)
		return;
	json_open(json, "rule", '{');
	json_text_if(json, "name", ruling->rule);
	json_text_if(json, "description", ruling->reason);
	if (ruling->expired) {
		const struct timespec until = {
			.tv_sec = ruling->until / 1000000,
			.tv_nsec = ruling->until % 1000000 * 1000,
		};

		json_open(json, "expired", '{');
		json_text(json, "name", ruling->expired);
		json_time(json, "until", &until);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void json_token(struct json_writer *json, const struct token *token)
{
	json_open(json, "token", '{');
	json_text(json, "identifier", token->identifier);
	json_text(json, "type", token->type);
	json_text_if(json, "family", token->wide ? WIDE_FAMILY : NULL);
	json_text_if(json, "encoding", token->form ? encoded_name(token->form - 1) : NULL);
	json_mark(json, "placeholder", token->placeholder);
	json_close(json, '}');
}

/* The directory is the root, as that of most containers' processes. */
static bool json_at_root(const struct alert_process *process)
{
	return process->working_directory && strcmp(process->working_directory, "/") == 0;
}

/* What does not depend on the container: the object stays open. */
static void json_process(struct json_writer *json, const struct alert_process *process, unsigned int left)
{
	json_open(json, "process", '{');
	json_int(json, "pid", process->pid);
	if (process->ns_pid != process->pid)
		json_int(json, "ns_pid", process->ns_pid);
	json_text(json, "name", process->name);
	json_time(json, "start", &process->start);
	if (process->thread_id != process->pid || strcmp(process->thread_name, process->name) != 0) {
		json_open(json, "thread", '{');
		json_int(json, "id", process->thread_id);
		json_text(json, "name", process->thread_name);
		json_close(json, '}');
	}
	if (process->cgroup_id != JSON_ROOT_CGROUP && !(left & JSON_LEFT_CGROUP))
		json_id(json, "cgroup_id", process->cgroup_id);
	if (process->parent.name) {
		json_open(json, "parent", '{');
		json_int(json, "pid", process->parent.pid);
		json_text(json, "name", process->parent.name);
		json_close(json, '}');
	}
	json_text_if(json, "executable", process->executable);
	json_mark(json, "executable_truncated", process->executable_truncated);
	json_text_if(json, "script", process->script);
	json_mark(json, "script_truncated", process->script_truncated);
	if (!(left & JSON_LEFT_DIRECTORY) || !json_at_root(process))
		json_text_if(json, "working_directory", process->working_directory);
	json_mark(json, "working_directory_truncated", process->working_directory_truncated);
	json_text_if(json, "command_line", process->command_line);
	json_mark(json, "command_line_truncated", process->command_line_truncated);
}

/* Of an id of a container: what runtimes make, a hash, and what is long enough to stand for one in the name of a scope. */
#define JSON_HASH_LEN 64
#define JSON_LONG_LEN 32

/* No other container has or had such an id. */
static bool json_hash(const char *id)
{
	return id && strlen(id) == JSON_HASH_LEN && strspn(id, "0123456789abcdef") == JSON_HASH_LEN;
}

/* The scope that a runtime makes for its container says no more than the container's id. */
static void json_unit(struct json_writer *json, const struct alert *alert)
{
	const char *id = alert->container.id, *unit = alert->process.unit;

	if (!id || !unit || strlen(id) < JSON_LONG_LEN || !strstr(unit, id))
		json_text_if(json, "unit", unit);
}

/* What stands behind the last ancestor. */
#define JSON_END "]}}\n"
#define JSON_END_CUT "],\"ancestors_truncated\":true}}\n"

/* The nearest ones, as many as the line has room for. Closes the process. */
static void json_ancestors(struct json_writer *json, const struct alert_process *process, unsigned int left)
{
	size_t least = left & JSON_LEFT_ANCESTORS ? 0 : ALERT_ANCESTORS_LEAST, before = json->len, named = 0;
	bool cut = process->ancestors_truncated;

	if (process->parent.name) {
		json_open(json, "ancestors", '[');
		for (; named < process->ancestor_count; named++) {
			bool last = named + 1 == process->ancestor_count && !cut;
			size_t len = json->len, end = last ? strlen(JSON_END) : strlen(JSON_END_CUT);

			json_text(json, NULL, process->ancestors[named].name);
			if (named < least || json->len + end <= ALERT_USUAL_BYTES)
				continue;
			json_back(json, len);
			cut = true;
			break;
		}
		json_close(json, ']');
		if (!named && cut && !least)
			json_back(json, before);
	}
	json_mark(json, "ancestors_truncated", cut);
	json_close(json, '}');
}

/* A group of its own name and number is what most users have. */
static bool json_group_differs(const struct alert_process *process)
{
	if (process->gid != process->uid || !process->group_name != !process->user_name ||
	    process->ns_gid_differs != process->ns_uid_differs ||
	    (process->ns_gid_differs && process->ns_gid != process->ns_uid))
		return true;
	return process->group_name && strcmp(process->group_name, process->user_name) != 0;
}

static void json_user(struct json_writer *json, const struct alert_process *process)
{
	json_open(json, "user", '{');
	json_id(json, "id", process->uid);
	if (process->ns_uid_differs)
		json_id(json, "ns_id", process->ns_uid);
	json_text_if(json, "name", process->user_name);
	if (json_group_differs(process)) {
		json_open(json, "group", '{');
		json_id(json, "id", process->gid);
		if (process->ns_gid_differs)
			json_id(json, "ns_id", process->ns_gid);
		json_text_if(json, "name", process->group_name);
		json_close(json, '}');
	}
	if (process->login_uid != UINT32_MAX)
		json_id(json, "audit_id", process->login_uid);
	json_close(json, '}');
}

/* What is known only of a file that was at hand. @process: who wrote, and owns most of what it writes */
static void json_inode(struct json_writer *json, const struct alert_file *file,
		       const struct alert_process *process)
{
	char device[32], mode[16];

	snprintf(device, sizeof(device), "%u:%u", file->dev_major, file->dev_minor);
	snprintf(mode, sizeof(mode), "%04o", file->mode & 07777);
	json_id(json, "inode", file->inode);
	json_text(json, "device", device);
	json_text_if(json, "fs_type", file->fs_type);
	json_text(json, "mode", mode);
	if (file->owner_uid != process->uid)
		json_id(json, "uid", file->owner_uid);
	if (file->owner_gid != process->gid)
		json_id(json, "gid", file->owner_gid);
	if (file->links != 1)
		json_int(json, "links", file->links);
}

static bool json_in_layer(const struct alert_file *file)
{
	return file->place && strcmp(file->place, "layer") == 0;
}

static void json_file(struct json_writer *json, const struct alert *alert, unsigned int left)
{
	const struct alert_file *file = &alert->file;

	json_open(json, "file", '{');
	json_text(json, "type", file->type);
	json_text_if(json, "place", file->place);
	json_mark(json, "deleted", file->deleted);
	if (file->inode)
		json_inode(json, file, &alert->process);
	json_text(json, "path", file->path);
	json_mark(json, "path_truncated", file->path_truncated);
	if (!(left & JSON_LEFT_HOST_PATH) || !json_in_layer(file)) {
		json_text_if(json, "host_path", file->host_path);
		json_mark(json, "host_path_truncated", file->host_path_truncated);
	}
	json_close(json, '}');
}

/* Without the digest, which has a field of its own. */
static void json_image_name(struct json_writer *json, const struct alert_container *container)
{
	size_t len = alert_image_len(container);
	AUTO_FREE char *name = len ? strndup(container->image, len) : NULL;

	if (len)
		json_text(json, "name", name);
}

static void json_image(struct json_writer *json, const struct alert_container *container, unsigned int left)
{
	bool named = alert_image_len(container) > 0;

	if (!container->image && !container->digest)
		return;
	json_open(json, "image", '{');
	json_image_name(json, container);
	if (container->digest && (!named || !(left & JSON_LEFT_DIGEST))) {
		json_open(json, "hash", '{');
		json_open(json, "all", '[');
		json_text(json, NULL, container->digest);
		json_close(json, ']');
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void json_labels(struct json_writer *json, const struct alert_container *container)
{
	static const char *const names[] = {
#define JSON_LABEL(index, name, field) field,
		ALERT_LABELS(JSON_LABEL)
#undef JSON_LABEL
	};
	bool any = false;

	for (size_t i = 0; i < ALERT_LABEL_COUNT; i++)
		any |= container->labels[i] != NULL;
	if (!any)
		return;
	json_open(json, "labels", '{');
	for (size_t i = 0; i < ALERT_LABEL_COUNT; i++)
		json_text_if(json, names[i], container->labels[i]);
	json_close(json, '}');
}

static void json_container(struct json_writer *json, const struct alert_container *container,
			   unsigned int left)
{
	json_open(json, "container", '{');
	json_text(json, "id", container->id);
	json_mark(json, "exec", container->exec);
	json_mark(json, "claimed", container->claimed);
	json_mark(json, "relayed", container->relayed);
	json_mark(json, "outside", container->outside);
	json_text_if(json, "runtime", container->runtime);
	/* in a pod it is what it nearly always is */
	if (!container->namespace || !container->pod || strcmp(container->namespace, "k8s.io") != 0)
		json_text_if(json, "namespace", container->namespace);
	json_text_if(json, "name", container->name);
	/* tells containers apart whose id is a name, which another one may have had before */
	if (!json_hash(container->id))
		json_text_if(json, "created", container->created);
	json_image(json, container, left);
	json_labels(json, container);
	if (container->outer) {
		json_open(json, "outer", '{');
		json_text(json, "id", container->outer);
		json_text_if(json, "name", container->outer_name);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void json_orchestrator(struct json_writer *json, const struct alert_container *container)
{
	bool podman = container->runtime && strcmp(container->runtime, "podman") == 0;

	json_open(json, "orchestrator", '{');
	json_text(json, "type", podman ? "podman" : "kubernetes");
	json_text_if(json, "namespace", container->pod_namespace);
	json_open(json, "resource", '{');
	json_text_if(json, "name", container->pod);
	json_text_if(json, "id", container->pod_uid);
	json_close(json, '}');
	json_close(json, '}');
}

static void json_write(struct json_writer *json, const struct alert *alert)
{
	const struct alert_write *write = &alert->write;

	json_open(json, "write", '{');
	json_text(json, "syscall", write->syscall);
	json_text(json, "seen_by", write->seen_by);
	json_text_if(json, "part", write->part);
	if (write->offset >= 0)
		json_int(json, "offset", write->offset);
	json_mark(json, "offset_approximate", write->offset_approximate);
	json_int(json, "length", (int64_t)write->length);
	json_int(json, "token_offset", write->token_offset);
	json_mark(json, "compat", write->compat);
	json_mark(json, "found_late", write->found_late);
	if (alert->repeats)
		json_int(json, "repeats", (int64_t)alert->repeats);
	json_close(json, '}');
}

static void json_texts(struct json_writer *json, const char *name, const char (*texts)[ALERT_FLOOD_TEXT],
		       size_t count)
{
	json_open(json, name, '[');
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, texts[i]);
	json_close(json, ']');
}

static void json_flood(struct json_writer *json, const struct alert_flood *flood)
{
	json_open(json, "flood", '{');
	json_int(json, "samples", (int64_t)flood->lost);
	json_time(json, "since", &flood->since);
	json_texts(json, "tokens", flood->tokens, flood->token_count);
	json_texts(json, "files", flood->files, flood->file_count);
	json_close(json, '}');
}

/* Longer ones are made each time. */
#define JSON_FACTS_BYTES 4096

static void json_facts_keep(struct alert_facts *facts, const char *json, size_t len, const char *place,
			    unsigned int left)
{
	char *copy = len <= JSON_FACTS_BYTES ? malloc(len) : NULL;

	if (!copy)
		return;
	memcpy(copy, json, len);
	free(facts->json);
	*facts = (struct alert_facts){.json = copy, .len = len, .place = place, .left = left};
}

/* Who, and into which file; of the process, what json_process() tells. */
static void json_facts(struct json_writer *json, const struct alert *alert, unsigned int left)
{
	struct alert_facts *facts = alert->facts;
	size_t from = json->len;

	if (facts && facts->json && facts->place == alert->file.place && facts->left == left) {
		json_again(json, facts->json, facts->len);
		return;
	}
	json_user(json, &alert->process);
	json_file(json, alert, left);
	json_process(json, &alert->process, left);
	if (facts && !json->failed)
		json_facts_keep(facts, json->text + from, json->len - from, alert->file.place, left);
}

static void json_journal(struct json_writer *json, const struct alert_journal *journal)
{
	json_open(json, "journal", '{');
	json_text_if(json, "unit", journal->unit);
	json_text_if(json, "name", journal->name);
	if (journal->pid)
		json_int(json, "pid", journal->pid);
	if (journal->uid != (uint32_t)-1)
		json_id(json, "uid", journal->uid);
	json_close(json, '}');
}

static void json_alert(struct json_writer *json, const struct alert *alert, const char *message,
		       unsigned int left)
{
	const struct alert_container *container = &alert->container;
	char id[ALERT_ID_BYTES];

	json_open(json, NULL, '{');
	json_time(json, "@timestamp", &alert->time);
	json_event(json, alert_id(alert->series, alert->number, id), alert_action(alert), alert->sequence,
		   alert_severity(alert));
	json_rule(json, alert);
	json_token(json, &alert->token);
	json_write(json, alert);
	json_named(json, "host", alert->host_name);
	if (container->id)
		json_container(json, container, left);
	if (container->pod || container->pod_uid)
		json_orchestrator(json, container);
	if (alert->journal.known)
		json_journal(json, &alert->journal);
	json_text(json, "message", message);
	json_facts(json, alert, left);
	json_unit(json, alert);
	json_ancestors(json, &alert->process, left);
	if (alert->flood)
		json_flood(json, alert->flood);
	json_close(json, '}');
}

static void json_kind(struct json_writer *json, const struct loss_kind *kind)
{
	json_open(json, NULL, '{');
	json_text(json, "counter", kind->name);
	json_int(json, "count", (int64_t)kind->count);
	json_int(json, "total", (int64_t)kind->total);
	json_text(json, "text", kind->text);
	json_close(json, '}');
}

static void json_loss_writer(struct json_writer *json, const struct loss_writer *writer)
{
	json_open(json, NULL, '{');
	json_int(json, "samples", (int64_t)writer->samples);
	if (writer->cgroup)
		json_id(json, "cgroup_id", writer->cgroup);
	json_open(json, "user", '{');
	json_id(json, "id", writer->uid);
	json_close(json, '}');
	json_open(json, "process", '{');
	json_int(json, "pid", writer->pid);
	json_text(json, "name", writer->name);
	json_close(json, '}');
	if (writer->container) {
		json_open(json, "container", '{');
		json_text(json, "id", writer->container);
		json_text_if(json, "name", writer->container_name);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void json_loss(struct json_writer *json, const struct loss *loss)
{
	json_open(json, "loss", '{');
	json_time(json, "since", &loss->since);
	json_open(json, "kinds", '[');
	for (size_t i = 0; i < loss->kind_count; i++)
		json_kind(json, &loss->kinds[i]);
	json_close(json, ']');
	json_open(json, "writers", '[');
	for (size_t i = 0; i < loss->writer_count; i++)
		json_loss_writer(json, &loss->writers[i]);
	json_close(json, ']');
	json_close(json, '}');
}

int loss_to_json(const struct loss *loss, char **ret_line)
{
	AUTO_FREE char *message = NULL;
	struct json_writer json = {0};
	char id[ALERT_ID_BYTES];
	int r = loss_message(loss, &message);

	if (r < 0)
		return r;
	json_open(&json, NULL, '{');
	json_time(&json, "@timestamp", &loss->time);
	json_event(&json, alert_id(loss->series, loss->number, id), LOSS_ACTION, loss->sequence,
		   ALERT_SEVERITY_LOSS);
	json_text(&json, "message", message);
	json_loss(&json, loss);
	json_named(&json, "host", loss->host_name);
	json_close(&json, '}');
	return json_writer_take(&json, ret_line);
}

/* Of a text in a line: `fixed` has what stands around it. NULL: nothing. */
static size_t json_bytes_of(const char *text, const char *fixed)
{
	return text ? strlen(text) + strlen(fixed) : 0;
}

/* Bytes that leaving out takes from a line that is longer than usual, so names one ancestor; 0: there is nothing to leave out. */
static size_t json_saves(const struct alert *alert, enum json_left what, size_t sentence)
{
	const struct alert_container *container = &alert->container;
	const struct alert_process *process = &alert->process;
	char number[32];

	switch (what) {
	case JSON_LEFT_ANCESTORS:
		/* a single one is as short as what says that it is missing */
		if (!process->parent.name || process->ancestor_count + process->ancestors_truncated < 2)
			return 0;
		return json_bytes_of(process->ancestor_count ? process->ancestors[0].name : NULL,
				     ",\"ancestors\":[\"\"]");
	case JSON_LEFT_DIRECTORY:
		return json_at_root(process) ? strlen(",\"working_directory\":\"/\"") : 0;
	case JSON_LEFT_HOST_PATH:
		return json_in_layer(&alert->file)
			       ? json_bytes_of(alert->file.host_path, ",\"host_path\":\"\"")
			       : 0;
	case JSON_LEFT_SENTENCE:
		return sentence;
	case JSON_LEFT_CGROUP:
		snprintf(number, sizeof(number), "%" PRIu64, process->cgroup_id);
		return json_hash(container->id) && process->cgroup_id != JSON_ROOT_CGROUP
			       ? json_bytes_of(number, ",\"cgroup_id\":\"\"")
			       : 0;
	case JSON_LEFT_DIGEST:
		return json_hash(container->id) && alert_image_len(container)
			       ? json_bytes_of(container->digest, ",\"hash\":{\"all\":[\"\"]}")
			       : 0;
	case JSON_LEFT_END:
		break;
	}
	return 0;
}

/* What to leave out of a line of `len` bytes, of which `left` is already: 0 if all of it would not be enough. */
static unsigned int json_leave(const struct alert *alert, size_t len, size_t sentence, unsigned int left)
{
	size_t over = len - ALERT_USUAL_BYTES;

	for (unsigned int what = 1; what < JSON_LEFT_END; what <<= 1) {
		size_t saved = (left & what) ? 0 : json_saves(alert, (enum json_left)what, sentence);

		if (!saved)
			continue;
		left |= what;
		if (saved >= over)
			return left;
		over -= saved;
	}
	return 0;
}

static int json_line(const struct alert *alert, const char *message, unsigned int left, char **ret_line)
{
	struct json_writer json = {0};

	json_alert(&json, alert, message, left);
	return json_writer_take(&json, ret_line);
}

/* What a container's line is instead, if it is too long and can be shorter: *line is another one then. */
static int json_shorter(const struct alert *alert, const char *message, const char *brief, unsigned int left,
			char **line)
{
	unsigned int more = json_leave(alert, strlen(*line), strlen(message) - strlen(brief), left);
	char *shorter;
	int r;

	if (more == left)
		return 0;
	r = json_line(alert, more & JSON_LEFT_SENTENCE ? brief : message, more, &shorter);
	if (r < 0)
		return r;
	free(*line);
	*line = shorter;
	return 0;
}

static int json_contained(const struct alert *alert, const char *message, char **ret_line)
{
	/* what lines left out with which this one has facts in common */
	unsigned int left = alert->facts ? alert->facts->left : 0;
	AUTO_FREE char *brief = NULL;
	AUTO_FREE char *line = NULL;
	int r = alert_message_brief(alert, &brief);

	if (r < 0)
		return r;
	r = json_line(alert, left & JSON_LEFT_SENTENCE ? brief : message, left, &line);
	if (r < 0)
		return r;
	if (strlen(line) > ALERT_USUAL_BYTES)
		r = json_shorter(alert, message, brief, left, &line);
	if (r < 0)
		return r;
	*ret_line = TAKE(line);
	return 0;
}

static int json_whole(const struct alert *alert, char **ret_line)
{
	AUTO_FREE char *message = NULL;
	int r = alert_message_short(alert, &message);

	if (r < 0)
		return r;
	if (!alert->container.id || alert->flood)
		return json_line(alert, message, 0, ret_line);
	return json_contained(alert, message, ret_line);
}

int alert_to_json(const struct alert *alert, char **ret_line)
{
	AUTO_FREE char *whole = NULL;
	struct alert_cut cut;
	int r = json_whole(alert, &whole);

	if (r < 0)
		return r;
	if (strlen(whole) <= ALERT_LINE_BYTES) {
		*ret_line = TAKE(whole);
		return 0;
	}
	r = alert_cut(alert, ALERT_LINE_BYTES, &cut);
	if (r < 0)
		return r;
	r = json_whole(&cut.alert, ret_line);
	alert_cut_free(&cut);
	return r;
}
