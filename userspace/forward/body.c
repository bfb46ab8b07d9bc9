// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "forward/body.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

/* Of a flattened name, beyond which nothing is flattened: so long ones cost no more than they are. */
#define BODY_NAME_BYTES 1024

enum body_level body_level(const json_t *alert)
{
	int64_t severity = event_int(alert, "event.severity");

	/* as the Elastic Common Schema's rules have them: 21, 47, 73, 99 */
	if (severity >= 99)
		return BODY_CRITICAL;
	if (severity >= 73)
		return BODY_HIGH;
	return severity >= 47 ? BODY_MEDIUM : BODY_LOW;
}

const char *body_level_text(const json_t *alert)
{
	static const char *const texts[] = {"low", "medium", "high", "critical"};

	return texts[body_level(alert)];
}

/* What has no place in a flat one, as JSON. */
static int body_flatten_text(const json_t *value, const char *name, json_t *to)
{
	char *text = json_dumps(value, JSON_COMPACT);
	int r = text ? json_object_set_new(to, name, json_string(text)) : -1;

	free(text);
	return r < 0 ? -ENOMEM : 0;
}

static int body_flatten_below(json_t *object, const char *above, json_t *to)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach (object, key, value) {
		AUTO_FREE char *name = NULL;

		if (asprintf(&name, "%s%s%s", above, *above ? "." : "", key) < 0) {
			name = NULL;
			return -ENOMEM;
		}
		if (json_is_object(value) && strlen(name) < BODY_NAME_BYTES)
			r = body_flatten_below(value, name, to);
		else if (json_is_object(value) || json_is_array(value))
			r = body_flatten_text(value, name, to);
		else
			r = json_object_set(to, name, value) < 0 ? -ENOMEM : 0;
		if (r < 0)
			break;
	}
	return r;
}

int body_flatten(json_t *alert, json_t *to)
{
	return body_flatten_below(alert, "", to);
}

int body_dump(json_t *body, char **ret_text, size_t *ret_len)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	*ret_len = strlen(text);
	return 0;
}

int body_text_if(json_t *object, const char *name, const char *text)
{
	if (!text || !*text)
		return 0;
	return json_object_set_new(object, name, json_string(text)) < 0 ? -ENOMEM : 0;
}

void body_all(struct event *const *events, size_t count, enum verdict verdict)
{
	for (size_t i = 0; i < count; i++)
		events[i]->verdict = verdict;
}
