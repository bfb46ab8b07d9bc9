// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * YAML → options and rules.
 *
 * Invariant: what is in force has no mistake in it. What the options borrow stays for as long as the first configuration does; a
 * later one puts rules and outputs in the place of its.
 */
#include "cmd/config.h"

#include "cmd/config_outputs.h"
#include "cmd/options.h"
#include "cmd/run.h"
#include "engine/pipeline.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "rules/file.h"
#include "rules/nearest.h"
#include "rules/tree.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <string.h>

#define CONFIG_RULES_D "rules.d"
#define CONFIG_RULES "rules"
#define CONFIG_OUTPUTS "outputs"

enum config_kind {
	CONFIG_VALUE,
	CONFIG_LIST, /* or several values, which the option has by commas */
	CONFIG_SWITCH, /* true or false, which the option has as on and off */
	CONFIG_FLAG, /* true, which the option has by being there */
};

/* What a configuration sets: the long options, with _ for -. */
static const struct config_key {
	const char *name;
	enum config_kind kind;
	bool run; /* only `run` has it */
	bool live; /* may change while it runs */
} config_keys[] = {
	{"alerts", CONFIG_VALUE, false, true},
	{"alerts_bytes", CONFIG_VALUE, false, true},
	{"output", CONFIG_VALUE, false, true},
	{"attach", CONFIG_VALUE, false, false},
	{"socket", CONFIG_VALUE, false, true},
	{"watch", CONFIG_LIST, false, false},
	{"inspect_bytes", CONFIG_VALUE, false, false},
	{"ring_bytes", CONFIG_VALUE, false, false},
	{"procfs", CONFIG_VALUE, false, false},
	{"host_root", CONFIG_VALUE, false, false},
	{"store", CONFIG_VALUE, false, false},
	{"no_store", CONFIG_FLAG, false, false},
	{"store_days", CONFIG_VALUE, false, true},
	{"store_bytes", CONFIG_VALUE, false, true},
	{"net", CONFIG_SWITCH, false, false},
	{"formats", CONFIG_VALUE, false, false},
	{"decode", CONFIG_FLAG, false, false},
	{"cgroup", CONFIG_VALUE, true, false},
	{"duration", CONFIG_VALUE, true, false},
	{"user", CONFIG_VALUE, true, false},
	{"pin", CONFIG_VALUE, true, false},
	{"no_pin", CONFIG_FLAG, true, false},
	{"pin_seconds", CONFIG_VALUE, true, false},
	{"metrics", CONFIG_VALUE, true, false},
};

#define CONFIG_KEYS (sizeof(config_keys) / sizeof(*config_keys))
/* With rules and outputs. */
#define CONFIG_KNOWN (CONFIG_KEYS + 2)

struct config_file {
	char *path;
	struct tree_node *root; /* NULL: there is nothing in it */
};

struct config {
	char *given; /* NULL: CONFIG_PATH */
	struct config_file *files; /* the first is spillwatch.yaml */
	size_t file_count;
	struct rules *rules;
	struct output_spec *outputs;
	size_t output_count;
	struct config *later; /* whose rules are in force instead */
	struct config *serving; /* whose outputs are; NULL: our own; may be the same */
};

void config_free(struct config *config)
{
	if (!config)
		return;
	if (config->serving != config->later)
		config_free(config->serving);
	config_free(config->later);
	rules_free(config->rules);
	config_outputs_free(config->outputs, config->output_count);
	for (size_t i = 0; i < config->file_count; i++) {
		tree_free(config->files[i].root);
		free(config->files[i].path);
	}
	free(config->files);
	free(config->given);
	free(config);
}

const struct rules *config_rules(const struct config *config)
{
	return config->rules;
}

void config_use(const struct config *config, struct pipeline_options *options)
{
	options->rules = config->rules;
	options->outputs = config->outputs;
	options->output_count = config->output_count;
}

const char *config_path(const struct config *config)
{
	return config->given ? config->given : CONFIG_PATH;
}

