// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules: what they match, which one decides, what is wrong with them and where, and how much they look at. */
#include "alerts.h"
#include "unit.h"

#include "rules/rules.h"
#include "rules/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1800000000000000LL /* 2027-01-15 */

/* Both have to be there until the test is over. */
static struct tree_node *tree;
static struct problems problems;

static struct rules *rules_of(const char *text)
{
	struct rules *rules = rules_new();
	int r;

	tree_free(tree);
	tree = NULL;
	problems_free(&problems);
	r = tree_read("f.yaml", text, strlen(text), &problems, &tree);
	if (r == 0 && tree)
		assert_int_equal(rules_add(rules, tree, &problems), 0);
	return rules;
}

static int teardown(void **state)
{
	(void)state;
	tree_free(tree);
	tree = NULL;
	problems_free(&problems);
	return 0;
}

static struct rules *rules_good(const char *text)
{
	struct rules *rules = rules_of(text);

	if (problems.count)
		fail_msg("%s", problems.lines[0]);
	return rules;
}

static char *text(const char *borrowed)
{
	return (char *)(uintptr_t)borrowed;
}

static struct alert pod_alert(void)
{
	struct alert_spec spec = {
		.token = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX",
		.file = "/data/app.log",
		.program = "/usr/bin/python3.11",
		.container = "0123456789abcdef0123456789abcdef",
		.pod = "migrate-7",
		.host_path = "/var/lib/kubelet/pods/1/volumes/x/app.log",
		.time = NOW / 1000000,
	};
	struct alert alert = alerts_make(&spec);

	alert.process.script = text("/app/main.py");
	alert.process.unit = text("kubelet.service");
	alert.process.uid = 1000;
	alert.process.user_name = text("app");
	alert.container.image = text("registry/shop/app:v2");
	alert.file.place = "volume";
	return alert;
}

static bool matches(const char *match, const struct alert *alert)
{
	char yaml[2048];
	struct rules_facts facts;
	struct rules *rules;
	bool found;

	snprintf(yaml, sizeof(yaml), "- name: n\n  match: %s\n", match);
	rules = rules_good(yaml);
	rules_facts_alert(alert, &facts);
	found = rules_decide(rules, &facts, NOW).rule;
	rules_free(rules);
	return found;
}

/* An image has its name with the digest and without, as alerts say it without. */
static void test_image_names(void **state)
{
	static const char *const with[] = {"registry/app", "registry/app@sha256:12"};
	struct alert alert = pod_alert();

	(void)state;
	alert.container.digest = text("sha256:12");
	for (size_t i = 0; i < 2; i++) {
		alert.container.image = text(with[i]);
		assert_true(matches("{image: registry/app}", &alert));
		assert_true(matches("{image: 'registry/app@sha256:*'}", &alert));
		assert_false(matches("{image: registry/ap}", &alert));
		assert_false(matches("{image: 'sha256:12'}", &alert));
	}
	alert.container.image = NULL;
	assert_true(matches("{image: 'sha256:12'}", &alert));
	alert.container.image = text("sha256:12");
	assert_true(matches("{image: 'sha256:12'}", &alert));
	assert_false(matches("{image: 'sha256:12@*'}", &alert));
}

