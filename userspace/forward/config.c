// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* YAML → receivers. All mistakes are noted and gone past. */
#include "forward/config.h"

#include "cmd/follow.h"
#include "cmd/options.h"
#include "forward/address.h"
#include "forward/credential.h"
#include "forward/spool.h"
#include "lib/cleanup.h"
#include "rules/file.h"
#include "rules/nearest.h"
#include "rules/tree.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_SHOWN 60
#define CONFIG_NAME_MAX 32
#define CONFIG_TENANT_MAX 150
#define CONFIG_HOUR_MS 3600000UL
#define CONFIG_WORDS 40

enum config_type { CONFIG_TEXT, CONFIG_PATH_NAME, CONFIG_NUMBER, CONFIG_SWITCH };

struct config_key {
	const char *name;
	size_t offset;
	unsigned long min, max;
	enum config_type type;
};

#define TOP(member) offsetof(struct forward_config, member)
#define OF(member) offsetof(struct receiver, member)

static const struct config_key config_top[] = {
	{"socket", TOP(socket), 0, 0, CONFIG_PATH_NAME},
	{"spool", TOP(spool), 0, 0, CONFIG_PATH_NAME},
	{"spool_bytes", TOP(spool_bytes), SPOOL_BYTES_MIN, SPOOL_BYTES_MAX, CONFIG_NUMBER},
	{"metrics_file", TOP(metrics_file), 0, 0, CONFIG_PATH_NAME},
};

