// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench/rules [COUNT]: what COUNT rules (1,000) cost an alert that none of them matches, which is what costs most, and what their
 * compiling does. Three kinds: by a program and a path; by paths that all begin alike; by patterns that begin with **.
 */
#include "rules/rules.h"
#include "rules/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_ROUNDS 2000
#define BENCH_RULE 512

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static const struct {
	const char *name, *rule;
} shapes[] = {
	{"program and path", "- {name: r%1$d, match: {executable: /usr/bin/service-%1$d, path: "
			     "\"/var/lib/app/%1$d/**/*.log\"}, action: allow}\n"},
	{"paths alike", "- {name: r%1$d, match: {path: \"/var/lib/kubelet/pods/**/volumes/%1$d/**\", "
			"namespace: \"prod-*\"}, severity: critical}\n"},
	{"** first", "- {name: r%1$d, match: {path: \"**/%1$d/*.log\", not: {user: root}}, action: allow}\n"},
};

static double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct alert bench_alert(void)
{
	struct alert alert = {
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX"},
		.process = {.name = TEXT("python3"),
			    .executable = TEXT("/usr/bin/python3.11"),
			    .command_line = TEXT("/usr/bin/python3.11 /app/main.py --serve"),
			    .script = TEXT("/app/main.py"),
			    .user_name = TEXT("app"),
			    .uid = 1000,
			    .parent = {.name = TEXT("containerd-shim")}},
		.file = {.path = TEXT(
				 "/var/lib/kubelet/pods/6f9619ff-8b86-d011-b42d-00cf4fc964ff/data/app.log")},
		.container = {.id = TEXT("0123456789abcdef"),
			      .name = TEXT("app"),
			      .pod = TEXT("checkout-7f9c4d5b6-x2kqp"),
			      .pod_namespace = TEXT("prod-shop"),
			      .image = TEXT("registry/shop/checkout:v2"),
			      .runtime = "containerd"},
		.write = {.syscall = "write", .seen_by = "page_cache"},
	};

	return alert;
}

static int bench_shape(size_t shape, size_t count)
{
	char *yaml = malloc(count * BENCH_RULE + 1), *at = yaml;
	struct alert alert = bench_alert();
	struct problems problems = {0};
	struct rules *rules = rules_new();
	struct tree_node *tree = NULL;
	double start, read, best = 1e9, all = 0;

	if (!yaml || !rules)
		return 1;
	for (size_t i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		at += snprintf(at, BENCH_RULE, shapes[shape].rule, (int)i);
#pragma GCC diagnostic pop
	}
	start = bench_now();
	if (tree_read("bench", yaml, strlen(yaml), &problems, &tree) < 0 ||
	    rules_add(rules, tree, &problems) < 0 || problems.count) {
		problems_log(&problems);
		return 1;
	}
	read = bench_now() - start;
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		double took;

		start = bench_now();
		rules_apply(rules, &alert);
		took = bench_now() - start;
		all += took;
		best = took < best ? took : best;
	}
	printf("%-18s  %6zu rules: an alert %6.2f us (the least %.2f), to read and compile %.1f ms%s\n",
	       shapes[shape].name, count, all / BENCH_ROUNDS, best, read / 1e3,
	       alert.ruling.rule ? " (MATCHED)" : "");
	rules_free(rules);
	tree_free(tree);
	problems_free(&problems);
	free(yaml);
	return 0;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	int r = 0;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes) && r == 0; i++)
		r = bench_shape(i, count);
	return r;
}
