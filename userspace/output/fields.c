// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* alert → fields. The names are those of share/alert.schema.json, so that one query does for all outputs. */
#include "output/fields.h"

#include "alert/json.h"
#include "alert/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Lines of syslog(3). */
#define FIELDS_CRITICAL 90
#define FIELDS_HIGH 60
#define FIELDS_MEDIUM 30

static void fields_text(fields_take take, void *context, const char *name, const char *value)
{
	if (value && *value)
		take(context, name, value);
}

static void fields_number(fields_take take, void *context, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	take(context, name, text);
}

static void fields_event(uint64_t series, uint64_t number, const char *action, int severity, fields_take take,
			 void *context)
{
	char id[ALERT_ID_BYTES];

	take(context, "event.id", alert_id(series, number, id));
	take(context, "event.action", action);
	fields_number(take, context, "event.severity", (uint64_t)severity);
}

static void fields_container(const struct alert_container *container, fields_take take, void *context)
{
	if (!container->id)
		return;
	fields_text(take, context, "container.id", container->id);
	if (container->claimed)
		take(context, "container.claimed", "true");
	fields_text(take, context, "container.runtime", container->runtime);
	fields_text(take, context, "container.name", container->name);
	fields_text(take, context, "container.image.name", container->image);
	fields_text(take, context, "orchestrator.namespace", container->pod_namespace);
	fields_text(take, context, "orchestrator.resource.name", container->pod);
}

void fields_of_alert(const struct alert *alert, fields_take take, void *context)
{
	const struct alert_process *process = &alert->process;

	fields_event(alert->series, alert->number, alert_action(alert), alert_severity(alert), take, context);
	fields_text(take, context, "rule.name", alert->ruling.rule ? alert->ruling.rule : alert_rule(alert));
	fields_text(take, context, "token.identifier", alert->token.identifier);
	fields_text(take, context, "token.prefix", alert->token.prefix);
	fields_text(take, context, "token.type", alert->token.type);
	if (alert->token.placeholder)
		take(context, "token.placeholder", "true");
	fields_number(take, context, "process.pid", process->pid);
	fields_text(take, context, "process.name", process->name);
	fields_text(take, context, "process.unit", process->unit);
	fields_number(take, context, "user.id", process->uid);
	fields_text(take, context, "user.name", process->user_name);
	fields_text(take, context, "write.syscall", alert->write.syscall);
	if (alert->repeats)
		fields_number(take, context, "write.repeats", alert->repeats);
	fields_text(take, context, "file.place", alert->file.place);
	fields_container(&alert->container, take, context);
	fields_text(take, context, "process.executable", process->executable);
	fields_text(take, context, "file.path", alert->file.path);
	fields_text(take, context, "file.host_path", alert->file.host_path);
}

void fields_of_loss(const struct loss *loss, fields_take take, void *context)
{
	fields_event(loss->series, loss->number, LOSS_ACTION, ALERT_SEVERITY_LOSS, take, context);
}

int fields_said(const struct alert *alert, const struct loss *loss, bool text, char **ret_said)
{
	char *end;
	int r;

	if (text)
		return alert ? alert_message(alert, "", "", ret_said) : loss_message(loss, ret_said);
	r = alert ? alert_to_json(alert, ret_said) : loss_to_json(loss, ret_said);
	end = r == 0 ? strchr(*ret_said, '\n') : NULL;
	if (end)
		*end = '\0';
	return r;
}

int fields_priority(int severity)
{
	if (severity >= FIELDS_CRITICAL)
		return 2;
	if (severity >= FIELDS_HIGH)
		return 3;
	return severity >= FIELDS_MEDIUM ? 4 : 5;
}
