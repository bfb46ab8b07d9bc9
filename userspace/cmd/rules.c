// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch rules --for PROGRAM`: what a token looks like, in the language of another program: for where this one does not run.
 *
 * All families in one expression, an agent's in another, made from the same numbers as the matcher (detect/wide.h). The tests try it with the programs that Debian
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

#define RULES_PUBLIC_LEN "{" RULES_TEXT(WIDE_PUBLIC_MIN) "," RULES_TEXT(WIDE_PUBLIC_MAX) "}"
#define RULES_SECRET_LEN "{" RULES_TEXT(TOKEN_SECRET_LEN) "}"

/* What is said of each kind of token: that of all families, and an agent's. Extended regular expressions, as POSIX, RE2, PCRE and Hyperscan have them. */
struct rules_family {
	const char *prefix, *secret; /* an expression, and a class of characters */
	const char *lua_prefix, *lua_secret; /* likewise; Lua's patterns have no counts */
	const char *name, *title, *class; /* behind others of these */
};

static const struct rules_family rules_families[] = {
	{"dt0[a-zA-Z][0-9]{2}", "A-Z0-9", "dt0%a%d%d", "[%u%d]+", "", "", ""},
	{TOKEN_AGENT_PREFIX, "0-9a-f", TOKEN_AGENT_PREFIX, "[a-f%d]+", "-agent", " of an agent", "Agent"},
};

/*
 * In these texts stand for a kind: @p its prefix, @s its class of secret portions, @P and @S the same for Lua, @n its name, @t its title, @c
 * its class, @e how many bits a character has after the point; @, a comma, but before the first one.
 */
#define RULES_PUBLIC "[a-zA-Z0-9-]" RULES_PUBLIC_LEN
#define RULES_SECRET "[@s]" RULES_SECRET_LEN
#define RULES_IDENTIFIER "@p\\." RULES_PUBLIC
#define RULES_TOKEN RULES_IDENTIFIER "\\." RULES_SECRET

/* rsyslog knows no replacement of all: the last one is cut off, as often as it may be there in a message. */
#define RULES_RSYSLOG_TOKEN "^(.*)(@p[.]" RULES_PUBLIC ")[.]" RULES_SECRET "(.*)$"
#define RULES_RSYSLOG_PART(number) "re_extract($.rest, '" RULES_RSYSLOG_TOKEN "', 0, " #number ", \"\")"
#define RULES_RSYSLOG_ONE                                                                        \
	"if re_match($.rest, '" RULES_RSYSLOG_TOKEN "') then {\n"                                \
	"  set $.masked = " RULES_RSYSLOG_PART(2) " & \"." MASK_TEXT "\" & " RULES_RSYSLOG_PART( \
		3) " & $.masked;\n"                                                              \
		   "  set $.rest = " RULES_RSYSLOG_PART(1) ";\n"                                 \
							   "}\n"

