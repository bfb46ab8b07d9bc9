// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch rules --for PROGRAM`: what a token looks like, in the language of another program: for where this one does not run.
 *
 * All families in one expression, made from the same numbers as the matcher (detect/wide.h). The tests try it with the programs that Debian
 * has, and compare.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "detect/mask.h"
#include "detect/wide.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <stdio.h>
#include <string.h>

#define RULES_TEXT(number) RULES_TEXT_OF(number)
#define RULES_TEXT_OF(number) #number

/* An extended regular expression, as POSIX, RE2, PCRE and Hyperscan have it: the identifier, and the secret portion behind its dot. */
#define RULES_IDENTIFIER \
	"dt0[a-zA-Z][0-9]{2}\\.[a-zA-Z0-9-]{" RULES_TEXT(WIDE_PUBLIC_MIN) "," RULES_TEXT(WIDE_PUBLIC_MAX) "}"
#define RULES_SECRET "[A-Z0-9]{" RULES_TEXT(TOKEN_SECRET_LEN) "}"
#define RULES_TOKEN RULES_IDENTIFIER "\\." RULES_SECRET

static const struct {
	const char *name, *text;
} rules_languages[] = {
	{"sed", "# sed -E -f FILE\ns/(" RULES_IDENTIFIER ")\\." RULES_SECRET "/\\1." MASK_TEXT "/g\n"},
	{"git-secrets", RULES_TOKEN "\n"},
	{"github", RULES_TOKEN "\n"},
	{"gitleaks", "[extend]\nuseDefault = true\n\n"
		     "[[rules]]\nid = \"dynatrace-token\"\ndescription = \"Dynatrace token\"\n"
		     "regex = '''" RULES_TOKEN "'''\nkeywords = [\"dt0\"]\n"},
	{"trufflehog", "detectors:\n- name: DynatraceToken\n  keywords: [dt0]\n"
		       "  regex:\n    token: '" RULES_TOKEN "'\n"},
};

#define RULES_LANGUAGES (sizeof(rules_languages) / sizeof(*rules_languages))

static int rules_print(const char *name)
{
	const char *words[RULES_LANGUAGES];
	size_t index;

	for (size_t i = 0; i < RULES_LANGUAGES; i++)
		words[i] = rules_languages[i].name;
	if (options_choice(&command_rules, "--for", name, words, RULES_LANGUAGES, &index))
		return EXIT_CODE_USAGE;
	fputs(rules_languages[index].text, stdout);
	return EXIT_CODE_OK;
}

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry rules_entries[] = {
	{.name = "for", .value = "PROGRAM", .id = OPTION_OWN,
	 .help = "sed, git-secrets, github, gitleaks or trufflehog"},
	{0},
};
/* clang-format on */

static int rules_main(int argc, char **argv)
{
	const char *name = NULL;
	struct options_reader reader;
	int option;

	options_begin(&command_rules, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_OWN:
			name = optarg;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "rules", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (name && optind == argc)
		return rules_print(name);
	log_error("use 'spillwatch rules --for PROGRAM'; see 'spillwatch help rules'");
	return EXIT_CODE_USAGE;
}

/* clang-format off */
const struct command command_rules = {
	.name = "rules",
	.summary = "print what a token looks like, for other programs",
	.usage =
		"Usage: spillwatch rules --for PROGRAM\n\n"
		"Prints what a token looks like, in the language of another program:\n\n"
		"  sed            a script that masks: sed -E -f FILE\n"
		"  git-secrets    a pattern: git secrets --add-provider -- spillwatch rules --for git-secrets\n"
		"  github         the expression of a custom pattern of secret scanning\n"
		"  gitleaks       a configuration that extends the one it has\n"
		"  trufflehog     a configuration with a custom detector\n",
	.options = rules_entries,
	.main = rules_main,
};
/* clang-format on */
