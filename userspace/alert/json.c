// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → JSON. Every string is printable and masked already (alert.h), so it is valid UTF-8, which
 * is all that jansson asks for.
 */
#include "alert/json.h"

#include "alert/message.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void json_set(json_t *object, const char *name, json_t *value)
{
	/* jansson refuses NULL, and reports it; the caller sees it in the end as a missing line */
	json_object_set_new(object, name, value);
}

static void json_set_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_set(object, name, json_string(text));
}

static void json_set_number(json_t *object, const char *name, uint64_t number)
{
	json_set(object, name, json_integer((json_int_t)number));
}

/* ECS keeps ids as strings: user.id, file.inode. */
static void json_set_id(json_t *object, const char *name, uint64_t id)
{
	json_set(object, name, json_sprintf("%llu", (unsigned long long)id));
}

/* RFC 3339, UTC, microseconds. */
static void json_set_time(json_t *object, const char *name, const struct timespec *time)
{
	char text[40];
	struct tm tm;

	gmtime_r(&time->tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	json_set(object, name, json_sprintf("%s.%06ldZ", text, time->tv_nsec / 1000));
}

static json_t *json_event(const struct alert *alert)
{
	json_t *event = json_object();

	json_set_text(event, "kind", "alert");
	json_set_text(event, "action", alert->repeats ? "token-repeated" : "token-written");
	json_set(event, "category", json_pack("[s]", "file"));
	json_set(event, "type", json_pack("[s]", "change"));
	json_set_text(event, "module", "spillwatch");
	json_set_number(event, "sequence", alert->sequence);
	json_set_number(event, "severity", (uint64_t)alert_severity(alert));
	return event;
}

static json_t *json_token(const struct token *token)
{
	json_t *object = json_object();

	json_set_text(object, "identifier", token->identifier);
	json_set_text(object, "prefix", token->prefix);
	json_set_text(object, "type", token->type);
	json_set(object, "placeholder", json_boolean(token->placeholder));
	return object;
}

static json_t *json_process(const struct alert_process *process)
{
	json_t *object = json_object(), *thread = json_object(), *parent = json_object();

	json_set_number(object, "pid", process->pid);
	if (process->ns_pid != process->pid)
		json_set_number(object, "ns_pid", process->ns_pid);
	json_set_text(object, "name", process->name);
	json_set_text(object, "executable", process->executable);
	json_set_text(object, "command_line", process->command_line);
	if (process->command_line_truncated)
		json_set(object, "command_line_truncated", json_true());
	json_set_time(object, "start", &process->start);
	json_set_number(thread, "id", process->thread_id);
	json_set_text(thread, "name", process->thread_name);
	json_set(object, "thread", thread);
	json_set_number(parent, "pid", process->parent_pid);
	json_set_text(parent, "name", process->parent_name);
	json_set(object, "parent", parent);
	json_set_id(object, "cgroup_id", process->cgroup_id);
	return object;
}

static json_t *json_user(const struct alert_process *process)
{
	json_t *object = json_object(), *group = json_object();

	json_set_id(object, "id", process->uid);
	json_set_text(object, "name", process->user_name);
	json_set_id(group, "id", process->gid);
	json_set(object, "group", group);
	if (process->login_uid != UINT32_MAX)
		json_set_id(object, "audit_id", process->login_uid);
	return object;
}

static json_t *json_file(const struct alert_file *file)
{
	json_t *object = json_object();

	json_set_text(object, "path", file->path);
	if (file->path_truncated)
		json_set(object, "path_truncated", json_true());
	if (file->deleted)
		json_set(object, "deleted", json_true());
	json_set_text(object, "type", file->type);
	json_set_id(object, "inode", file->inode);
	json_set(object, "device", json_sprintf("%u:%u", file->dev_major, file->dev_minor));
	json_set_text(object, "fs_type", file->fs_type);
	json_set(object, "mode", json_sprintf("%04o", file->mode & 07777));
	json_set_id(object, "uid", file->owner_uid);
	json_set_id(object, "gid", file->owner_gid);
	json_set_number(object, "links", file->links);
	return object;
}

static json_t *json_write(const struct alert_write *write)
{
	json_t *object = json_object();

	json_set_text(object, "syscall", write->syscall);
	if (write->offset >= 0)
		json_set_number(object, "offset", (uint64_t)write->offset);
	if (write->offset_approximate)
		json_set(object, "offset_approximate", json_true());
	json_set_number(object, "length", write->length);
	json_set_text(object, "seen_by", write->file_read ? "file_read" : "kernel");
	json_set(object, "token_offset", json_integer(write->token_offset));
	if (write->compat)
		json_set(object, "compat", json_true());
	return object;
}

int alert_to_json(const struct alert *alert, char **ret_line)
{
	json_t *root = json_object(), *host = json_object(), *write;
	char *message = NULL, *line = NULL;
	size_t len;

	if (alert_message(alert, "", "", &message) == 0) {
		json_set_time(root, "@timestamp", &alert->time);
		json_set(root, "ecs", json_pack("{s:s}", "version", ALERT_ECS_VERSION));
		json_set(root, "event", json_event(alert));
		json_set_text(root, "message", message);
		json_set(root, "rule", json_pack("{s:s}", "name", alert_rule(alert)));
		json_set(root, "token", json_token(&alert->token));
		json_set(root, "process", json_process(&alert->process));
		json_set(root, "user", json_user(&alert->process));
		json_set(root, "file", json_file(&alert->file));
		write = json_write(&alert->write);
		if (alert->repeats)
			json_set_number(write, "repeats", alert->repeats);
		json_set(root, "write", write);
		json_set_text(host, "name", alert->host_name);
		json_set(root, "host", host);
		line = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
	}
	json_decref(root);
	free(message);
	if (!line)
		return -ENOMEM;
	len = strlen(line);
	*ret_line = realloc(line, len + 2);
	if (!*ret_line) {
		free(line);
		return -ENOMEM;
	}
	memcpy(*ret_line + len, "\n", 2);
	return 0;
}