/* a text is as wide as it is */
/* clang-format off */
#define RULES_FLUENT_BIT                                                                              \
	"}\n\n"                                                                                       \
	"local function mask(text, kind)\n"                                                           \
	"  local out, at, start = {}, 1, 1\n"                                                         \
	"  while true do\n"                                                                           \
	"    local from, _, id, public, secret = text:find(kind, at)\n"                               \
	"    if not from then break end\n"                                                            \
	"    at = from + 1\n"                                                                         \
	"    if #public >= " RULES_TEXT(WIDE_PUBLIC_MIN) " and #public <= " RULES_TEXT(WIDE_PUBLIC_MAX) \
	" and #secret >= " RULES_TEXT(TOKEN_SECRET_LEN) " then\n"                                     \
	"      out[#out + 1] = text:sub(start, from - 1) .. id .. \"." MASK_TEXT "\"\n"               \
	"      start = from + #id + 1 + " RULES_TEXT(TOKEN_SECRET_LEN) "\n"                           \
	"      at = start\n"                                                                          \
	"    end\n"                                                                                   \
	"  end\n"                                                                                     \
	"  if #out == 0 then return text, false end\n"                                                \
	"  return table.concat(out) .. text:sub(start), true\n"                                       \
	"end\n\n"                                                                                     \
	"local function mask_all(text)\n"                                                             \
	"  local changed = false\n"                                                                   \
	"  for _, kind in ipairs(kinds) do\n"                                                         \
	"    local one\n"                                                                             \
	"    text, one = mask(text, kind)\n"                                                          \
	"    changed = changed or one\n"                                                              \
	"  end\n"                                                                                     \
	"  return text, changed\n"                                                                    \
	"end\n\n"                                                                                     \
	"local function walk(record)\n"                                                               \
	"  local changed = false\n"                                                                   \
	"  for key, value in pairs(record) do\n"                                                      \
	"    local one = false\n"                                                                     \
	"    if type(value) == \"string\" then record[key], one = mask_all(value) end\n"              \
	"    if type(value) == \"table\" then one = walk(value) end\n"                                \
	"    changed = changed or one\n"                                                              \
	"  end\n"                                                                                     \
	"  return changed\n"                                                                          \
	"end\n\n"                                                                                     \
	"function mask_tokens(tag, timestamp, record)\n"                                              \
	"  return walk(record) and 2 or 0, timestamp, record\n"                                       \
	"end\n"

static const struct {
	const char *name, *head, *each, *tail; /* `each` once for each kind that is asked for */
} rules_languages[] = {
	{"sed", "# sed -E -f FILE\n", "s/(" RULES_IDENTIFIER ")\\." RULES_SECRET "/\\1." MASK_TEXT "/g\n", ""},
	{"git-secrets", "", RULES_TOKEN "\n", ""},
	{"github", "", RULES_TOKEN "\n", ""},
	{"gitleaks", "[extend]\nuseDefault = true\n",
	 "\n[[rules]]\nid = \"dynatrace@n-token\"\ndescription = \"Dynatrace token@t\"\n"
	 "regex = '''" RULES_TOKEN "'''\nkeywords = [\"dt0\"]\n", ""},
	{"trufflehog", "detectors:\n",
	 "- name: Dynatrace@cToken\n  keywords: [dt0]\n  regex:\n    token: '" RULES_TOKEN "'\n", ""},
	{"kingfisher", "rules:\n",
	 "  - name: Dynatrace token@t\n    id: custom.dynatrace@n.1\n    pattern: '(" RULES_TOKEN ")'\n"
	 "    min_entropy: 3@e\n    confidence: high\n    examples: []\n", ""},
	{"detect-secrets",
	 "import re\n\nfrom detect_secrets.plugins.base import RegexBasedDetector\n\n\n"
	 "class DynatraceTokenDetector(RegexBasedDetector):\n"
	 "    secret_type = \"Dynatrace token\"\n    denylist = [",
	 "@,re.compile(r\"" RULES_TOKEN "\")", "]\n"},
	{"rsyslog",
	 "# before the actions; they then write $.masked in place of $msg, as this template does\n"
	 "template(name=\"masked\" type=\"string\" string=\"%timereported:::date-rfc3339% %hostname% "
	 "%syslogtag%%$.masked%\\n\")\n"
	 "set $.masked = $msg;\n",
	 "set $.rest = $.masked;\nset $.masked = \"\";\n"
	 RULES_RSYSLOG_ONE RULES_RSYSLOG_ONE RULES_RSYSLOG_ONE RULES_RSYSLOG_ONE
	 "# there are more than can be masked so\n"
	 "if re_match($.rest, '" RULES_RSYSLOG_TOKEN "') then set $.rest = \"" MASK_TEXT "\";\n"
	 "set $.masked = $.rest & $.masked;\n", ""},
	{"fluent-bit",
	 "-- [FILTER]\n--     name   lua\n--     match  *\n--     script FILE\n--     call   mask_tokens\n"
	 "local kinds = {\n", "  \"(@P%.([%w%-]+))%.(@S)\",\n", RULES_FLUENT_BIT},
	/* what is a variable of the environment to Vector has two dollars */
	{"vector", "transforms:\n  masked:\n    type: remap\n    inputs: [SOURCE]\n    source: |\n",
	 "      . = map_values(., recursive: true) -> |value| {\n"
	 "        if is_string(value) {\n"
	 "          replace(string!(value), r'(?P<id>" RULES_IDENTIFIER ")\\." RULES_SECRET
	 "', \"$${id}." MASK_TEXT "\")\n"
	 "        } else {\n          value\n        }\n      }\n", ""},
	/* RE2, without greedy repetition, as is asked for; what is in parentheses is replaced */
	{"dynatrace-oneagent", "[\n",
	 "@,  {\n    \"schemaId\": \"builtin:logmonitoring.sensitive-data-masking-settings\",\n"
	 "    \"scope\": \"environment\",\n    \"value\": {\n      \"enabled\": true,\n"
	 "      \"config-item-title\": \"Dynatrace tokens@t\",\n      \"masking\": {\n"
	 "        \"type\": \"STRING\",\n"
	 "        \"expression\": \"@p[.]" RULES_PUBLIC "?[.](" RULES_SECRET ")\",\n"
	 "        \"replacement\": \"" MASK_TEXT "\"\n      },\n      \"matchers\": []\n    }\n  }\n", "]\n"},
};
/* clang-format on */

