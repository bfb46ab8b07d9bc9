// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A pattern is a list of steps, and a match is the set of steps that may come next, one bit each: a byte of text moves the whole
 * set on. So no text makes it try again what it has tried before, as backtracking would.
 *
 * Before that, what is cheap: plain text at both ends is compared, and any three bytes that stand together in a pattern have to do so in
 * the text, which is told by a set of hashes, made once of each; then the longest plain text in between is looked for.
 */
#include "rules/glob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum glob_step_kind {
	GLOB_BYTE, /* this byte */
	GLOB_ONE, /* ?: one byte */
	GLOB_SET, /* [...]: one byte of a set */
	GLOB_MANY, /* *: any number of them */
	GLOB_ALL, /* **: slashes as well */
	GLOB_ENTER, /* **, and a slash behind it: nothing, or … */
	GLOB_DIRS, /* … any number of directories */
};

struct glob_step {
	uint8_t kind, byte;
	uint16_t set; /* number of a set */
};

struct glob_set {
	uint64_t bits[4];
};

/* Room for a bit for each step, and one for the end. */
#define GLOB_WORDS ((GLOB_MAX + 1 + 64) / 64)

struct glob {
	bool path;
	size_t head, tail; /* bytes of plain text at both ends; all of it: a literal */
	size_t count, words;
	uint64_t grams[GLOB_GRAMS]; /* that any text has which matches */
	struct glob_step *steps;
	struct glob_set *sets;
	char *text; /* the plain bytes of both ends, and the most that stand together between them */
	size_t middle; /* how many those are */
};

struct glob_build {
	const char *pattern;
	size_t at, len;
	struct glob *glob;
	size_t sets;
};

static bool glob_in_set(const struct glob_set *set, uint8_t byte)
{
	return set->bits[byte / 64] >> (byte % 64) & 1;
}

static void glob_step(struct glob_build *build, enum glob_step_kind kind, uint8_t byte)
{
	build->glob->steps[build->glob->count++] = (struct glob_step){(uint8_t)kind, byte, 0};
}

/* One byte of a set, as it stands or behind a backslash. False if there is none. */
static bool glob_set_byte(struct glob_build *build, uint8_t *ret_byte)
{
	if (build->at < build->len && build->pattern[build->at] == '\\')
		build->at++;
	if (build->at >= build->len)
		return false;
	*ret_byte = (uint8_t)build->pattern[build->at++];
	return true;
}

/* Behind a '['. A ']' that comes first is one of the set. */
static int glob_set(struct glob_build *build)
{
	struct glob_set *set = &build->glob->sets[build->sets];
	bool negated = false, first = true;
	uint8_t from, to;

	if (build->at < build->len &&
	    (build->pattern[build->at] == '!' || build->pattern[build->at] == '^')) {
		negated = true;
		build->at++;
	}
	while (build->at < build->len && (first || build->pattern[build->at] != ']')) {
		first = false;
		if (!glob_set_byte(build, &from))
			return -EINVAL;
		to = from;
		if (build->at + 1 < build->len && build->pattern[build->at] == '-' &&
		    build->pattern[build->at + 1] != ']') {
			build->at++;
			if (!glob_set_byte(build, &to))
				return -EINVAL;
		}
		for (unsigned int byte = from; byte <= to; byte++)
			set->bits[byte / 64] |= 1ULL << (byte % 64);
	}
	if (build->at >= build->len)
		return -EINVAL;
	build->at++;
	for (size_t i = 0; negated && i < 4; i++)
		set->bits[i] = ~set->bits[i];
	/* no set holds a slash: a name has none */
	if (build->glob->path)
		set->bits['/' / 64] &= ~(1ULL << ('/' % 64));
	glob_step(build, GLOB_SET, 0);
	build->glob->steps[build->glob->count - 1].set = (uint16_t)build->sets++;
	return 0;
}

/* Behind a '*'. */
static void glob_star(struct glob_build *build)
{
	bool start = build->at == 1 || build->pattern[build->at - 2] == '/';
	size_t stars = 1;

	while (build->at < build->len && build->pattern[build->at] == '*') {
		build->at++;
		stars++;
	}
	if (build->glob->path && stars == 1) {
		glob_step(build, GLOB_MANY, 0);
	} else if (build->glob->path && start && build->at < build->len && build->pattern[build->at] == '/') {
		build->at++;
		glob_step(build, GLOB_ENTER, 0);
		glob_step(build, GLOB_DIRS, 0);
	} else {
		glob_step(build, GLOB_ALL, 0);
	}
}

