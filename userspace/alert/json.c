// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → JSON. Every string is printable and masked already (alert.h), so it is valid UTF-8, which
 * is all that jansson asks for.
 *
 * Invariant: a line is whole or there is none. Each object is made by one json_pack(), which gives
 * NULL if any part of it can't be made, and NULL in any part makes the whole NULL.
 * In its formats: s text, I integer, b boolean, o a value; with * behind it, left out if NULL.
 */
#include "alert/json.h"

#include "alert/loss.h"
#include "alert/cut.h"
#include "alert/message.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ECS keeps ids as strings: user.id, file.inode. */
static json_t *json_id(uint64_t id)
{
	return json_sprintf("%llu", (unsigned long long)id);
}

/* RFC 3339, UTC, microseconds. */
static json_t *json_time(const struct timespec *time)
{
	char text[40];
	struct tm tm;

	gmtime_r(&time->tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return json_sprintf("%s.%06ldZ", text, time->tv_nsec / 1000);
}

/* A mark that is there or not; never false. */
static json_t *json_mark(bool set)
{
	return set ? json_true() : NULL;
}

static const char *json_action(const struct alert *alert)
{
	if (alert->flood)
		return "token-flood";
	return alert->repeats ? "token-repeated" : "token-written";
}

static json_t *json_event(const struct alert *alert)
{
	return json_pack("{s:s, s:s, s:[s], s:[s], s:s, s:I, s:i}", "kind", "alert", "action",
			 json_action(alert), "category", "file", "type", "change", "module", "spillwatch",
			 "sequence", (json_int_t)alert->sequence, "severity", alert_severity(alert));
}

static json_t *json_token(const struct token *token)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "identifier", token->identifier, "prefix", token->prefix,
			 "type", token->type, "placeholder", (int)token->placeholder);
}

static json_t *json_ancestor(const struct alert_ancestor *ancestor)
{
	return json_pack("{s:I, s:s, s:o}", "pid", (json_int_t)ancestor->pid, "name", ancestor->name, "start",
			 json_time(&ancestor->start));
}