/* Which keys may stand at the top. Returns how many. */
static size_t config_known(bool main, const char *ret_known[CONFIG_KNOWN])
{
	size_t count = 0;

	ret_known[count++] = CONFIG_RULES;
	if (main)
		ret_known[count++] = CONFIG_OUTPUTS;
	for (size_t i = 0; main && i < CONFIG_KEYS; i++)
		ret_known[count++] = config_keys[i].name;
	return count;
}

static void config_check_keys(const struct tree_node *root, bool main, struct problems *problems)
{
	const char *known[CONFIG_KNOWN];
	size_t count = config_known(main, known), i;

	for (const struct tree_node *node = root->first; node; node = node->next) {
		const char *nearest;

		for (i = 0; i < count && strcmp(node->key, known[i]) != 0; i++)
			;
		if (i < count)
			continue;
		nearest = nearest_word(node->key, known, count);
		problems_add(problems, &node->key_place, "there is no setting '%.60s'%s%s%s%s", node->key,
			     main ? "" : " in a file of rules, which has rules only",
			     nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
	}
}

static int config_compile(struct config *config, const struct config_file *file, bool main,
			  struct problems *problems)
{
	const struct tree_node *root = file->root, *rules, *outputs;
	int r = 0;

	if (!root || (root->kind == TREE_SCALAR && !*root->text))
		return 0;
	if (root->kind != TREE_MAP) {
		problems_add(problems, &root->place, "expected settings (name: value), found %s",
			     tree_kind_text(root));
		return 0;
	}
	config_check_keys(root, main, problems);
	rules = tree_find(root, CONFIG_RULES);
	outputs = main ? tree_find(root, CONFIG_OUTPUTS) : NULL;
	if (rules)
		r = rules_add(config->rules, rules, problems);
	if (r == 0 && outputs)
		r = config_outputs_read(outputs, problems, &config->outputs, &config->output_count);
	return r;
}

/* Reads one file; which one is taken over. */
static int config_file(struct config *config, char *path, bool main, struct problems *problems)
{
	struct config_file *more = realloc(config->files, (config->file_count + 1) * sizeof(*more));
	struct problem_place place = {.file = path};
	AUTO_FREE char *text = NULL;
	size_t len;
	int r;

	if (!more) {
		free(path);
		return -ENOMEM;
	}
	config->files = more;
	more += config->file_count++;
	*more = (struct config_file){.path = path};
	r = rules_file_read(path, &text, &len);
	if (r == -ENOENT && main && !config->given)
		return 0;
	if (r < 0 && r != -ENOMEM)
		problems_add(problems, &place, "can't be used: %s", rules_file_error(r));
	if (r == 0)
		r = tree_read(path, text, len, problems, &more->root);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return config_compile(config, more, main, problems);
}

/* The rules beside a file. */
static int config_directory(struct config *config, struct problems *problems)
{
	AUTO_FREE char *copy = strdup(config_path(config));
	AUTO_FREE char *directory = NULL;
	struct problem_place place;
	size_t count;
	char **paths;
	int r;

	if (!copy || asprintf(&directory, "%s/%s", dirname(copy), CONFIG_RULES_D) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	r = rules_file_list(directory, &paths, &count);
	if (r < 0) {
		place = (struct problem_place){.file = directory};
		problems_add(problems, &place, "can't be used: %s",
			     r == -EFBIG ? "there are too many files in it" : rules_file_error(r));
		return r == -ENOMEM ? r : 0;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = config_file(config, TAKE(paths[i]), false, problems);
	rules_file_free_list(paths, count);
	return r;
}

int config_read(const char *path, struct problems *problems, struct config **ret_config)
{
	struct config *config = calloc(1, sizeof(*config));
	char *main = NULL;
	int r = 0;

	if (!config)
		return -ENOMEM;
	config->rules = rules_new();
	config->given = path ? strdup(path) : NULL;
	if (!config->rules || (path && !config->given) || !(main = strdup(config_path(config))))
		r = -ENOMEM;
	if (r == 0)
		r = config_file(config, main, true, problems);
	if (r == 0)
		r = config_directory(config, problems);
	if (r < 0) {
		config_free(config);
		return r;
	}
	*ret_config = config;
	return 0;
}

/* What an option says of a value: "--ring-bytes takes a power of two …; see 'spillwatch help run'". */
struct config_complaint {
	const struct tree_node *node;
	struct problems *problems;
};

static void config_complain(void *context, const char *text)
{
	const struct config_complaint *complaint = context;
	const char *what = strchr(text, ' ');
	const char *end = strstr(text, "; see 'spillwatch help");

	what = what ? what + 1 : text;
	problems_add(complaint->problems, &complaint->node->place, "%s %.*s", complaint->node->key,
		     (int)(end ? end - what : (ptrdiff_t)strlen(what)), what);
}

/* Several values as one, by commas (malloc'ed). */
static char *config_join(const struct tree_node *node, struct problems *problems)
{
	AUTO_FREE char *all = NULL;

	for (const struct tree_node *one = node->first; one; one = one->next) {
		char *more;

		if (one->kind != TREE_SCALAR) {
			problems_add(problems, &one->place, "%s: expected a value, found %s", node->key,
				     tree_kind_text(one));
			return NULL;
		}
		if (asprintf(&more, "%s%s%s", all ? all : "", all ? "," : "", one->text) < 0)
			return NULL;
		free(all);
		all = more;
	}
	return TAKE(all);
}

static bool config_is(const struct tree_node *node, const char *one, const char *other)
{
	return strcmp(node->text, one) == 0 || strcmp(node->text, other) == 0;
}

static const struct option *config_option(const struct options_reader *reader, const char *name)
{
	for (const struct option *option = reader->table; option->name; option++) {
		const char *a = option->name, *b = name;

		while (*a && (*a == *b || (*a == '-' && *b == '_'))) {
			a++;
			b++;
		}
		if (!*a && !*b)
			return option;
	}
	return NULL;
}

/* What the option gets for a setting, in optarg. Returns whether it is to be handed on. */
static bool config_value(const struct config_key *key, const struct tree_node *node, char **joined,
			 struct problems *problems)
{
	static char on[] = "on", off[] = "off";

	if (node->kind == TREE_LIST && key->kind == CONFIG_LIST && node->first) {
		optarg = *joined = config_join(node, problems);
		return optarg;
	}
	if (node->kind != TREE_SCALAR) {
		problems_add(problems, &node->place, "%s: expected a value, found %s", node->key,
			     tree_kind_text(node));
		return false;
	}
	if (!*node->text) {
		problems_add(problems, &node->place, "%s: expected a value, found nothing", node->key);
		return false;
	}
	optarg = node->text;
	if (key->kind == CONFIG_SWITCH && config_is(node, "on", "true"))
		optarg = on;
	if (key->kind == CONFIG_SWITCH && config_is(node, "off", "false"))
		optarg = off;
	if (key->kind != CONFIG_FLAG || config_is(node, "true", "yes"))
		return true;
	if (!config_is(node, "false", "no"))
		problems_add(problems, &node->place, "%s: expected true or false, found '%.60s'", node->key,
			     node->text);
	return false;
}

static void config_set_one(const struct config_key *key, const struct tree_node *node,
			   const struct config_taker *taker, void *context, struct problems *problems)
{
	struct options_reader reader;
	const struct option *option;
	struct config_complaint complaint = {node, problems};
	AUTO_FREE char *joined = NULL;

	options_begin(taker->command, &reader);
	option = config_option(&reader, key->name);
	if (!config_value(key, node, &joined, problems) || !option || (key->run && !taker->run))
		return;
	options_wrong_to(config_complain, &complaint);
	taker->take(context, option->val);
	options_wrong_to(NULL, NULL);
}

void config_set(const struct config *config, const struct config_taker *taker, void *context,
		struct problems *problems)
{
	const struct tree_node *root = config->files[0].root;

	for (const struct tree_node *node = root && root->kind == TREE_MAP ? root->first : NULL; node;
	     node = node->next)
		for (size_t i = 0; i < CONFIG_KEYS; i++)
			if (strcmp(config_keys[i].name, node->key) == 0)
				config_set_one(&config_keys[i], node, taker, context, problems);
}

/* What a command line has for --config. Returns whether help was asked for instead. */
static bool config_find(int argc, char **argv, const struct config_taker *taker, const char **ret_path)
{
	struct options_reader reader;
	int option;
	bool help = false;

	options_begin(taker->command, &reader);
	while ((option = getopt_long(argc, argv, options_letters(taker->command), reader.table, NULL)) !=
	       -1) {
		help |= option == 'h';
		if (option == OPTION_CONFIG)
			*ret_path = optarg;
	}
	return help;
}

int config_load(int argc, char **argv, const struct config_taker *taker, void *context,
		struct config **ret_config)
{
	struct problems problems = {0};
	struct config *config = NULL;
	const char *path = NULL;
	bool help = config_find(argc, argv, taker, &path);
	size_t wrong;
	int r;

	*ret_config = NULL;
	if (help || (!taker->run && !path))
		return 0;
	r = config_read(path, &problems, &config);
	if (r < 0) {
		log_error("out of memory");
		problems_free(&problems);
		return EXIT_CODE_RUNTIME;
	}
	config_set(config, taker, context, &problems);
	wrong = problems.count;
	problems_log(&problems);
	problems_free(&problems);
	if (wrong) {
		config_free(config);
		return EXIT_CODE_CONFIG;
	}
	*ret_config = config;
	return 0;
}

/* Is it the same, with what comes behind it? */
static bool config_same(const struct tree_node *a, const struct tree_node *b)
{
	for (; a && b; a = a->next, b = b->next) {
		bool key = a->key && b->key;

		if (a->kind != b->kind || (key && strcmp(a->key, b->key) != 0))
			return false;
		if ((a->text && strcmp(a->text, b->text) != 0) || !config_same(a->first, b->first))
			return false;
	}
	return !a && !b;
}

static const struct tree_node *config_setting(const struct config *config, const char *name)
{
	const struct tree_node *root = config->files[0].root;

	return root && root->kind == TREE_MAP ? tree_find(root, name) : NULL;
}

/* One setting's value, whatever stands behind it. */
static bool config_same_value(const struct tree_node *a, const struct tree_node *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && (!a->text || strcmp(a->text, b->text) == 0) &&
	       config_same(a->first, b->first);
}

/* Names of the settings that are not those of the start, by commas: they need a restart. Returns whether there are any. */
static bool config_changed(const struct config *start, const struct config *now, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < CONFIG_KEYS && len < size; i++) {
		const struct config_key *key = &config_keys[i];

		if (!key->live &&
		    !config_same_value(config_setting(start, key->name), config_setting(now, key->name)))
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", key->name);
	}
	return *text;
}

/* What has a place in force is kept, and what has none any more is freed. */
static void config_put(struct config *config, struct config *new, bool outputs)
{
	struct config *later = config->later, *serving = config->serving;

	config->later = new;
	if (outputs)
		config->serving = new;
	if (serving != later && outputs)
		config_free(serving);
	if (later != config->serving)
		config_free(later);
}

void config_reload(struct config *config, config_apply apply, void *context)
{
	const struct config *old = config->later ? config->later : config;
	struct problems problems = {0};
	struct config *new = NULL;
	bool outputs = false, wrong;
	char changed[512];
	int r = config_read(config->given, &problems, &new);

	if (r == 0)
		run_try(new, true, &problems);
	wrong = r < 0 || problems.count;
	problems_log(&problems);
	problems_free(&problems);
	if (!wrong)
		wrong = apply(context, new, &outputs) < 0;
	if (wrong) {
		log_error("the configuration is not used%s; the %zu rules that were in force still are",
			  r < 0 ? ": out of memory" : "", rules_count(old->rules));
		config_free(new);
		return;
	}
	if (config_changed(config, new, changed, sizeof(changed)))
		log_warning("needs a restart: %s; until then it is as it was at the start", changed);
	config_put(config, new, outputs);
	log_note("the configuration was read anew: %zu rules are in force", rules_count(new->rules));
}
