// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * finding → whose it is, as text and as JSON. Names are anybody's words (a tag, a volume's name, a path in a layer), so each is
 * masked by what is known of the token.
 */
#include "scan/holder.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const holder_parts[] = {
#define HOLDER_NAME(id, name) [HOLDER_##id] = name,
	HOLDER_PARTS(HOLDER_NAME)
#undef HOLDER_NAME
};

/* Digits of a digest that a line shows, as runtimes do. */
#define HOLDER_SHORT 12

/*
 * A container's directory holds both what it was told and what it has said.
 */
static enum holder_part holder_part(const struct scan_holder *holder, const char *within)
{
	static const char *const logs[] = {"-json.log", "local-logs/", "/ctr.log"};

	for (size_t i = 0; holder->part == HOLDER_CONFIGURATION && i < sizeof(logs) / sizeof(*logs); i++)
		if (holder->container_count && strstr(within, logs[i]))
			return HOLDER_LOG;
	return holder->part;
}

static const char *holder_within(const struct finding *finding)
{
	size_t len = strlen(finding->path);
	const char *within = finding->path + (finding->holder->base < len ? finding->holder->base : len);

	/* a layer as it was pulled is an archive */
	return *within == '!' ? within + 1 : within;
}

/* "sha256:0123…" → "0123…", and only so many of a long one. */
static const char *holder_short(const char *id, int *ret_len)
{
	const char *colon = strchr(id, ':');

	id = colon ? colon + 1 : id;
	*ret_len = strlen(id) >= 32 ? HOLDER_SHORT : (int)strlen(id);
	return id;
}

static void holder_id(FILE *file, const char *id)
{
	int len;

	id = holder_short(id, &len);
	fprintf(file, "%.*s", len, id);
}

static void holder_others(FILE *file, size_t count)
{
	if (count > 1)
		fprintf(file, " and %zu more", count - 1);
}

static void holder_runtime(FILE *file, const struct scan_holder *holder)
{
	if (holder->runtime)
		fprintf(file, "%s ", holder->runtime);
}

static void holder_image(FILE *file, const struct scan_holder *holder)
{
	const struct holder_image *image = &holder->images[0];

	holder_runtime(file, holder);
	fputs("image", file);
	if (image->name)
		fprintf(file, " %s", image->name);
	if (image->digest) {
		fputs(image->name ? " (" : " ", file);
		holder_id(file, image->digest);
		fputs(image->name ? ")" : "", file);
	}
	holder_others(file, holder->image_count);
}

static void holder_container(FILE *file, const struct scan_holder *holder)
{
	const struct holder_container *container = &holder->containers[0];

	holder_runtime(file, holder);
	fputs("container ", file);
	if (container->pod_namespace && container->pod)
		fprintf(file, "%s/%s/", container->pod_namespace, container->pod);
	if (container->name)
		fputs(container->name, file);
	if (container->id && (!container->name || strcmp(container->id, container->name) != 0)) {
		fputs(container->name ? " (" : "", file);
		holder_id(file, container->id);
		fputs(container->name ? ")" : "", file);
	}
	holder_others(file, holder->container_count);
}

/* Whose: a container's before an image's. */
static void holder_owner(FILE *file, const struct scan_holder *holder)
{
	if (holder->container_count) {
		fputs(" of ", file);
		holder_container(file, holder);
	} else if (holder->image_count) {
		fputs(" of ", file);
		holder_image(file, holder);
	}
}

static void holder_layer(FILE *file, const struct scan_holder *holder)
{
	if (holder->image_count) {
		holder_image(file, holder);
		fputs(", layer ", file);
	} else {
		if (!holder->container_count)
			holder_runtime(file, holder);
		fputs("layer ", file);
	}
	if (holder->layer)
		holder_id(file, holder->layer);
	if (!holder->image_count)
		holder_owner(file, holder);
	if (!holder->image_count && !holder->container_count)
		fputs(" of no image that is known", file);
}

static void holder_write(FILE *file, const struct scan_holder *holder, const char *within)
{
	enum holder_part part = holder_part(holder, within);

	switch (part) {
	case HOLDER_LAYER:
		holder_layer(file, holder);
		break;
	case HOLDER_CONTAINER:
		holder_container(file, holder);
		break;
	case HOLDER_VOLUME:
		if (!holder->container_count)
			holder_runtime(file, holder);
		fprintf(file, "volume %s", holder->volume ? holder->volume : "");
		holder_owner(file, holder);
		break;
	case HOLDER_LOG:
	case HOLDER_CONFIGURATION:
		fputs(holder_parts[part], file);
		holder_owner(file, holder);
		break;
	case HOLDER_STORE:
		fprintf(file, "%s's own files", holder->runtime ? holder->runtime : "the node");
		break;
	}
	if (*within && (part == HOLDER_LAYER || part == HOLDER_CONTAINER || part == HOLDER_VOLUME))
		fprintf(file, ", %s", within);
}

char *holder_text(const struct finding *finding)
{
	AUTO_FREE char *text = NULL;
	char *masked;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return NULL;
	holder_write(file, finding->holder, holder_within(finding));
	if (fclose(file) != 0)
		return NULL;
	return spillwatch_mask(text, len, finding->token, &masked) < 0 ? NULL : masked;
}

static void holder_member(struct json_writer *json, const struct finding *finding, const char *name,
			  const char *text)
{
	AUTO_FREE char *masked = NULL;

	if (!text)
		return;
	if (spillwatch_mask(text, strlen(text), finding->token, &masked) < 0)
		json->failed = true;
	else
		json_text(json, name, masked);
}

static void holder_images(struct json_writer *json, const struct finding *finding)
{
	const struct scan_holder *holder = finding->holder;

	if (!holder->image_count)
		return;
	json_open(json, "images", '[');
	for (size_t i = 0; i < holder->image_count && i < HOLDER_NAMED; i++) {
		json_open(json, NULL, '{');
		holder_member(json, finding, "name", holder->images[i].name);
		holder_member(json, finding, "digest", holder->images[i].digest);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (holder->image_count > HOLDER_NAMED)
		json_int(json, "more_images", (int64_t)(holder->image_count - HOLDER_NAMED));
}

static void holder_containers(struct json_writer *json, const struct finding *finding)
{
	const struct scan_holder *holder = finding->holder;

	if (!holder->container_count)
		return;
	json_open(json, "containers", '[');
	for (size_t i = 0; i < holder->container_count && i < HOLDER_NAMED; i++) {
		const struct holder_container *container = &holder->containers[i];

		json_open(json, NULL, '{');
		holder_member(json, finding, "id", container->id);
		holder_member(json, finding, "name", container->name);
		holder_member(json, finding, "pod", container->pod);
		holder_member(json, finding, "pod_namespace", container->pod_namespace);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (holder->container_count > HOLDER_NAMED)
		json_int(json, "more_containers", (int64_t)(holder->container_count - HOLDER_NAMED));
}

int holder_json(struct json_writer *json, const struct finding *finding)
{
	const struct scan_holder *holder = finding->holder;
	const char *within;

	if (!holder)
		return 0;
	within = holder_within(finding);
	json_open(json, "store", '{');
	holder_member(json, finding, "runtime", holder->runtime);
	holder_member(json, finding, "namespace", holder->namespace);
	json_text(json, "part", holder_parts[holder_part(holder, within)]);
	holder_member(json, finding, "layer", holder->layer);
	holder_member(json, finding, "volume", holder->volume);
	holder_images(json, finding);
	holder_containers(json, finding);
	holder_member(json, finding, "path", *within ? within : NULL);
	json_close(json, '}');
	return json->failed ? -ENOMEM : 0;
}
