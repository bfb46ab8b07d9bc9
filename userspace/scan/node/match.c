// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What somebody calls a container or an image → which one it is. As runtimes take it: a name, the beginning of an id, a pod's path. */
#include "scan/node/node.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "rules/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Letters of an id that are one: fewer would be anybody's. */
#define MATCH_ID_MIN 3
/* Names that are compared with what was given, and that are said. */
#define MATCH_NAMES 4096
#define MATCH_SAID 3

static bool match_id(const char *id, const char *text)
{
	static const char sha[] = "sha256:";
	size_t len = strlen(text);

	if (!id)
		return false;
	if (strcmp(id, text) == 0)
		return true;
	if (strncmp(text, sha, strlen(sha)) == 0) {
		text += strlen(sha);
		len -= strlen(sha);
	}
	if (strncmp(id, sha, strlen(sha)) == 0)
		id += strlen(sha);
	return len >= MATCH_ID_MIN && strspn(text, "0123456789abcdef") == len && strncmp(id, text, len) == 0;
}

static const char *match_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* NAMESPACE/POD/NAME, or NAMESPACE/POD: all of the pod's. */
static bool match_pod(const json_t *container, const char *text)
{
	const char *parts[] = {match_text(container, "pod_namespace"), match_text(container, "pod"),
			       match_text(container, "name")};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		size_t len = parts[i] ? strlen(parts[i]) : 0;

		if (!len)
			return false;
		if (strncmp(text, parts[i], len) != 0)
			return false;
		text += len;
		if (!*text)
			return i > 0;
		if (*text++ != '/')
			return false;
	}
	return false;
}

bool node_match_container(const json_t *container, const char *text)
{
	const char *name = match_text(container, "name");

	return (name && strcmp(name, text) == 0) || match_id(match_text(container, "id"), text) ||
	       match_pod(container, text);
}

/* Is that a name's end, or all of it: "web" and "web:1" are "registry/shop/web:1"? */
static bool match_name(const char *name, const char *text)
{
	size_t name_len = strlen(name), len = strlen(text);
	const char *slash = strrchr(name, '/'), *colon = strchr(slash ? slash : name, ':');
	/* without a tag, any tag */
	const char *text_slash = strrchr(text, '/');

	if (!strchr(text_slash ? text_slash : text, ':') && colon)
		name_len = (size_t)(colon - name);
	return len <= name_len && strncmp(name + name_len - len, text, len) == 0 &&
	       (len == name_len || name[name_len - len - 1] == '/');
}

bool node_match_image(const json_t *image, const char *text)
{
	json_t *name;
	size_t i;

	if (match_id(match_text(image, "id"), text) || match_id(match_text(image, "digest"), text))
		return true;
	json_array_foreach (json_object_get(image, "names"), i, name) {
		if (match_name(json_string_value(name), text))
			return true;
	}
	return false;
}

/* What each is called, for --container and --image. Returns how many. */
static size_t match_names(const struct node *node, bool images, const char **names)
{
	size_t i, k, count = 0;
	json_t *object, *name;

	json_array_foreach (images ? node->images : node->containers, i, object) {
		json_array_foreach (json_object_get(object, "names"), k, name) {
			if (count < MATCH_NAMES)
				names[count++] = json_string_value(name);
		}
		if (!images && count < MATCH_NAMES && match_text(object, "name"))
			names[count++] = match_text(object, "name");
	}
	return count;
}

static void match_say(FILE *file, const char *name, size_t said)
{
	AUTO_FREE char *shown = NULL;

	if (spillwatch_mask(name, strlen(name), NULL, &shown) == 0)
		fprintf(file, "%s%s", said ? ", " : "", shown);
}

void node_unmatched(const struct node *node, const char *option, const char *text)
{
	bool images = strcmp(option, "--image") == 0;
	AUTO_FREE const char **names = calloc(MATCH_NAMES, sizeof(*names));
	AUTO_FREE char *near = NULL;
	AUTO_FREE char *shown = NULL;
	size_t count = names ? match_names(node, images, names) : 0, len, said = 0;
	FILE *file = open_memstream(&near, &len);
	const char *nearest;

	if (!file || spillwatch_mask(text, strlen(text), NULL, &shown) < 0) {
		if (file)
			fclose(file);
		return;
	}
	for (size_t i = 0; i < count && said < MATCH_SAID; i++)
		if (strstr(names[i], text))
			match_say(file, names[i], said++);
	nearest = said ? NULL : nearest_word(text, names, count);
	if (nearest)
		match_say(file, nearest, said++);
	if (fclose(file) != 0)
		return;
	log_error("%s %s: %s%s%s", option, shown,
		  count ? "nothing here is called so" : "there is nothing here that has a name",
		  said ? "; perhaps " : "", near);
}
