/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings in one of six forms. What is shown of a path is masked; nothing of a secret portion is ever shown. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "scan/finding.h"

/* X(id, name) */
#define SCAN_OUTPUTS(X)     \
	X(TEXT, "text")     \
	X(JSON, "json")     \
	X(SARIF, "sarif")   \
	X(JUNIT, "junit")   \
	X(GITHUB, "github") \
	X(GITLAB, "gitlab")

/* As a usage and a message list them. */
#define SCAN_OUTPUT_NAMES "text, json, sarif, junit, github or gitlab"

enum scan_output_form {
#define SCAN_OUTPUT_ENUM(id, name) SCAN_OUTPUT_##id,
	SCAN_OUTPUTS(SCAN_OUTPUT_ENUM)
#undef SCAN_OUTPUT_ENUM
};

/* scan_output_form() - by its name; false if there is none. */
bool scan_output_form(const char *name, enum scan_output_form *ret_form);

/* scan_output_report() - takes FORM=FILE apart, in place; false if it is none. */
bool scan_output_report(char *text, enum scan_output_form *ret_form, const char **ret_file);

struct scan_output {
	enum scan_output_form form;
	FILE *file;
	const char *command; /* whose findings these are; NULL: scan */
	size_t count; /* of findings so far */
	FILE *cases; /* JUnit's, until all are known */
};

/*
 * scan_output_begin(), scan_output_end() - what stands around the findings. Return 0 or a negative errno.
 * @summary: one line of plain letters; NULL: there was no memory for it
 * @whole: all that was to be looked at was
 */
int scan_output_begin(struct scan_output *output);
int scan_output_end(struct scan_output *output, const char *summary, bool whole);

/*
 * scan_output_finding() - one finding. @path: of it, as spillwatch_mask() has made it.
 * Returns 0 or -ENOMEM; whether the file took all of it is asked of the file.
 */
int scan_output_finding(struct scan_output *output, const struct finding *finding, const char *path);

/* scan_output_size() - bytes as people read them. @to: SCAN_OUTPUT_SIZE_LEN bytes */
#define SCAN_OUTPUT_SIZE_LEN 32
void scan_output_size(uint64_t bytes, char *to);

/* scan_output_summary() - one line (malloc'ed): how much was looked at, what was found, and what was not looked at and why. */
char *scan_output_summary(const struct scan_counts *counts);
