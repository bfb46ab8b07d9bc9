/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a sample to an alert: every fact in words, every string printable. */
#pragma once

#include "alert/alert.h"
#include "detect/sample_view.h"
#include "detect/token.h"
#include "files/journal_entry.h"

struct attribute;
struct inquiry;

/*
 * attribute_open() - what attribution keeps between samples: names of host, users and groups, mounts, containers.
 * @procfs: where the host's procfs is mounted, NULL for /proc; borrowed
 * @root: the host's root directory, NULL for /; see containers_open()
 * @inquiry: who asks other people's files; NULL: this process, which waits for them. Borrowed
 * Returns 0 and *ret_attribute (end it with attribute_close()), or a negative errno (-ENOENT: no such root).
 */
int attribute_open(const char *procfs, const char *root, struct inquiry *inquiry,
		   struct attribute **ret_attribute);

/* attribute_scan() - learns the containers that run already. To be called once new ones are told of. */
void attribute_scan(struct attribute *attribute);

/* attribute_containers() - how many containers are known. */
size_t attribute_containers(const struct attribute *attribute);

/* attribute_unanswered() - how many questions for names and other facts nobody has answered in time. */
uint64_t attribute_unanswered(const struct attribute *attribute);

/* attribute_cgroup() - a cgroup was made, as the sample tells. Returns 0 or -ENOMEM. */
int attribute_cgroup(struct attribute *attribute, const struct sample_view *view);

/*
 * attribute_retry() - looks again for what was not on disk yet when a container's cgroup was made.
 * Returns the milliseconds after which it should be called again, or -1: nothing is waiting.
 */
int attribute_retry(struct attribute *attribute);

/* attribute_procfs() - where procfs is mounted; borrowed. */
const char *attribute_procfs(const struct attribute *attribute);

/* attribute_host() - host name, or NODE_NAME, printable; borrowed. */
const char *attribute_host(const struct attribute *attribute);

/* attribute_close() - NULL is fine. */
void attribute_close(struct attribute *attribute);

/*
 * attribute_alert() - fills an alert from a checked sample and a token.
 * @window: the text in which the token was found, the sample's own or one read from the file
 * Facts come from the kernel's sample; only a command line or an executable that the kernel could not
 * read is looked up in procfs, and only while the same process is still there.
 * Returns 0 and *ret_alert (alert_free()), or -ENOMEM.
 */
int attribute_alert(struct attribute *attribute, const struct sample_view *view, const uint8_t *window,
		    const struct token *token, const struct token_span *span, struct alert *ret_alert);

/*
 * attribute_lend() - the same, but process and file may be what was made for another token of the same: they are borrowed until the
 * next call, and nothing of them is to be changed.
 */
int attribute_lend(struct attribute *attribute, const struct sample_view *view, const uint8_t *window,
		   const struct token *token, const struct token_span *span, struct alert *ret_alert);

/* attribute_is_journald() - is the writer journald itself, by its user and its program's name? */
bool attribute_is_journald(const struct sample_view *view);

/*
 * attribute_journal() - whose entry of the journal it is, if journald itself has stored it: unit and process, and the container that has
 * printed it. Returns 0, or -ENOMEM.
 */
int attribute_journal(struct attribute *attribute, const struct sample_view *view, const uint8_t *window,
		      const struct token_span *span, const struct journal_entry *entry, struct alert *alert);

/*
 * attribute_repeat() - the last alert of a leak, as it would be of the leak's last write. Where another process wrote
 * it, its command line, directory, parent and ancestors are not known.
 * Returns 0 and *ret_alert, which borrows from `last` (attribute_repeat_free()), or -ENOMEM.
 */
int attribute_repeat(struct attribute *attribute, const struct alert *last, const struct seen_value *value,
		     struct alert *ret_alert);
void attribute_repeat_free(struct alert *alert);