/* Each key, with what it matches and what it does not. */
static void test_keys(void **state)
{
	static const char *const good[] = {
		"{}",
		"{executable: /usr/bin/python3.11}",
		"{executable: '/usr/bin/python*'}",
		"{executable: [/bin/no, '**/python3.11']}",
		"{process: writer}",
		"{script: /app/*.py}",
		"{arguments: '*--now'}",
		"{parent: sh}",
		"{ancestor: sh}",
		"{ancestor: systemd}",
		"{user: app}",
		"{user: 1000}",
		"{user: [root, '1000']}",
		"{unit: kubelet.*}",
		"{path: /data/**}",
		"{host_path: /var/lib/kubelet/pods/*/volumes/**}",
		"{place: volume}",
		"{container: app}",
		"{container: 0123456789ab*}",
		"{container: 'shop/migrate-*'}",
		"{container: migrate-7}",
		"{image: 'registry/*'}",
		"{namespace: 'sh[no]p'}",
		"{pod: migrate-?}",
		"{runtime: containerd}",
		"{prefix: [dt0s16, dt0c01]}",
		"{token: dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX}",
		"{token: 'dt0c01.*'}",
		"{placeholder: false}",
		"{call: 'write*'}",
		"{seen_by: [buffer, page_cache]}",
		"{not: {user: root}}",
		"{user: app, not: {path: /etc/**, prefix: dt0s16}}",
		"{unit: '*', not: {script: /other}}",
	};
	static const char *const bad[] = {
		"{executable: python3.11}",
		"{executable: '/usr/*'}",
		"{process: write}",
		"{user: root}",
		"{user: '100'}",
		"{path: /var/lib/**}",
		"{host_path: /data/**}",
		"{place: [layer, host]}",
		"{container: shop}",
		"{container: 0123456789ab}",
		"{placeholder: true}",
		"{seen_by: writeback}",
		"{user: app, path: /etc/**}",
		"{not: {user: app}}",
		"{not: {user: root, prefix: dt0c01}}",
		"{parent: systemd}",
	};
	struct alert_ancestor ancestors[] = {{.name = text("dash")}, {.name = text("systemd")}};
	struct alert alert = pod_alert();

	(void)state;
	alert.process.ancestors = ancestors;
	alert.process.ancestor_count = 2;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!matches(good[i], &alert))
			fail_msg("%s does not match", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (matches(bad[i], &alert))
			fail_msg("%s matches", bad[i]);
}

/* What is not known matches nothing, and what a container calls a path is no path of the host's. */
static void test_unknown(void **state)
{
	struct alert alert = pod_alert();

	(void)state;
	alert.file.host_path = NULL;
	assert_false(matches("{host_path: '**'}", &alert));
	assert_true(matches("{not: {host_path: '**'}}", &alert));
	/* what is only called like a container is in one, and is none that a rule knows */
	alert.container.claimed = true;
	assert_false(matches("{container: app}", &alert));
	assert_false(matches("{container: '0123456789abcdef*'}", &alert));
	assert_false(matches("{namespace: shop}", &alert));
	assert_false(matches("{pod: '*'}", &alert));
	assert_false(matches("{not: {container: '*'}}", &alert));
	assert_true(matches("{container: 'claimed 0123456789abcdef*'}", &alert));
	alert.container = (struct alert_container){0};
	assert_true(matches("{host_path: /data/**, place: host}", &alert));
	assert_false(matches("{container: '*'}", &alert));
	assert_true(matches("{not: {container: '*'}}", &alert));
	alert.process.executable = NULL;
	assert_false(matches("{executable: '**'}", &alert));
}

static void test_first_decides(void **state)
{
	struct rules *rules =
		rules_good("- {name: other, match: {user: root}, action: allow}\n"
			   "- {name: over, match: {user: app}, action: allow, until: 2027-01-01}\n"
			   "- {name: still, match: {user: app, path: /etc/**}, until: 2027-02-01}\n"
			   "- name: this\n"
			   "  match: {prefix: dt0c01}\n"
			   "  severity: critical\n"
			   "  reason: \"why\\tnot\"\n"
			   "  carrier: true\n"
			   "- {name: later, match: {}, action: allow}\n");
	struct alert alert = pod_alert();

	(void)state;
	assert_int_equal(rules_count(rules), 5);
	rules_apply(rules, &alert);
	assert_string_equal(alert.ruling.rule, "this");
	assert_string_equal(alert.ruling.reason, "why\\x09not");
	assert_int_equal(alert.ruling.severity, 99);
	assert_false(alert.ruling.allowed);
	assert_true(alert.ruling.carrier);
	assert_string_equal(alert.ruling.expired, "over");
	assert_int_equal(alert.ruling.until, 1798761600000000);
	/* before its end it decides */
	alert = pod_alert();
	alert.time.tv_sec = 1798761599;
	rules_apply(rules, &alert);
	assert_string_equal(alert.ruling.rule, "over");
	assert_true(alert.ruling.allowed);
	assert_null(alert.ruling.expired);
	rules_free(rules);
}

static void test_why(void **state)
{
	struct rules *rules =
		rules_good("- {name: n, match: {user: app, path: /data/*.log, not: {namespace: prod-*}}}");
	struct alert alert = pod_alert();
	struct rules_facts facts;
	char *why;

	(void)state;
	rules_facts_alert(&alert, &facts);
	assert_int_equal(rules_why(rules, rules_rule(rules, 0), &facts, &why), 0);
	assert_string_equal(why,
			    "user is app, path /data/app.log matches /data/*.log, namespace does not match "
			    "prod-*");
	free(why);
	rules_free(rules);
}

