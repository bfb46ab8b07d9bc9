/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One store of those that a reader (store/reader.h) reads as one, by its own ids. Each function is as the reader's of that name. Only
 * store/ uses this.
 */
#pragma once

#include "store/reader.h"

struct part;

int part_open(const char *path, struct part **ret_part);
void part_close(struct part *part);

int part_begin(struct part *part);
void part_end(struct part *part);

/* part_facts() - of all of them, `node` is 1. */
int part_facts(struct part *part, int64_t since, int64_t until, reader_fact_visit visit, void *context);
int part_activity(struct part *part, reader_activity_visit visit, void *context);
int part_details(struct part *part, reader_detail_visit visit, void *context);

int part_find_token(struct part *part, const char *identifier, int64_t *ret_id);
int part_find_facts(struct part *part, const struct reader_said *said, reader_id_visit visit, void *context);
/* part_find() - but for READER_NODES. */
int part_find(struct part *part, enum reader_pattern what, const char *pattern, reader_id_visit visit,
	      void *context);
int part_find_containers(struct part *part, const char *name, reader_id_visit visit, void *context);
int part_known(struct part *part, int what, reader_text_visit visit, void *context);

int part_name(struct part *part, int64_t id, char **ret_text);
int part_container(struct part *part, int64_t id, struct fact *ret_fact);
int part_token(struct part *part, int64_t id, struct fact *fact);

/* part_file(), part_detail() - what is known of a file, and what the last alert of a fact has said. Return 0 or a negative errno: -ENOENT: it was removed meanwhile. */
int part_file(struct part *part, int64_t id, struct fact *fact);
int part_detail(struct part *part, int64_t id, struct fact *fact);

/* part_triage() - also of tokens that the store has no text of; their id is 0. */
int part_triage(struct part *part, reader_triage_visit visit, void *context);
int part_sessions(struct part *part, reader_session_visit visit, void *context);
int part_losses(struct part *part, int64_t since, int64_t until, reader_loss_visit visit, void *context);

/* part_node() - the host whose store it is. Returns 0 and *ret_node (malloc'ed; NULL: an older version has not told), or a negative errno. */
int part_node(struct part *part, char **ret_node);
int part_meta(struct part *part, struct reader_meta *ret_meta);
int part_check(struct part *part);
