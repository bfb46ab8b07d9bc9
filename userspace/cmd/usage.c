// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * table of options → help, man page. Completions ask the help: a line of it that begins with two spaces and a hyphen is an option, up to the
 * next two spaces.
 */
#include "cmd/usage.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Where texts begin and end. */
#define USAGE_COLUMN 25
#define USAGE_WIDTH 100

/* Columns of text[0, len): of UTF-8, as far as the table has any. */
static size_t usage_columns(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void usage_option(const struct option_entry *entry, FILE *out)
{
	int column = fprintf(out, "  --%s%s%s", entry->name, entry->value ? " " : "",
			     entry->value ? entry->value : "");
	bool fresh = column + 2 <= USAGE_COLUMN;

	if (fresh)
		fprintf(out, "%*s", USAGE_COLUMN - column, "");
	else
		fprintf(out, "\n%*s", USAGE_COLUMN, "");
	column = USAGE_COLUMN;
	for (const char *word = entry->help; *word;) {
		size_t len = strcspn(word, " ");
		int columns = (int)usage_columns(word, len);

		if (column > USAGE_COLUMN && column + 1 + columns > USAGE_WIDTH) {
			fprintf(out, "\n%*s", USAGE_COLUMN, "");
			column = USAGE_COLUMN;
		}
		if (column > USAGE_COLUMN)
			column += fprintf(out, " ");
		fprintf(out, "%.*s", (int)len, word);
		column += columns;
		word += len + strspn(word + len, " ");
	}
	putc('\n', out);
}

static void usage_options(const struct option_entry *entries, FILE *out)
{
	for (; entries && entries->name; entries++)
		if (entries->help)
			usage_option(entries, out);
}

void usage_print(const struct command *command, FILE *out)
{
	fputs(command->usage, out);
	if (command->monitors || (command->options && command->options->help))
		putc('\n', out);
	usage_options(command->options, out);
	if (command->monitors)
		usage_options(options_shared_table, out);
	if (command->notes)
		fprintf(out, "\n%s", command->notes);
}

/* One character, and what stands for it. */
static void usage_roff_char(char c, bool *bold, FILE *out)
{
	switch (c) {
	case '-':
		fputs("\\-", out);
		break;
	case '\\':
		fputs("\\e", out);
		break;
	case '`':
		*bold = !*bold;
		fputs(*bold ? "\\fB" : "\\fP", out);
		break;
	default:
		putc(c, out);
	}
}

static void usage_roff_word(const char *word, size_t len, bool *bold, FILE *out)
{
	/* what begins with one of these is a request */
	if (*word == '.' || *word == '\'')
		fputs("\\&", out);
	for (size_t i = 0; i < len; i++) {
		if (len - i >= 3 && memcmp(word + i, "…", 3) == 0) {
			fputs("...", out);
			i += 2;
		} else {
			usage_roff_char(word[i], bold, out);
		}
	}
}

/* A text that begins as a sentence does, and in lines of a length that can be read. */
static void usage_roff_text(const char *text, FILE *out)
{
	size_t column = 0;
	bool bold = false;
	char first = (char)toupper((unsigned char)*text);

	for (const char *word = text; *word;) {
		size_t len = strcspn(word, " ");

		if (column && column + len > USAGE_WIDTH) {
			putc('\n', out);
			column = 0;
		}
		if (column)
			putc(' ', out);
		if (word == text) {
			usage_roff_word(&first, 1, &bold, out);
			usage_roff_word(word + 1, len - 1, &bold, out);
		} else {
			usage_roff_word(word, len, &bold, out);
		}
		column += len + 1;
		word += len + strspn(word + len, " ");
	}
}

void usage_roff(const struct option_entry *entries, FILE *out)
{
	for (; entries && entries->name; entries++) {
		bool bold = false;

		if (!entries->help)
			continue;
		fputs(".TP\n.B ", out);
		usage_roff_word("--", 2, &bold, out);
		usage_roff_word(entries->name, strlen(entries->name), &bold, out);
		if (entries->value) {
			fputs(" \\fI", out);
			usage_roff_word(entries->value, strlen(entries->value), &bold, out);
			fputs("\\fP", out);
		}
		putc('\n', out);
		usage_roff_text(entries->help, out);
		fputs(".\n", out);
		if (entries->more) {
			usage_roff_text(entries->more, out);
			putc('\n', out);
		}
	}
}
