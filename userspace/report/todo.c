// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → remains → todo: one token after the other, by how far it went and for how long.
 *
 * Invariant: a command holds identifiers and names of files, in the shell's quotes (shell.h), and no secret: what is allowed to call
 * the API is read by the command from a file that its user has.
 *
 * Limit: of what remains.c does not find no command is made; a container's layer is only cleaned by removing the container.
 */
#include "report/todo.h"

#include "detect/disable.h"
#include "detect/mask.h"
#include "lib/cleanup.h"
#include "report/shell.h"
#include "token_formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What stands around a layer's name in its path: below a mounted overlay nobody but the kernel may write. */
static const struct {
	const char *before, *behind;
} todo_layers[] = {
	{"/overlay2/", "/diff/"},
	{"/storage/overlay/", "/diff/"},
	{"/io.containerd.snapshotter.v1.overlayfs/snapshots/", "/fs/"},
};

static const char *const todo_journals[] = {"/var/log/journal/", "/run/log/journal/"};

/* A store may be another host's, or tampered with: what is no identifier by its letters gets into no command. */
static bool todo_is_identifier(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.";
	size_t len = strlen(text);

	return len > TOKEN_PREFIX_LEN && strspn(text, letters) == len;
}

/* "PUT {environment}/api…" as a command. */
static int todo_disable(struct todo_token *token)
{
	const struct disable *call =
		todo_is_identifier(token->identifier) ? disable_call(token->identifier) : NULL;
	const char *address, *rest;
	int r;

	if (!call)
		return 0;
	token->request = disable_request(call, token->identifier);
	if (!token->request)
		return -ENOMEM;
	token->body = call->body;
	address = strchr(token->request, ' ') + 1;
	rest = strchr(address, '}');
	r = asprintf(&token->disable, "curl -f -X %.*s -H @\"$DT_HEADER\"%s%s%s \"%.*s%s%s\"",
		     (int)(address - 1 - token->request), token->request,
		     call->body ? " -H 'Content-Type: application/json' -d '" : "",
		     call->body ? call->body : "", call->body ? "'" : "", (int)strcspn(address, "{"), address,
		     strstr(address, "{accountUuid}") ? "$DT_ACCOUNT" : "$DT_ENVIRONMENT",
		     rest ? rest + 1 : "");
	if (r >= 0)
		return 0;
	token->disable = NULL;
	return -ENOMEM;
}

/* The container in whose layer the file may be: that wrote it, and not what has written for it. */
static const struct fact *todo_container(struct report *report, const struct group *token, uint32_t file)
{
	for (size_t i = 0; i < token->count; i++) {
		const struct survey_fact *fact = &report->survey.facts[token->facts[i]];

		const struct fact *container;

		if (fact->member[DIMENSION_FILE] != file || fact->relayed ||
		    survey_is_host(&report->survey, fact->member[DIMENSION_CONTAINER]))
			continue;
		container = labels_container(&report->labels, fact->member[DIMENSION_CONTAINER]);
		/* nobody's files tell of it, as of what unpacks for dockerd in a root directory of its own */
		return container->runtime && strcmp(container->runtime, "unknown") == 0 ? NULL : container;
	}
	return NULL;
}

/* What removes a container, layer and all. */
static int todo_remove(const struct fact *container, struct todo_place *place)
{
	static const char *const runtimes[] = {"docker", "podman"};
	AUTO_FREE char *namespace = NULL;
	AUTO_FREE char *name = NULL;
	/* podman's pods are no Kubernetes' */
	bool podman = container->runtime && strcmp(container->runtime, "podman") == 0;
	const char *asked = container->pod && !podman ? container->pod : container->container_id;
	int r = asked ? shell_quote(asked, &name) : 0;

	place->effect = "removes the container and all that is in its layer";
	/* no name of theirs begins so, and no option is to come of it */
	if (r < 0 || !asked || *asked == '-' ||
	    (container->pod_namespace && *container->pod_namespace == '-'))
		return r;
	if (container->pod && !podman) {
		r = shell_quote(container->pod_namespace ? container->pod_namespace : "default", &namespace);
		if (r == 0 && asprintf(&place->command, "kubectl -n %s delete pod %s", namespace, name) < 0)
			r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && (!container->pod || podman) && i < sizeof(runtimes) / sizeof(*runtimes);
	     i++)
		if (container->runtime && strcmp(container->runtime, runtimes[i]) == 0 &&
		    asprintf(&place->command, "%s rm -f %s", runtimes[i], name) < 0)
			r = -ENOMEM;
	if (r < 0)
		place->command = NULL;
	return r;
}

