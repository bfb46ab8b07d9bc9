// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: an inquiry's questions and answers as bytes. */
#include "attribute/inquiry_wire.h"

#include <stdlib.h>
#include <string.h>

/* Texts that are as long as they may be in any case. */
#define WIRE_TEXT_MAX (64UL << 10)

void inquiry_wire_put(struct inquiry_wire *wire, const void *bytes, size_t len)
{
	if (wire->failed || len > sizeof(wire->bytes) - wire->len) {
		wire->failed = true;
		return;
	}
	if (len)
		memcpy(wire->bytes + wire->len, bytes, len);
	wire->len += len;
}

void inquiry_wire_take(struct inquiry_wire *wire, void *bytes, size_t len)
{
	if (wire->failed || len > wire->len - wire->at) {
		wire->failed = true;
		memset(bytes, 0, len);
		return;
	}
	memcpy(bytes, wire->bytes + wire->at, len);
	wire->at += len;
}

/* NULL: no text. */
static void wire_put_text(struct inquiry_wire *wire, const char *text)
{
	uint32_t len = text ? (uint32_t)strlen(text) + 1 : 0;

	inquiry_wire_put(wire, &len, sizeof(len));
	inquiry_wire_put(wire, text, len);
}

static char *wire_take_text(struct inquiry_wire *wire)
{
	uint32_t len = 0;
	char *text;

	inquiry_wire_take(wire, &len, sizeof(len));
	if (!len)
		return NULL;
	text = len <= WIRE_TEXT_MAX && len <= wire->len - wire->at ? malloc(len) : NULL;
	if (!text) {
		wire->failed = true;
		return NULL;
	}
	inquiry_wire_take(wire, text, len);
	text[len - 1] = '\0';
	return text;
}

/* Nobody's pointer is believed. */
static const char *wire_runtime(const char *name)
{
	static const char *const runtimes[] = {"docker", "podman", "containerd", "cri-o",
					       "runc",   "lxc",    "unknown",    "systemd-nspawn"};

	for (size_t i = 0; name && i < sizeof(runtimes) / sizeof(*runtimes); i++)
		if (strcmp(name, runtimes[i]) == 0)
			return runtimes[i];
	return NULL;
}

static void wire_put_runtime(struct inquiry_wire *wire, const char *runtime)
{
	char name[32] = "";

	if (runtime)
		strncpy(name, runtime, sizeof(name) - 1);
	inquiry_wire_put(wire, name, sizeof(name));
}