#define RULES_LANGUAGES (sizeof(rules_languages) / sizeof(*rules_languages))

static const char *rules_word(const struct rules_family *family, char letter)
{
	switch (letter) {
	case 'p':
		return family->prefix;
	case 's':
		return family->secret;
	case 'P':
		return family->lua_prefix;
	case 'S':
		return family->lua_secret;
	case 'n':
		return family->name;
	case 't':
		return family->title;
	case 'c':
		return family->class;
	case 'e':
		return family == rules_families ? ".5" : ".0";
	default:
		return family == rules_families ? "" : ", ";
	}
}

static void rules_each(const char *text, const struct rules_family *family)
{
	const char *mark;

	for (; (mark = strchr(text, '@')); text = mark + 2)
		printf("%.*s%s", (int)(mark - text), text, rules_word(family, mark[1]));
	fputs(text, stdout);
}

static int rules_print(const char *name, bool agent)
{
	const char *words[RULES_LANGUAGES];
	size_t index;

	for (size_t i = 0; i < RULES_LANGUAGES; i++)
		words[i] = rules_languages[i].name;
	if (options_choice(&command_rules, "--for", name, words, RULES_LANGUAGES, &index))
		return EXIT_CODE_USAGE;
	fputs(rules_languages[index].head, stdout);
	for (size_t i = 0; i < (agent ? 2 : 1); i++)
		rules_each(rules_languages[index].each, &rules_families[i]);
	fputs(rules_languages[index].tail, stdout);
	return EXIT_CODE_OK;
}

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry rules_entries[] = {
	{.name = "for", .value = "PROGRAM", .id = OPTION_OWN,
	 .help = "one of these"},
	{.name = "formats", .value = "default|agent", .id = OPTION_FORMATS,
	 .help = "agent: of agents' tokens (dt0a01, hexadecimal) as well"},
	{0},
};
/* clang-format on */

static int rules_main(int argc, char **argv)
{
	const char *name = NULL;
	struct options_reader reader;
	bool agent = false;
	int option;

	options_begin(&command_rules, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_OWN:
			name = optarg;
			break;
		case OPTION_FORMATS:
			if (options_formats(&command_rules, &agent))
				return EXIT_CODE_USAGE;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "rules", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (name && optind == argc)
		return rules_print(name, agent);
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
		"  trufflehog     a configuration with a custom detector\n"
		"  kingfisher     a file of rules\n"
		"  detect-secrets a plugin: detect-secrets scan -p FILE\n"
		"  rsyslog        statements that mask a message into $.masked\n"
		"  fluent-bit     a script of its filter lua, which masks\n"
		"  vector         a transform that masks; its inputs are to be named\n"
		"  dynatrace-oneagent\n"
		"                 masking at capture, for the settings API (POST /api/v2/settings/objects)\n",
	.options = rules_entries,
	.main = rules_main,
};
/* clang-format on */