/* All of them or, as everywhere here, NULL. */
static json_t *json_ancestors(const struct alert_process *process)
{
	json_t *list = json_array();

	for (size_t i = 0; i < process->ancestor_count; i++) {
		if (json_array_append_new(list, json_ancestor(&process->ancestors[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *json_process(const struct alert_process *process)
{
	bool in_namespace = process->ns_pid != process->pid;
	json_t *root;

	root = json_pack(
		"{s:I, s:o*, s:s, s:s*, s:o*, s:s*, s:o*, s:s*, s:o*, s:s*, s:o*, s:s*, s:o, s:{s:I, s:s}, "
		"s:o*, s:o}",
		"pid", (json_int_t)process->pid, "ns_pid",
		in_namespace ? json_integer((json_int_t)process->ns_pid) : NULL, "name", process->name,
		"executable", process->executable, "executable_truncated",
		json_mark(process->executable_truncated), "command_line", process->command_line,
		"command_line_truncated", json_mark(process->command_line_truncated), "script",
		process->script, "script_truncated", json_mark(process->script_truncated),
		"working_directory", process->working_directory, "working_directory_truncated",
		json_mark(process->working_directory_truncated), "unit", process->unit, "start",
		json_time(&process->start), "thread", "id", (json_int_t)process->thread_id, "name",
		process->thread_name, "ancestors_truncated", json_mark(process->ancestors_truncated),
		"cgroup_id", json_id(process->cgroup_id));
	if (!root || !process->parent.name)
		return root;
	if (json_object_set_new(root, "parent", json_ancestor(&process->parent)) == 0 &&
	    json_object_set_new(root, "ancestors", json_ancestors(process)) == 0)
		return root;
	json_decref(root);
	return NULL;
}

static json_t *json_user(const struct alert_process *process)
{
	bool logged_in = process->login_uid != UINT32_MAX;

	return json_pack("{s:o, s:s*, s:{s:o, s:s*}, s:o*}", "id", json_id(process->uid), "name",
			 process->user_name, "group", "id", json_id(process->gid), "name",
			 process->group_name, "audit_id", logged_in ? json_id(process->login_uid) : NULL);
}

static json_t *json_file(const struct alert_file *file)
{
	bool known = file->inode != 0;

	return json_pack(
		"{s:s, s:o*, s:s*, s:o*, s:s*, s:o*, s:s, s:o*, s:o*, s:s*, s:o*, s:o*, s:o*, s:o*}", "path",
		file->path, "path_truncated", json_mark(file->path_truncated), "host_path", file->host_path,
		"host_path_truncated", json_mark(file->host_path_truncated), "place", file->place, "deleted",
		json_mark(file->deleted), "type", file->type, "inode", known ? json_id(file->inode) : NULL,
		"device", known ? json_sprintf("%u:%u", file->dev_major, file->dev_minor) : NULL, "fs_type",
		known ? file->fs_type : NULL, "mode", known ? json_sprintf("%04o", file->mode & 07777) : NULL,
		"uid", known ? json_id(file->owner_uid) : NULL, "gid",
		known ? json_id(file->owner_gid) : NULL, "links",
		known ? json_integer((json_int_t)file->links) : NULL);
}

static json_t *json_container(const struct alert_container *container)
{
	return json_pack("{s:s, s:s*, s:s*, s:o*}", "id", container->id, "runtime", container->runtime,
			 "name", container->name, "image",
			 container->image ? json_pack("{s:s}", "name", container->image) : NULL);
}

static json_t *json_orchestrator(const struct alert_container *container)
{
	return json_pack("{s:s, s:s*, s:{s:s, s:s*, s:s*}}", "type", "kubernetes", "namespace",
			 container->pod_namespace, "resource", "type", "pod", "name", container->pod, "id",
			 container->pod_uid);
}

static json_t *json_write(const struct alert *alert)
{
	const struct alert_write *write = &alert->write;

	return json_pack("{s:s, s:s, s:s*, s:o*, s:o*, s:I, s:I, s:o*, s:o*}", "syscall", write->syscall,
			 "seen_by", write->seen_by, "part", write->part, "offset",
			 write->offset >= 0 ? json_integer(write->offset) : NULL, "offset_approximate",
			 json_mark(write->offset_approximate), "length", (json_int_t)write->length,
			 "token_offset", (json_int_t)write->token_offset, "compat", json_mark(write->compat),
			 "repeats", alert->repeats ? json_integer((json_int_t)alert->repeats) : NULL);
}

/* All of them or NULL. */
static json_t *json_texts(const char (*texts)[ALERT_FLOOD_TEXT], size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(list, json_string(texts[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *json_flood(const struct alert_flood *flood)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "samples", (json_int_t)flood->lost, "since",
			 json_time(&flood->since), "tokens", json_texts(flood->tokens, flood->token_count),
			 "files", json_texts(flood->files, flood->file_count));
}

static json_t *json_alert(const struct alert *alert, const char *message)
{
	const struct alert_container *container = &alert->container;
	json_t *root = json_pack(
		"{s:o, s:{s:s}, s:o, s:s, s:{s:s}, s:o, s:o, s:o, s:o, s:o, s:{s:s}}", "@timestamp",
		json_time(&alert->time), "ecs", "version", ALERT_ECS_VERSION, "event", json_event(alert),
		"message", message, "rule", "name", alert_rule(alert), "token", json_token(&alert->token),
		"process", json_process(&alert->process), "user", json_user(&alert->process), "file",
		json_file(&alert->file), "write", json_write(alert), "host", "name", alert->host_name);
	bool whole = root;

	if (whole && container->id)
		whole = json_object_set_new(root, "container", json_container(container)) == 0;
	if (whole && (container->pod || container->pod_uid))
		whole = json_object_set_new(root, "orchestrator", json_orchestrator(container)) == 0;
	if (whole && alert->flood)
		whole = json_object_set_new(root, "flood", json_flood(alert->flood)) == 0;
	if (whole)
		return root;
	json_decref(root);
	return NULL;
}

static int json_line(json_t *root, char **ret_line)
{
	AUTO_FREE char *text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
	char *line;

	json_decref(root);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return -ENOMEM;
	*ret_line = line;
	return 0;
}

static json_t *json_kind(const struct loss_kind *kind)
{
	return json_pack("{s:s, s:I, s:I, s:s}", "counter", kind->name, "count", (json_int_t)kind->count,
			 "total", (json_int_t)kind->total, "text", kind->text);
}

static json_t *json_writer(const struct loss_writer *writer)
{
	return json_pack("{s:I, s:o*, s:{s:o}, s:{s:I, s:s}, s:o*}", "samples", (json_int_t)writer->samples,
			 "cgroup_id", writer->cgroup ? json_id(writer->cgroup) : NULL, "user", "id",
			 json_id(writer->uid), "process", "pid", (json_int_t)writer->pid, "name",
			 writer->name, "container",
			 writer->container ? json_pack("{s:s, s:s*}", "id", writer->container, "name",
						       writer->container_name)
					   : NULL);
}

/* Both lists: all of it or NULL. */
static json_t *json_loss(const struct loss *loss)
{
	json_t *kinds = json_array(), *writers = json_array();
	bool whole = kinds && writers;

	for (size_t i = 0; whole && i < loss->kind_count; i++)
		whole = json_array_append_new(kinds, json_kind(&loss->kinds[i])) == 0;
	for (size_t i = 0; whole && i < loss->writer_count; i++)
		whole = json_array_append_new(writers, json_writer(&loss->writers[i])) == 0;
	if (whole)
		return json_pack("{s:o, s:o, s:o}", "since", json_time(&loss->since), "kinds", kinds,
				 "writers", writers);
	json_decref(kinds);
	json_decref(writers);
	return NULL;
}

int loss_to_json(const struct loss *loss, char **ret_line)
{
	AUTO_FREE char *message = NULL;
	int r = loss_message(loss, &message);

	if (r < 0)
		return r;
	return json_line(json_pack("{s:o, s:{s:s}, s:{s:s, s:s, s:[s], s:[s], s:s, s:I, s:i}, s:s, s:{s:s}, "
				   "s:o, s:{s:s}}",
				   "@timestamp", json_time(&loss->time), "ecs", "version", ALERT_ECS_VERSION,
				   "event", "kind", "alert", "action", "samples-lost", "category", "file",
				   "type", "info", "module", "spillwatch", "sequence",
				   (json_int_t)loss->sequence, "severity", ALERT_SEVERITY_LOSS, "message",
				   message, "rule", "name", "samples-lost", "loss", json_loss(loss), "host",
				   "name", loss->host_name),
			 ret_line);
}

static int json_whole(const struct alert *alert, char **ret_line)
{
	AUTO_FREE char *message = NULL;
	int r = alert_message(alert, "", "", &message);

	return r < 0 ? r : json_line(json_alert(alert, message), ret_line);
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
	r = alert_cut(alert, &cut);
	if (r < 0)
		return r;
	r = json_whole(&cut.alert, ret_line);
	alert_cut_free(&cut);
	return r;
}