/* A list of tokens in a file, beside those that are named. */
static void test_tokens_file(void **state)
{
	char *dir = alerts_dir(), yaml[512], path[256];
	struct maker_token token = maker_token(1);
	struct alert alert = pod_alert();
	struct rules_facts facts;
	struct rules *rules;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/list", dir);
	file = fopen(path, "we");
	fputs("# known\n\ndt0c01.AAAAAAAAAAAAAAAAAAAAAAAA\r\n  dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX # ours\n",
	      file);
	fclose(file);
	snprintf(yaml, sizeof(yaml), "- {name: n, match: {token: dt0c01.BBBB, tokens_file: %s}}", path);
	rules = rules_good(yaml);
	rules_facts_alert(&alert, &facts);
	assert_non_null(rules_decide(rules, &facts, NOW).rule);
	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "dt0c01.BBBB");
	rules_facts_alert(&alert, &facts);
	assert_non_null(rules_decide(rules, &facts, NOW).rule);
	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "dt0c01.CCCC");
	rules_facts_alert(&alert, &facts);
	assert_null(rules_decide(rules, &facts, NOW).rule);
	rules_free(rules);
	/* a whole token in it is refused, and not shown */
	file = fopen(path, "ae");
	fprintf(file, "%s\n", token.text);
	fclose(file);
	rules_free(rules_of(yaml));
	assert_int_equal(problems.count, 1);
	assert_non_null(strstr(problems.lines[0], "list:5:1: expected a token identifier"));
	assert_null(strstr(problems.lines[0], token.text + 40));
	/* and so is one that others may write to */
	chmod(path, 0666);
	rules_free(rules_of(yaml));
	assert_int_equal(problems.count, 1);
	assert_non_null(strstr(problems.lines[0], "others may write to it"));
	alerts_remove(dir);
}