static bool todo_begins(const char *path, const char *const *with, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(path, with[i], strlen(with[i])) == 0)
			return true;
	return false;
}

/* In a layer of this host's: one in a volume is of a runtime in a container, which removes its containers itself. */
static bool todo_in_layer(const char *path)
{
	for (size_t i = 0; i < sizeof(todo_layers) / sizeof(*todo_layers); i++) {
		const char *layer = strstr(path, todo_layers[i].before), *behind;

		if (!layer || memmem(path, (size_t)(layer - path), "/volumes/", 9))
			continue;
		layer += strlen(todo_layers[i].before);
		behind = layer + strcspn(layer, "/");
		if (behind > layer &&
		    strncmp(behind, todo_layers[i].behind, strlen(todo_layers[i].behind)) == 0)
			return true;
	}
	return false;
}

/* What log rotation has packed: nobody writes it any more. */
static bool todo_is_old(const struct remains_item *item)
{
	return item->packed && item->now;
}

/* What cleans a file that still holds it, by the name that it has now. */
static int todo_clean(struct report *report, const struct group *token, struct todo_place *place)
{
	const struct remains_item *item = place->item;
	const char *path = item->now ? item->now : item->file;
	const struct fact *container;
	AUTO_FREE char *exact = NULL;
	AUTO_FREE char *word = NULL;
	int r;

	if (todo_in_layer(path)) {
		container = todo_container(report, token, item->file_member);
		/* what the host has written there is an image's, as of docker commit, or some container's */
		place->effect = container ? "removing its container removes it"
					  : "removing the image or container that has this layer removes "
					    "it: " TODO_IMAGES " names it";
		return container ? todo_remove(container, place) : 0;
	}
	if (todo_begins(path, todo_journals, sizeof(todo_journals) / sizeof(*todo_journals))) {
		place->effect = "removes all entries of the journal until now";
		place->command = strdup("journalctl --rotate && journalctl --vacuum-time=1s");
		return place->command ? 0 : -ENOMEM;
	}
	/* a mask is shorter than a secret portion: a database, an archive, a binary log would be broken */
	if (item->binary && !item->link && !todo_is_old(item)) {
		place->effect = "no text: what wrote it has to remove it";
		return 0;
	}
	r = mask_exact(path, &exact);
	if (r == 0)
		r = shell_quote(exact, &word);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (item->link || todo_is_old(item))
		r = asprintf(&place->command, "rm %s", word);
	else
		r = asprintf(&place->command,
			     "t=$(mktemp) && spillwatch mask <%s >\"$t\" && cat \"$t\" >%s && rm \"$t\"",
			     word, word);
	place->effect = item->link          ? "removes the link"
			: todo_is_old(item) ? "removes the packed copy and all that is in it"
					    : "masks its secret; what is written meanwhile is lost";
	if (r >= 0)
		return 0;
	place->command = NULL;
	return -ENOMEM;
}

/* Where one token lies, of all that was found: items of one token follow each other. */
static int todo_places(struct report *report, const struct group *group, const struct remains *remains,
		       const uint32_t *items, size_t count, struct todo_token *token)
{
	int r = 0;

	token->places = calloc(count + 1, sizeof(*token->places));
	if (!token->places)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct remains_item *item = &remains->items[items[i]];
		struct todo_place *place = &token->places[token->place_count];

		token->layer |= item->layer;
		if (item->state > REMAINS_UNKNOWN) {
			token->clean++;
			continue;
		}
		place->item = item;
		token->place_count++;
		token->still += item->state == REMAINS_STILL;
		if (item->state == REMAINS_STILL)
			r = todo_clean(report, group, place);
	}
	return r;
}

static int todo_where(const struct survey *survey, const struct group *group, struct todo_token *token)
{
	struct idmap seen = {0};
	int r = 0;

	token->where = calloc(group->distinct[DIMENSION_CONTAINER] + 1, sizeof(*token->where));
	for (size_t i = 0; token->where && r == 0 && i < group->count; i++) {
		uint32_t member = survey->facts[group->facts[i]].member[DIMENSION_CONTAINER], number;
		size_t known = seen.count;

		if (survey_is_host(survey, member))
			continue;
		r = idmap_number(&seen, member, &number);
		if (r == 0 && seen.count > known)
			token->where[token->where_count++] = member;
	}
	idmap_free(&seen);
	return token->where ? r : -ENOMEM;
}

