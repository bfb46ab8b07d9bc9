// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * survey options, store → names. A name with the one that was given in it is nearer than one with other letters: a pod's has
 * a tail that nobody types.
 *
 * Invariant: a name is looked at while it is read, and three are kept, however many there are.
 */
#include "report/unmatched.h"

#include "rules/nearest.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#define UNMATCHED_NEAREST 3
/* Bytes of a name that is shown. */
#define UNMATCHED_NAME 128

struct unmatched {
	const char *text;
	bool pattern;
	bool any; /* there is a name of that kind */
	bool matched;
	size_t count;
	char nearest[UNMATCHED_NEAREST][UNMATCHED_NAME];
};

static const char *unmatched_base(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

/* May `name` be meant? */
static bool unmatched_near(const char *text, const char *name)
{
	const char *const words[] = {name, unmatched_base(name)};

	/* one letter is in too many */
	return (text[0] && text[1] && strcasestr(name, text)) || nearest_word(text, words, 2);
}

/* "tee", "busybox" and "/bin/busybox" are "/bin/busybox (tee)", and "tee" is "(tee)". */
static bool unmatched_applet(const char *pattern, const char *name)
{
	const char *applet = strrchr(name, '(');
	char box[UNMATCHED_NAME], called[UNMATCHED_NAME];

	if (!applet || strlen(name) >= UNMATCHED_NAME || name[strlen(name) - 1] != ')')
		return false;
	snprintf(box, sizeof(box), "%.*s", applet > name ? (int)(applet - name) - 1 : 0, name);
	snprintf(called, sizeof(called), "%.*s", (int)strlen(applet) - 2, applet + 1);
	return fnmatch(pattern, called, 0) == 0 || fnmatch(pattern, box, 0) == 0 ||
	       fnmatch(pattern, unmatched_base(box), 0) == 0;
}

static int unmatched_name(void *context, const char *name)
{
	struct unmatched *unmatched = context;

	/* of several stores, each has it */
	for (size_t i = 0; i < unmatched->count; i++)
		if (strcmp(unmatched->nearest[i], name) == 0)
			return 0;
	unmatched->any = true;
	if (unmatched->pattern)
		unmatched->matched |= fnmatch(unmatched->text, name, 0) == 0 ||
				      fnmatch(unmatched->text, unmatched_base(name), 0) == 0 ||
				      unmatched_applet(unmatched->text, name);
	if (unmatched->count == UNMATCHED_NEAREST || strlen(name) >= UNMATCHED_NAME ||
	    !unmatched_near(unmatched->text, name))
		return 0;
	snprintf(unmatched->nearest[unmatched->count++], UNMATCHED_NAME, "%s", name);
	return 0;
}

static int unmatched_id(void *context, int64_t id)
{
	(void)id;
	*(bool *)context = true;
	return 0;
}

/* One option. */
static int unmatched_option(struct reader *reader, int what, const char *option, const char *text,
			    bool pattern, unmatched_say say, void *context)
{
	struct unmatched unmatched = {.text = text, .pattern = pattern};
	char nearest[UNMATCHED_NEAREST * (UNMATCHED_NAME + 4)] = "";
	int r = 0;

	if (what == READER_KNOWN_CONTAINERS)
		r = reader_find_containers(reader, text, unmatched_id, &unmatched.matched);
	else if (what >= READER_KNOWN_PATTERNS && what != READER_KNOWN_PATTERNS + READER_PROGRAMS)
		r = reader_find(reader, (enum reader_pattern)(what - READER_KNOWN_PATTERNS), text,
				unmatched_id, &unmatched.matched);
	if (r == 0 && !unmatched.matched)
		r = reader_known(reader, what, unmatched_name, &unmatched);
	/* who asks for "host" may mean that */
	if (r == 0 && what == READER_KNOWN_CONTAINERS && unmatched_near(text, READER_HOST))
		r = unmatched_name(&unmatched, READER_HOST);
	if (r < 0 || unmatched.matched)
		return r;
	for (size_t i = 0; i < unmatched.count; i++) {
		size_t len = strlen(nearest);

		snprintf(nearest + len, sizeof(nearest) - len, "%s'%s'", i ? ", " : "", unmatched.nearest[i]);
	}
	say(context, option, text, unmatched.any ? nearest : NULL);
	return 0;
}

int unmatched_find(const struct report *report, unmatched_say say, void *context)
{
	static const char *const patterns[READER_PATTERNS] = {
		[READER_FILES] = "--path",   [READER_PROGRAMS] = "--program",
		[READER_IMAGES] = "--image", [READER_NAMESPACES] = "--namespace",
		[READER_NODES] = "--node",
	};
	const struct survey_options *options = &report->options.survey;
	struct reader *reader = report->reader;
	int r = 0;

	if (options->container)
		r = unmatched_option(reader, READER_KNOWN_CONTAINERS, "--container", options->container,
				     false, say, context);
	if (r == 0 && options->token) {
		int64_t id;

		r = reader_find_token(reader, options->token, &id);
		if (r == -ENOENT)
			r = unmatched_option(reader, READER_KNOWN_TOKENS, "--token", options->token, false,
					     say, context);
	}
	if (r == 0 && options->said.rule)
		r = unmatched_option(reader, READER_KNOWN_RULES, "--rule", options->said.rule, true, say,
				     context);
	for (int i = 0; r == 0 && i < READER_PATTERNS; i++)
		if (options->patterns[i])
			r = unmatched_option(reader, READER_KNOWN_PATTERNS + i, patterns[i],
					     options->patterns[i], i == READER_PROGRAMS, say, context);
	return r;
}