/* What is wrong, where, and what was meant. */
static void test_mistakes(void **state)
{
	static const struct {
		const char *yaml, *said;
	} cases[] = {
		{"name: x", "f.yaml:1:1: rules: expected a list of rules"},
		{"- x", "f.yaml:1:3: rules: expected a mapping with name and match, found a single value"},
		{"- {match: {}}", "f.yaml:1:3: a rule needs a name"},
		{"- {name: n}", "f.yaml:1:3: a rule needs match"},
		{"- {name: n, match: }", "f.yaml:1:20: match: expected a mapping"},
		{"- {name: n, match: {}, sevrity: low}",
		 "f.yaml:1:24: a rule has no 'sevrity'; did you mean 'severity'?"},
		{"- {name: n, match: {executible: /x}}",
		 "f.yaml:1:21: match has no 'executible'; did you mean "
		 "'executable'?"},
		{"- {name: n, match: {not: {usr: x}}}",
		 "f.yaml:1:27: not has no 'usr'; did you mean 'user'?"},
		{"- {name: n, match: {not: {not: {}}}}", "f.yaml:1:27: not has no 'not'"},
		{"- {name: n, match: {user: {}}}",
		 "user: expected a value, or a list of them, found a mapping"},
		{"- {name: n, match: {user: []}}", "user: expected a value, found an empty list"},
		{"- {name: n, match: {user: [[a]]}}", "user: expected a value, found a list"},
		{"- {name: n, match: {user: ''}}", "user: expected a pattern, found nothing"},
		{"- {name: n, match: {path: '/a[b'}}", "f.yaml:1:30: path: expected a ']' for this '['"},
		{"- {name: n, match: {path: /a\\}}",
		 "f.yaml:1:29: path: expected something behind this '\\'"},
		{"- {name: n, match: {place: laier}}",
		 "place: expected one of: layer volume host; found 'laier'"},
		{"- {name: n, match: {place: lay}}", "place: expected one of"},
		{"- {name: n, match: {parent: containerd-shim-runc-v2}}",
		 "parent: 'containerd-shim-runc-v2' never "
		 "matches"},
		{"- {name: n, match: {}, action: deny}",
		 "f.yaml:1:32: action: expected allow or alert; found 'deny'"},
		{"- {name: n, match: {}, action: allow, severity: low}",
		 "severity: what is allowed gives no alert"},
		{"- {name: n, match: {}, severity: 101}", "severity: expected low, medium, high, critical"},
		{"- {name: n, match: {}, until: 7d}", "until: expected a day"},
		{"- {name: n, match: {}, until: 2027-02-30}", "until: expected a day"},
		{"- {name: n, match: {}, carrier: maybe}", "carrier: expected true or false"},
		{"- {name: [n], match: {}}", "name: expected a single value, found a list"},
		{"- {name: n, name: m, match: {}}", "f.yaml:1:13: 'name' is given twice, first in line 1"},
		{"- {name: &a n, match: {user: *a}}", "f.yaml:1:30: aliases (*name) are not taken here"},
		{"- {name: !x n, match: {}}", "tags (!name) are not taken here"},
		{"- {name: n, match: {}}\n---\n- 1", "f.yaml:2:1: a second document begins here"},
		{"- {name: n, match: {}", "is no YAML: did not find expected ',' or '}'"},
		{"- {name: n, match: {user: \"a\\0b\"}}", "can't hold a zero byte"},
		{"- {name: n, match: {? [a] : b}}", "expected a key"},
		{"- {name: n, match: {user: [[[[[[[[[[[[1]]]]]]]]]]]]}}", "there is too much in here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rules_free(rules_of(cases[i].yaml));
		if (!problems.count || !problems.lines[0] || !strstr(problems.lines[0], cases[i].said))
			fail_msg("%s: %s", cases[i].yaml, problems.count ? problems.lines[0] : "nothing");
	}
}

/* All mistakes at once, as far as anybody reads; and no secret in what is said. */
static void test_many_mistakes(void **state)
{
	struct maker_token token = maker_token(7);
	char yaml[8192] = "", *at = yaml;

	(void)state;
	rules_free(rules_of("- {name: n, match: {a: 1, b: 2}, c: 3}\n- {match: {user: []}}"));
	assert_int_equal(problems.count, 5);
	for (int i = 0; i < 100; i++)
		at += sprintf(at, "- {nam: n, match: {}}\n");
	rules_free(rules_of(yaml));
	assert_int_equal(problems.count, 200);
	assert_non_null(problems.lines[PROBLEMS_MAX - 1]);
	snprintf(yaml, sizeof(yaml), "- {name: n, match: {token: %s}, action: %s}", token.text, token.text);
	rules_free(rules_of(yaml));
	assert_int_equal(problems.count, 2);
	for (size_t i = 0; i < problems.count; i++)
		assert_null(strstr(problems.lines[i], token.text + 40));
	assert_non_null(strstr(problems.lines[0], "token: this holds a whole token"));
}

/* A thousand rules: most are done with at one condition, the cheapest, wherever it stands. */
static void test_looks(void **state)
{
	char *yaml = malloc(400000), *at = yaml;
	struct alert alert = pod_alert();
	struct rules_decision decision;
	struct rules_facts facts;
	struct rules *rules;

	(void)state;
	for (int i = 0; i < 1000; i++)
		at += sprintf(
			at,
			"- name: rule %d\n  match: {ancestor: [no, '*none*'], arguments: '*--x%d*', path: "
			"'/data/**/*.%d', executable: /usr/bin/program-%d}\n  action: allow\n",
			i, i, i, i);
	rules = rules_good(yaml);
	rules_facts_alert(&alert, &facts);
	decision = rules_decide(rules, &facts, NOW);
	assert_null(decision.rule);
	assert_int_equal(decision.looks, 1000);
	rules_free(rules);
	free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_keys, teardown),
		cmocka_unit_test_teardown(test_image_names, teardown),
		cmocka_unit_test_teardown(test_unknown, teardown),
		cmocka_unit_test_teardown(test_first_decides, teardown),
		cmocka_unit_test_teardown(test_why, teardown),
		cmocka_unit_test_teardown(test_tokens_file, teardown),
		cmocka_unit_test_teardown(test_mistakes, teardown),
		cmocka_unit_test_teardown(test_many_mistakes, teardown),
		cmocka_unit_test_teardown(test_looks, teardown),
	};

	return UNIT_RUN(tests);
}