static const char *wire_take_runtime(struct inquiry_wire *wire)
{
	char name[32];

	inquiry_wire_take(wire, name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	return wire_runtime(name);
}

/* What is told by a process has no cgroup's path, and no container around it: lengths in that are nobody's to say. */
static void wire_terminate_name(struct cgroup_name *name)
{
	name->end = name->outer_end = 0;
	*name->outer = '\0';
	name->id[sizeof(name->id) - 1] = '\0';
	name->pod_uid[sizeof(name->pod_uid) - 1] = '\0';
}

static void wire_terminate_told(struct relayed *told)
{
	wire_terminate_name(&told->name);
	told->container[sizeof(told->container) - 1] = '\0';
	told->pod[sizeof(told->pod) - 1] = '\0';
	told->pod_namespace[sizeof(told->pod_namespace) - 1] = '\0';
	told->log[sizeof(told->log) - 1] = '\0';
	told->namespace[sizeof(told->namespace) - 1] = '\0';
	told->states[sizeof(told->states) - 1] = '\0';
	told->directory[sizeof(told->directory) - 1] = '\0';
}

void inquiry_wire_put_question(struct inquiry_wire *wire, const struct inquiry_question *question)
{
	inquiry_wire_put(wire, question, sizeof(*question));
	wire_put_runtime(wire, question->name.runtime);
	wire_put_runtime(wire, question->told.name.runtime);
}

void inquiry_wire_take_question(struct inquiry_wire *wire, struct inquiry_question *ret_question)
{
	inquiry_wire_take(wire, ret_question, sizeof(*ret_question));
	ret_question->name.runtime = wire_take_runtime(wire);
	ret_question->told.name.runtime = wire_take_runtime(wire);
}

void inquiry_wire_put_answer(struct inquiry_wire *wire, const struct inquiry_answer *answer)
{
	inquiry_wire_put(wire, answer, sizeof(*answer));
	wire_put_runtime(wire, answer->conmon.name.runtime);
	wire_put_runtime(wire, answer->told.name.runtime);
}

void inquiry_wire_take_answer(struct inquiry_wire *wire, struct inquiry_answer *ret_answer)
{
	struct container_conmon *conmon = &ret_answer->conmon;

	inquiry_wire_take(wire, ret_answer, sizeof(*ret_answer));
	conmon->name.runtime = wire_take_runtime(wire);
	ret_answer->told.name.runtime = wire_take_runtime(wire);
	ret_answer->text[sizeof(ret_answer->text) - 1] = '\0';
	wire_terminate_name(&conmon->name);
	conmon->container[sizeof(conmon->container) - 1] = '\0';
	conmon->bundle[sizeof(conmon->bundle) - 1] = '\0';
	wire_terminate_told(&ret_answer->told);
	/* what is told is told of a runtime */
	if (ret_answer->result == 0 && !conmon->name.runtime)
		*conmon = (struct container_conmon){.name.runtime = "unknown"};
	if (!ret_answer->told.name.runtime)
		ret_answer->told.name.runtime = "unknown";
}

void inquiry_wire_put_facts(struct inquiry_wire *wire, const struct container_facts *facts)
{
	uint32_t volumes = (uint32_t)facts->volume_count;

	wire_put_runtime(wire, facts->runtime);
	wire_put_text(wire, facts->name);
	wire_put_text(wire, facts->image);
	wire_put_text(wire, facts->digest);
	for (size_t i = 0; i < ALERT_LABEL_COUNT; i++)
		wire_put_text(wire, facts->labels[i]);
	wire_put_text(wire, facts->pod);
	wire_put_text(wire, facts->pod_namespace);
	wire_put_text(wire, facts->pod_uid);
	wire_put_text(wire, facts->namespace);
	wire_put_text(wire, facts->created);
	wire_put_text(wire, facts->source);
	wire_put_text(wire, facts->layer);
	inquiry_wire_put(wire, &facts->stamp, sizeof(facts->stamp));
	inquiry_wire_put(wire, &facts->due, sizeof(facts->due));
	/* none is something else than not asked for */
	volumes = facts->volumes ? volumes : UINT32_MAX;
	inquiry_wire_put(wire, &volumes, sizeof(volumes));
	for (size_t i = 0; facts->volumes && i < facts->volume_count; i++)
		wire_put_text(wire, facts->volumes[i]);
}

void inquiry_wire_take_facts(struct inquiry_wire *wire, struct container_facts *ret_facts)
{
	struct container_facts *facts = ret_facts;
	uint32_t volumes = 0;

	*facts = (struct container_facts){.runtime = wire_take_runtime(wire)};
	facts->name = wire_take_text(wire);
	facts->image = wire_take_text(wire);
	facts->digest = wire_take_text(wire);
	for (size_t i = 0; i < ALERT_LABEL_COUNT; i++)
		facts->labels[i] = wire_take_text(wire);
	facts->pod = wire_take_text(wire);
	facts->pod_namespace = wire_take_text(wire);
	facts->pod_uid = wire_take_text(wire);
	facts->namespace = wire_take_text(wire);
	facts->created = wire_take_text(wire);
	facts->source = wire_take_text(wire);
	facts->layer = wire_take_text(wire);
	inquiry_wire_take(wire, &facts->stamp, sizeof(facts->stamp));
	inquiry_wire_take(wire, &facts->due, sizeof(facts->due));
	inquiry_wire_take(wire, &volumes, sizeof(volumes));
	if (wire->failed || volumes == UINT32_MAX)
		return;
	facts->volumes =
		volumes <= CONTAINER_VOLUMES ? calloc(CONTAINER_VOLUMES, sizeof(*facts->volumes)) : NULL;
	wire->failed |= !facts->volumes;
	while (!wire->failed && facts->volume_count < volumes) {
		char *text = wire_take_text(wire);

		if (text)
			facts->volumes[facts->volume_count++] = text;
		else
			wire->failed = true;
	}
}