static int todo_token(struct report *report, const struct group *group, struct todo_token *token)
{
	struct fact fact = {0};
	int r = reader_token(report->reader, survey_id(&report->survey, DIMENSION_TOKEN, group->member),
			     &fact);

	*token = (struct todo_token){
		.member = group->member,
		.identifier = labels_text(&report->labels, DIMENSION_TOKEN, group->member),
		.files = group->distinct[DIMENSION_FILE],
		.containers = group->distinct[DIMENSION_CONTAINER],
		.nodes = group->distinct[DIMENSION_NODE],
		.writes = group->writes,
		.first = group->first,
		.last = group->last,
		.type = fact.token_type,
		.placeholder = fact.placeholder,
	};
	/* that was all of it, and it is the token's now */
	/* removed meanwhile */
	r = r == -ENOENT ? 0 : r;
	if (r == 0)
		r = todo_disable(token);
	return r == 0 ? todo_where(&report->survey, group, token) : r;
}

static int todo_compare(const void *a, const void *b)
{
	const struct todo_token *x = a, *y = b;
	size_t reach_x = x->files + x->containers, reach_y = y->files + y->containers;

	if (x->placeholder != y->placeholder)
		return x->placeholder ? 1 : -1;
	if (reach_x != reach_y)
		return reach_x > reach_y ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return strcmp(x->identifier, y->identifier);
}

/* Numbers of items, by the token's member: those of member m are [starts[m], starts[m + 1]), in the order of the items. */
static int todo_index(const struct remains *remains, size_t members, uint32_t **ret_starts,
		      uint32_t **ret_items)
{
	uint32_t *starts = calloc(members + 2, sizeof(*starts));
	uint32_t *items = calloc(remains->count + 1, sizeof(*items));

	if (!starts || !items) {
		free(starts);
		free(items);
		return -ENOMEM;
	}
	for (size_t i = 0; i < remains->count; i++)
		starts[remains->items[i].token_member + 2]++;
	for (size_t i = 2; i < members + 2; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < remains->count; i++)
		items[starts[remains->items[i].token_member + 1]++] = (uint32_t)i;
	*ret_starts = starts;
	*ret_items = items;
	return 0;
}

static int todo_make(struct report *report, const struct grouping *groups, struct todo *todo)
{
	AUTO_FREE uint32_t *starts = NULL;
	AUTO_FREE uint32_t *items = NULL;
	int r = todo_index(&todo->remains, report->survey.members[DIMENSION_TOKEN].count, &starts, &items);

	todo->tokens = calloc(groups->count + 1, sizeof(*todo->tokens));
	if (!todo->tokens)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < groups->count; i++) {
		const struct group *group = &groups->groups[i];
		const struct mark *mark = marks_of(&report->marks, group->member);
		struct todo_token *token = &todo->tokens[todo->count];
		uint32_t start = starts[group->member];

		if (mark) {
			todo->marked[mark->state]++;
			continue;
		}
		todo->count++;
		r = todo_token(report, group, token);
		if (r == 0)
			r = todo_places(report, group, &todo->remains, items + start,
					starts[group->member + 1] - start, token);
		todo->still += token->still;
	}
	return r;
}

int todo_find(struct report *report, struct todo *ret_todo)
{
	struct todo todo = {0};
	struct grouping groups = {0};
	int r = remains_find(report, &todo.remains);

	if (r < 0)
		return r;
	r = grouping_make(&report->survey, &report->scratch, DIMENSION_TOKEN, NULL, report->survey.count,
			  &groups);
	if (r == 0)
		r = todo_make(report, &groups, &todo);
	grouping_free(&groups);
	if (r < 0) {
		todo_free(&todo);
		return r;
	}
	qsort(todo.tokens, todo.count, sizeof(*todo.tokens), todo_compare);
	*ret_todo = todo;
	return 0;
}

void todo_free(struct todo *todo)
{
	for (size_t i = 0; i < todo->count; i++) {
		struct todo_token *token = &todo->tokens[i];

		for (size_t j = 0; j < token->place_count; j++)
			free(token->places[j].command);
		free(token->places);
		free(token->type);
		free(token->request);
		free(token->disable);
		free(token->where);
	}
	free(todo->tokens);
	remains_free(&todo->remains);
	memset(todo, 0, sizeof(*todo));
}
