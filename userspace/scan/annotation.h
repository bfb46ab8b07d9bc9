/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A finding as what shows it beside the lines of a change: on GitHub and on GitLab. */
#pragma once

#include <stdio.h>

#include "alert/json_writer.h"
#include "scan/finding.h"

/* annotation_message() - what a finding is, without its place (malloc'ed). Returns NULL if there is no memory. */
char *annotation_message(const struct finding *finding);

/*
 * annotation_github() - a workflow command, a line.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 * Returns 0 or -ENOMEM. @path: as of scan_output_finding()
 */
int annotation_github(FILE *file, const struct finding *finding, const char *path);

/*
 * annotation_gitlab() - an object of a code quality report: what GitLab reads of it of the CodeClimate format.
 * https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 * Returns 0 or -ENOMEM.
 */
int annotation_gitlab(struct json_writer *json, const struct finding *finding, const char *path,
		      const char *fingerprint);