static const struct config_key config_receiver[] = {
	{"name", OF(name), 0, 0, CONFIG_TEXT},
	{"authorization", OF(authorization), 0, 0, CONFIG_TEXT},
	{"index", OF(index), 0, 0, CONFIG_TEXT},
	{"topic", OF(topic), 0, 0, CONFIG_TEXT},
	{"tenant", OF(tenant), 0, 0, CONFIG_TEXT},
	{"credential_file", OF(credential_file), 0, 0, CONFIG_PATH_NAME},
	{"ca_file", OF(ca_file), 0, 0, CONFIG_PATH_NAME},
	{"certificate_file", OF(certificate_file), 0, 0, CONFIG_PATH_NAME},
	{"key_file", OF(key_file), 0, 0, CONFIG_PATH_NAME},
	{"plaintext", OF(plaintext), 0, 0, CONFIG_SWITCH},
	{"timeout_ms", OF(timeout), 100, CONFIG_HOUR_MS, CONFIG_NUMBER},
	{"retry_min_ms", OF(retry_min), 10, CONFIG_HOUR_MS, CONFIG_NUMBER},
	{"retry_max_ms", OF(retry_max), 10, CONFIG_HOUR_MS, CONFIG_NUMBER},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void config_take_text(void *to, const struct config_key *key, const struct tree_node *node,
			     struct problems *problems)
{
	if (!*node->text || (key->type == CONFIG_PATH_NAME && *node->text != '/'))
		problems_add(problems, &node->place, "%s: expected %s", key->name,
			     key->type == CONFIG_PATH_NAME ? "a path from / on" : "a text");
	*(const char **)to = node->text;
}

static void config_take_switch(bool *to, const struct config_key *key, const struct tree_node *node,
			       struct problems *problems)
{
	*to = strcmp(node->text, "true") == 0;
	if (!*to && strcmp(node->text, "false") != 0)
		problems_add(problems, &node->place, "%s: expected true or false", key->name);
}

/* One value into a member of *config. */
static void config_take(void *config, const struct config_key *key, const struct tree_node *node,
			struct problems *problems)
{
	void *to = (char *)config + key->offset;

	if (node->kind != TREE_SCALAR) {
		problems_add(problems, &node->place, "%s: expected a value; found %s", key->name,
			     tree_kind_text(node));
		return;
	}
	if (key->type == CONFIG_SWITCH)
		config_take_switch(to, key, node, problems);
	else if (key->type != CONFIG_NUMBER)
		config_take_text(to, key, node, problems);
	else if (!options_number(node->text, key->min, key->max, to))
		problems_add(problems, &node->place, "%s: expected a number from %lu to %lu", key->name,
			     key->min, key->max);
}

static const struct config_key *config_find(const struct config_key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void config_unknown(struct problems *problems, const struct tree_node *node, const char *where,
			   const char *const *words, size_t count)
{
	const char *nearest = nearest_word(node->key, words, count);

	problems_add(problems, &node->key_place, "%s has no '%.*s'%s%s%s", where, CONFIG_SHOWN, node->key,
		     nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static const struct receiver_kind *config_kind(const char *name)
{
	for (const struct receiver_kind *const *kind = receiver_kinds; *kind; kind++)
		if (strcmp((*kind)->name, name) == 0)
			return *kind;
	return NULL;
}

/* What a receiver may have. Returns how many. */
static size_t config_words(const char *words[CONFIG_WORDS])
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(config_receiver); i++)
		words[count++] = config_receiver[i].name;
	for (const struct receiver_kind *const *kind = receiver_kinds; *kind; kind++)
		words[count++] = (*kind)->name;
	return count;
}

static void config_receiver_key(struct receiver *receiver, const struct tree_node *node,
				struct problems *problems)
{
	const struct config_key *key = config_find(config_receiver, COUNT(config_receiver), node->key);
	const struct receiver_kind *kind = config_kind(node->key);
	const char *words[CONFIG_WORDS];

	if (key) {
		config_take(receiver, key, node, problems);
	} else if (!kind) {
		config_unknown(problems, node, "a receiver", words, config_words(words));
	} else if (receiver->kind) {
		problems_add(problems, &node->key_place, "a receiver is one thing: %s, or %s",
			     receiver->kind->name, node->key);
	} else if (node->kind != TREE_SCALAR) {
		problems_add(problems, &node->place, "%s: expected an address; found %s", node->key,
			     tree_kind_text(node));
	} else {
		receiver->kind = kind;
		receiver->target = node->text;
	}
}

/* It is in metrics and in the spool. */
static bool config_name_is_good(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name) &&
	       strlen(name) <= CONFIG_NAME_MAX;
}

static void config_check_name(const struct forward_config *config, const struct receiver *receiver,
			      const struct tree_node *node, struct problems *problems)
{
	if (!receiver->name) {
		problems_add(problems, &node->place, "a receiver needs a name, which it keeps");
		return;
	}
	if (!config_name_is_good(receiver->name))
		problems_add(problems, &node->place, "name: expected at most %d of a-z, 0-9, - and _",
			     CONFIG_NAME_MAX);
	for (size_t i = 0; i < config->count; i++)
		if (config->receivers[i].name && strcmp(config->receivers[i].name, receiver->name) == 0)
			problems_add(problems, &node->place, "another receiver has this name");
}

/* A secret in a file must be one, and of a form that can be sent. */
static void config_check_file(const char *path, const char *what, const struct tree_node *node,
			      struct problems *problems)
{
	AUTO_CREDENTIAL char *text = NULL;
	int r = path ? credential_read(path, &text) : 0;

	if (r < 0)
		problems_add(problems, &node->place, "%s: %s", what, credential_error(r));
}

/* An address that stands in a file. Returns what is wrong with it, which is static; NULL also where the file was, and that is said. */
static const char *config_check_hidden(const struct receiver *receiver, const struct tree_node *node,
				       struct problems *problems)
{
	AUTO_CREDENTIAL char *address = NULL;
	int r = credential_read(receiver->target + 1, &address);

	if (r == 0)
		return address_check(address, receiver->plaintext, receiver->kind->path);
	problems_add(problems, &node->place, "%s: %s", receiver->kind->name, credential_error(r));
	return NULL;
}

/* TLS reads it later. */
static void config_check_readable(const char *path, const char *what, const struct tree_node *node,
				  struct problems *problems)
{
	if (path && access(path, R_OK) < 0)
		problems_add(problems, &node->place, "%s: %s", what, strerror(errno));
}

static void config_check_target(const struct receiver *receiver, const struct tree_node *node,
				struct problems *problems)
{
	const char *wrong = NULL;

	if (!receiver->kind->http)
		wrong = address_check_hosts(receiver->target);
	else if (*receiver->target == '@')
		wrong = config_check_hidden(receiver, node, problems);
	else
		wrong = address_check(receiver->target, receiver->plaintext, receiver->kind->path);
	if (wrong)
		problems_add(problems, &node->place, "%s: %s", receiver->kind->name, wrong);
}

/* What is only some kinds' own. */
static void config_check_own(const struct receiver *receiver, const struct tree_node *node,
			     struct problems *problems)
{
	if (receiver->index && receiver->kind != &receiver_elasticsearch)
		problems_add(problems, &node->place, "index: only elasticsearch has it");
	if (receiver->topic && receiver->kind != &receiver_kafka)
		problems_add(problems, &node->place, "topic: only kafka has it");
	if (receiver->tenant && receiver->kind != &receiver_loki)
		problems_add(problems, &node->place, "tenant: only loki has it");
	/* it goes into a header */
	for (const char *letter = receiver->tenant; letter && *letter; letter++)
		if (*letter < ' ' || *letter == 0x7f || letter - receiver->tenant > CONFIG_TENANT_MAX) {
			problems_add(problems, &node->place,
				     "tenant: expected at most %d printable characters", CONFIG_TENANT_MAX);
			return;
		}
}

static void config_check(const struct receiver *receiver, const struct tree_node *node,
			 struct problems *problems)
{
	if (!receiver->kind) {
		problems_add(problems, &node->place,
			     "a receiver needs a kind with an address, such as webhook: https://…");
		return;
	}
	config_check_target(receiver, node, problems);
	config_check_own(receiver, node, problems);
	config_check_file(receiver->credential_file, "credential_file", node, problems);
	config_check_readable(receiver->ca_file, "ca_file", node, problems);
	config_check_readable(receiver->certificate_file, "certificate_file", node, problems);
	config_check_readable(receiver->key_file, "key_file", node, problems);
	if (receiver->authorization &&
	    strspn(receiver->authorization,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") !=
		    strlen(receiver->authorization))
		problems_add(problems, &node->place,
			     "authorization: expected a scheme, such as Bearer or Basic");
	if (receiver->retry_min > receiver->retry_max)
		problems_add(problems, &node->place, "retry_min_ms is more than retry_max_ms");
}

static void config_add_receiver(struct forward_config *config, const struct tree_node *node,
				struct problems *problems)
{
	struct receiver receiver = {
		.timeout = FORWARD_TIMEOUT_MS,
		.retry_min = FORWARD_RETRY_MIN_MS,
		.retry_max = FORWARD_RETRY_MAX_MS,
	};

	if (node->kind != TREE_MAP) {
		problems_add(problems, &node->place, "a receiver: expected a mapping; found %s",
			     tree_kind_text(node));
		return;
	}
	for (const struct tree_node *key = node->first; key; key = key->next)
		config_receiver_key(&receiver, key, problems);
	config_check_name(config, &receiver, node, problems);
	config_check(&receiver, node, problems);
	config->receivers[config->count++] = receiver;
}

static void config_receivers(struct forward_config *config, const struct tree_node *list,
			     struct problems *problems)
{
	if (list->kind != TREE_LIST || !list->first) {
		problems_add(problems, &list->place, "receivers: expected a list");
		return;
	}
	for (const struct tree_node *node = list->first; node; node = node->next) {
		if (config->count == FORWARD_RECEIVERS_MAX) {
			problems_add(problems, &node->place, "there can be %d receivers",
				     FORWARD_RECEIVERS_MAX);
			return;
		}
		config_add_receiver(config, node, problems);
	}
}

static void config_document(struct forward_config *config, struct problems *problems)
{
	static const char *const words[] = {"socket", "spool", "spool_bytes", "metrics_file", "receivers"};
	const struct tree_node *root = config->root;
	const struct problem_place nowhere = {.file = config->path};

	if (!root || root->kind != TREE_MAP || !tree_find(root, "receivers"))
		problems_add(problems, root ? &root->place : &nowhere, "expected a mapping with receivers");
	if (!root || root->kind != TREE_MAP)
		return;
	for (const struct tree_node *node = root->first; node; node = node->next) {
		const struct config_key *key = config_find(config_top, COUNT(config_top), node->key);

		if (key)
			config_take(config, key, node, problems);
		else if (strcmp(node->key, "receivers") == 0)
			config_receivers(config, node, problems);
		else
			config_unknown(problems, node, "the configuration", words, COUNT(words));
	}
}

void config_forward_free(struct forward_config *config)
{
	tree_free(config->root);
	free(config->path);
	*config = (struct forward_config){0};
}

int config_forward_read(const char *path, struct problems *problems, struct forward_config *ret_config)
{
	struct forward_config config = {
		.socket = FOLLOW_PATH,
		.spool = FORWARD_SPOOL_PATH,
		.spool_bytes = SPOOL_BYTES,
		.path = strdup(path),
	};
	AUTO_FREE char *text = NULL;
	size_t len;
	int r = config.path ? rules_file_read(path, &text, &len) : -ENOMEM;

	if (r == 0)
		r = tree_read(config.path, text, len, problems, &config.root);
	if (r == 0)
		config_document(&config, problems);
	if (r == 0 && problems->count)
		r = -EBADMSG;
	if (r < 0) {
		config_forward_free(&config);
		return r;
	}
	*ret_config = config;
	return 0;
}