static int glob_next(struct glob_build *build, size_t *ret_wrong)
{
	char byte = build->pattern[build->at++];

	*ret_wrong = build->at - 1;
	switch (byte) {
	case '?':
		glob_step(build, GLOB_ONE, 0);
		return 0;
	case '*':
		glob_star(build);
		return 0;
	case '[':
		return glob_set(build);
	case '\\':
		if (build->at >= build->len)
			return -EINVAL;
		byte = build->pattern[build->at++];
		break;
	default:
		break;
	}
	glob_step(build, GLOB_BYTE, (uint8_t)byte);
	return 0;
}

/* The plain text at both ends, for a first look. */
static void glob_ends(struct glob *glob)
{
	size_t from = 0, to = glob->count;

	while (from < to && glob->steps[from].kind == GLOB_BYTE)
		from++;
	while (to > from && glob->steps[to - 1].kind == GLOB_BYTE)
		to--;
	glob->head = from;
	glob->tail = glob->count - to;
	for (size_t i = 0; i < glob->head; i++)
		glob->text[i] = (char)glob->steps[i].byte;
	for (size_t i = 0; i < glob->tail; i++)
		glob->text[glob->head + i] = (char)glob->steps[glob->count - glob->tail + i].byte;
}

/* The hash of three bytes: Fibonacci hashing, its upper bits. */
static unsigned int glob_gram(uint8_t a, uint8_t b, uint8_t c)
{
	return (((uint32_t)a << 16 | (uint32_t)b << 8 | c) * 2654435769U) >> 23;
}

_Static_assert(64 * GLOB_GRAMS == 1 << 9, "as many as glob_gram() has");

/* Which three bytes have to stand together. */
static void glob_hash(struct glob *glob)
{
	const struct glob_step *steps = glob->steps;

	for (size_t i = 0; i + 2 < glob->count; i++) {
		unsigned int gram = glob_gram(steps[i].byte, steps[i + 1].byte, steps[i + 2].byte);

		if (steps[i].kind == GLOB_BYTE && steps[i + 1].kind == GLOB_BYTE &&
		    steps[i + 2].kind == GLOB_BYTE)
			glob->grams[gram / 64] |= 1ULL << (gram % 64);
	}
}

static void glob_hash_text(struct glob_text *text)
{
	const uint8_t *bytes = (const uint8_t *)text->text;

	memset(text->grams, 0, sizeof(text->grams));
	for (size_t i = 0; i + 2 < text->len; i++) {
		unsigned int gram = glob_gram(bytes[i], bytes[i + 1], bytes[i + 2]);

		text->grams[gram / 64] |= 1ULL << (gram % 64);
	}
	text->hashed = true;
}

/* Has the text all that it would need? */
static bool glob_likely(const struct glob *glob, struct glob_text *text)
{
	uint64_t missing = 0;

	if (!text->hashed)
		glob_hash_text(text);
	for (size_t i = 0; i < GLOB_GRAMS; i++)
		missing |= glob->grams[i] & ~text->grams[i];
	return !missing;
}

/* The longest plain text between the ends. */
static void glob_middle(struct glob *glob)
{
	size_t end = glob->count - glob->tail, best = 0;

	for (size_t i = glob->head; i < end; i++) {
		size_t len = 0;

		while (i + len < end && glob->steps[i + len].kind == GLOB_BYTE)
			len++;
		if (len > glob->middle) {
			glob->middle = len;
			best = i;
		}
		i += len;
	}
	for (size_t i = 0; i < glob->middle; i++)
		glob->text[glob->head + glob->tail + i] = (char)glob->steps[best + i].byte;
}

