// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* alert → what rules ask of it. */
#include "rules/compiled.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void rules_facts_add(struct rules_facts *facts, enum rules_key key, const char *text)
{
	if (!text || facts->count >= RULES_TEXTS)
		return;
	if (!facts->last[key])
		facts->first[key] = (uint8_t)facts->count;
	facts->texts[facts->count++] = (struct glob_text){.text = text, .len = strlen(text)};
	facts->last[key] = (uint8_t)facts->count;
}

void rules_facts_claimed(struct rules_facts *facts, const char *id)
{
	snprintf(facts->pod, sizeof(facts->pod), "claimed %s", id);
	rules_facts_add(facts, RULES_KEY_CONTAINER, facts->pod);
}

static void facts_process(const struct alert_process *process, struct rules_facts *facts)
{
	rules_facts_add(facts, RULES_KEY_EXECUTABLE, process->executable);
	rules_facts_add(facts, RULES_KEY_PROCESS, process->name);
	rules_facts_add(facts, RULES_KEY_SCRIPT, process->script);
	rules_facts_add(facts, RULES_KEY_ARGUMENTS, process->command_line);
	rules_facts_add(facts, RULES_KEY_PARENT, process->parent.name);
	rules_facts_add(facts, RULES_KEY_ANCESTOR, process->parent.name);
	for (size_t i = 0; i < process->ancestor_count; i++)
		rules_facts_add(facts, RULES_KEY_ANCESTOR, process->ancestors[i].name);
	snprintf(facts->uid, sizeof(facts->uid), "%" PRIu32, process->uid);
	rules_facts_add(facts, RULES_KEY_USER, facts->uid);
	rules_facts_add(facts, RULES_KEY_USER, process->user_name);
	rules_facts_add(facts, RULES_KEY_UNIT, process->unit);
}

/* Called by its digest or not: each has both names, as the alert has the digest in a field of its own. */
static void facts_image(const struct alert_container *container, struct rules_facts *facts)
{
	const char *image = container->image, *digest = container->digest;
	size_t len = alert_image_len(container);

	rules_facts_add(facts, RULES_KEY_IMAGE, image ? image : digest);
	if (!image || !len || !digest)
		return;
	if (image[len])
		snprintf(facts->image, sizeof(facts->image), "%.*s", (int)len, image);
	else
		snprintf(facts->image, sizeof(facts->image), "%s@%s", image, digest);
	rules_facts_add(facts, RULES_KEY_IMAGE, facts->image);
}

static void facts_container(const struct alert_container *container, struct rules_facts *facts)
{
	if (container->claimed) {
		/* in some container, but in none whose name a rule could trust */
		rules_facts_claimed(facts, container->id);
		return;
	}
	rules_facts_add(facts, RULES_KEY_CONTAINER, container->id);
	rules_facts_add(facts, RULES_KEY_CONTAINER, container->name);
	rules_facts_add(facts, RULES_KEY_CONTAINER, container->pod);
	if (container->pod && container->pod_namespace) {
		/* what is longer than any name of Kubernetes' is no pod's */
		snprintf(facts->pod, sizeof(facts->pod), "%s/%s", container->pod_namespace, container->pod);
		rules_facts_add(facts, RULES_KEY_CONTAINER, facts->pod);
	}
	facts_image(container, facts);
	rules_facts_add(facts, RULES_KEY_NAMESPACE, container->pod_namespace);
	rules_facts_add(facts, RULES_KEY_POD, container->pod);
	rules_facts_add(facts, RULES_KEY_RUNTIME, container->runtime);
}

void rules_facts_alert(const struct alert *alert, struct rules_facts *ret_facts)
{
	bool host = !alert->container.id || alert->container.relayed || alert->container.outside;

	ret_facts->count = 0;
	memset(ret_facts->last, 0, sizeof(ret_facts->last));
	memset(ret_facts->first, 0, sizeof(ret_facts->first));
	facts_process(&alert->process, ret_facts);
	/* whose entry journald stores; behind its own unit, which is the last of what is said of the process */
	rules_facts_add(ret_facts, RULES_KEY_UNIT, alert->journal.unit);
	rules_facts_add(ret_facts, RULES_KEY_PATH, alert->file.path);
	/* in a container a path that the host's name is not known for could be anything */
	rules_facts_add(ret_facts, RULES_KEY_HOST_PATH,
			host && !alert->file.host_path ? alert->file.path : alert->file.host_path);
	rules_facts_add(ret_facts, RULES_KEY_PLACE, host ? "host" : alert->file.place);
	/* a process of the host's, and a file of a container's */
	if (alert->container.outside)
		rules_facts_add(ret_facts, RULES_KEY_PLACE, alert->file.place);
	facts_container(&alert->container, ret_facts);
	rules_facts_add(ret_facts, RULES_KEY_PREFIX, alert->token.prefix);
	rules_facts_add(ret_facts, RULES_KEY_TOKEN, alert->token.identifier);
	rules_facts_add(ret_facts, RULES_KEY_PLACEHOLDER, alert->token.placeholder ? "true" : "false");
	rules_facts_add(ret_facts, RULES_KEY_CALL, alert->write.syscall);
	rules_facts_add(ret_facts, RULES_KEY_SEEN_BY, alert->write.seen_by);
}
