/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules, compiled: which alerts are expected, and how grave the others are. The first rule that matches decides. Nothing is changed
 * once they are read, so who reads them anew makes others and puts them in their place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/glob.h"
#include "rules/problems.h"
#include "alert/alert.h"
#include "bounds.h"

enum rules_kind {
	RULES_TEXT, /* patterns, * stands for anything */
	RULES_PATH, /* patterns of paths */
	RULES_WORD, /* one of some words */
};

/*
 * What a rule may ask of an alert.
 * X(id, key, enum rules_kind, words or "", what is asked)
 */
#define RULES_KEYS(X)                                                                                 \
	X(EXECUTABLE, "executable", PATH, "", "path of the executable, as the process sees it")       \
	X(PROCESS, "process", TEXT, "", "name of the process, 15 bytes at most")                      \
	X(SCRIPT, "script", PATH, "", "the file that an interpreter runs, as it was named to it")     \
	X(ARGUMENTS, "arguments", TEXT, "", "command line, arguments joined by spaces")               \
	X(PARENT, "parent", TEXT, "", "name of the parent")                                           \
	X(ANCESTOR, "ancestor", TEXT, "", "name of the parent, or of any process above it")           \
	X(USER, "user", TEXT, "", "name or number of the user")                                       \
	X(UNIT, "unit", TEXT, "", "systemd's unit")                                                   \
	X(PATH, "path", PATH, "", "path of the file, as the process sees it")                         \
	X(HOST_PATH, "host_path", PATH, "", "path of the file, as the host sees it")                  \
	X(PLACE, "place", WORD, "layer volume host", "where the file is")                             \
	X(CONTAINER, "container", TEXT, "", "name or id of the container, its pod, or NAMESPACE/POD") \
	X(IMAGE, "image", TEXT, "", "the container's image")                                          \
	X(NAMESPACE, "namespace", TEXT, "", "the pod's namespace")                                    \
	X(POD, "pod", TEXT, "", "the pod's name")                                                     \
	X(RUNTIME, "runtime", TEXT, "", "what runs the container")                                    \
	X(PREFIX, "prefix", TEXT, "", "the token's first component")                                  \
	X(TOKEN, "token", TEXT, "", "the token's identifier")                                         \
	X(PLACEHOLDER, "placeholder", WORD, "true false", "whether the token looks like an example")  \
	X(CALL, "call", TEXT, "", "the system call")                                                  \
	X(SEEN_BY, "seen_by", WORD, "buffer page_cache writeback file_read", "how the token was found")

enum rules_key {
#define RULES_KEY(id, name, kind, words, text) RULES_KEY_##id,
	RULES_KEYS(RULES_KEY)
#undef RULES_KEY
		RULES_KEY_MAX
};

/* event.severity of the words that a rule may use. */
#define RULES_SEVERITIES(X) \
	X(low, 21)          \
	X(medium, 47)       \
	X(high, 73)         \
	X(critical, 99)

/* Bytes of a rule's name, and of its reason. */
#define RULES_NAME_MAX 128
#define RULES_REASON_MAX 256

/* Of all files. */
#define RULES_MAX 10000UL

/* Texts that an alert has: more than one for some keys. */
#define RULES_TEXTS (RULES_KEY_MAX + 9 + LIMIT_ANCESTORS)

/* An alert as rules see it. Its texts are borrowed; what is found out of them on the way is kept. */
struct rules_facts {
	struct glob_text texts[RULES_TEXTS];
	size_t count;
	uint8_t first[RULES_KEY_MAX], last[RULES_KEY_MAX]; /* of a key: [first, last) of texts */
	char uid[16];
	char pod[640]; /* NAMESPACE/POD */
	char image[640]; /* with its digest, or without */
};

struct rule {
	char *name;
	char *reason; /* NULL: none was given */
	struct problem_place place;
	bool allow; /* no alert; the store has it */
	bool carrier; /* passes on what others gave it: never the first writer of a leak */
	int severity; /* 0: as it is */
	int64_t until; /* microseconds since 1970; INT64_MAX: for good */
	size_t condition, condition_count;
};

struct rules;
struct tree_node;

/* rules_new() - none yet; NULL: no memory. */
struct rules *rules_new(void);
void rules_free(struct rules *rules);

size_t rules_count(const struct rules *rules);
const struct rule *rules_rule(const struct rules *rules, size_t number);

/*
 * rules_add() - compiles what stands behind `rules:`, in its order. What is wrong is added to *problems.
 * @list: its files' names have to outlive the rules; tokens_file is looked for beside them
 * Returns 0 or -ENOMEM.
 */
int rules_add(struct rules *rules, const struct tree_node *list, struct problems *problems);

/* rules_add_match() - one rule without a name, of what stands behind a `match:` elsewhere. Likewise. */
int rules_add_match(struct rules *rules, const struct tree_node *match, struct problems *problems);

/* rules_ask() - whether any of them asks for this. */
bool rules_ask(const struct rules *rules, enum rules_key key);

/* What became of an alert. */
struct rules_decision {
	const struct rule *rule; /* that decides; NULL: the alert goes out as it is */
	const struct rule *expired; /* that would have before, and whose time is over; NULL: none */
	unsigned int looks; /* conditions that were looked at */
};

/* rules_decide() - the first rule that matches. @now: microseconds since 1970 */
struct rules_decision rules_decide(const struct rules *rules, struct rules_facts *facts, int64_t now);

/*
 * rules_why() - in words, how the rule matches: "executable is /usr/bin/kubelet, path matches /var/lib/…". The rule has to.
 * Returns 0 and *ret_text (malloc'ed), or -ENOMEM.
 */
int rules_why(const struct rules *rules, const struct rule *rule, struct rules_facts *facts, char **ret_text);

/* rules_facts_add() - one more text of a key; NULL: nothing. All of a key have to be added in a row. */
void rules_facts_add(struct rules_facts *facts, enum rules_key key, const char *text);

/* rules_facts_claimed() - of a container whose id is somebody's word only: the key is "claimed ID", and nothing else is known. */
void rules_facts_claimed(struct rules_facts *facts, const char *id);

/* rules_facts_alert() - of an alert. Borrows from it; must not be moved. */
void rules_facts_alert(const struct alert *alert, struct rules_facts *ret_facts);

/* rules_apply() - asks the rules, and puts into alert->ruling what they say; that borrows from the rules. */
void rules_apply(const struct rules *rules, struct alert *alert);

/* rules_severity() - of such a word, or of a number from 1 to 100; 0: it is neither. */
int rules_severity(const char *text);

/* rules_severity_text() - "low" and the like, or NULL; static. */
const char *rules_severity_text(int severity);