int glob_compile(const char *pattern, enum glob_kind kind, struct glob **ret_glob, size_t *ret_wrong)
{
	struct glob_build build = {.pattern = pattern, .len = strlen(pattern)};
	size_t sets = 0;
	int r = 0;

	*ret_wrong = 0;
	if (build.len > GLOB_MAX)
		return -E2BIG;
	for (size_t i = 0; i < build.len; i++)
		sets += pattern[i] == '[';
	build.glob = calloc(1, sizeof(*build.glob));
	if (!build.glob)
		return -ENOMEM;
	build.glob->path = kind == GLOB_PATH;
	build.glob->steps = calloc(build.len + 1, sizeof(*build.glob->steps));
	build.glob->sets = calloc(sets + 1, sizeof(*build.glob->sets));
	build.glob->text = calloc(build.len + 1, 1);
	if (!build.glob->steps || !build.glob->sets || !build.glob->text)
		r = -ENOMEM;
	while (r == 0 && build.at < build.len)
		r = glob_next(&build, ret_wrong);
	if (r < 0) {
		glob_free(build.glob);
		return r;
	}
	glob_ends(build.glob);
	glob_middle(build.glob);
	glob_hash(build.glob);
	build.glob->words = build.glob->count / 64 + 1;
	*ret_glob = build.glob;
	return 0;
}

void glob_free(struct glob *glob)
{
	if (!glob)
		return;
	free(glob->steps);
	free(glob->sets);
	free(glob->text);
	free(glob);
}

const char *glob_literal(const struct glob *glob, size_t *ret_len)
{
	if (glob->head != glob->count)
		return NULL;
	*ret_len = glob->head;
	return glob->text;
}

/* Adds a step that may come next, and those that may come in its place. */
static void glob_add(const struct glob *glob, uint64_t *set, size_t step)
{
	for (;;) {
		uint8_t kind = step < glob->count ? glob->steps[step].kind : GLOB_BYTE;

		set[step / 64] |= 1ULL << (step % 64);
		if (kind == GLOB_MANY || kind == GLOB_ALL) {
			step++;
		} else if (kind == GLOB_ENTER) {
			set[(step + 1) / 64] |= 1ULL << ((step + 1) % 64);
			step += 2;
		} else {
			return;
		}
	}
}

/* What may come after one step, by one byte. */
static void glob_take(const struct glob *glob, uint64_t *next, size_t step, uint8_t byte)
{
	const struct glob_step *at = &glob->steps[step];
	bool name = !glob->path || byte != '/';

	switch (at->kind) {
	case GLOB_BYTE:
		if (byte == at->byte)
			glob_add(glob, next, step + 1);
		break;
	case GLOB_ONE:
		if (name)
			glob_add(glob, next, step + 1);
		break;
	case GLOB_SET:
		if (glob_in_set(&glob->sets[at->set], byte))
			glob_add(glob, next, step + 1);
		break;
	case GLOB_MANY:
		if (name)
			glob_add(glob, next, step);
		break;
	case GLOB_ALL:
		glob_add(glob, next, step);
		break;
	case GLOB_DIRS:
		next[step / 64] |= 1ULL << (step % 64);
		if (byte == '/')
			glob_add(glob, next, step + 1);
		break;
	default: /* GLOB_ENTER takes nothing itself */
		break;
	}
}

/* The text behind the plain beginning, by the steps behind it. */
static bool glob_walk(const struct glob *glob, const char *text, size_t len)
{
	uint64_t now[GLOB_WORDS] = {0}, next[GLOB_WORDS];

	glob_add(glob, now, glob->head);
	for (size_t i = 0; i < len; i++) {
		uint64_t any = 0;

		memset(next, 0, glob->words * sizeof(*next));
		for (size_t word = 0; word < glob->words; word++)
			for (uint64_t bits = now[word]; bits; bits &= bits - 1) {
				size_t step = word * 64 + (size_t)__builtin_ctzll(bits);

				if (step < glob->count)
					glob_take(glob, next, step, (uint8_t)text[i]);
			}
		for (size_t word = 0; word < glob->words; word++)
			any |= now[word] = next[word];
		if (!any)
			return false;
	}
	return now[glob->count / 64] >> (glob->count % 64) & 1;
}

bool glob_match(const struct glob *glob, struct glob_text *text)
{
	size_t len = text->len;

	if (glob->head == glob->count)
		return len == glob->count && memcmp(text->text, glob->text, len) == 0;
	if (len < glob->head + glob->tail || !glob_likely(glob, text) ||
	    memcmp(text->text, glob->text, glob->head) != 0 ||
	    memcmp(text->text + len - glob->tail, glob->text + glob->head, glob->tail) != 0)
		return false;
	if (glob->middle && !memmem(text->text, len, glob->text + glob->head + glob->tail, glob->middle))
		return false;
	return glob_walk(glob, text->text + glob->head, len - glob->head);
}
