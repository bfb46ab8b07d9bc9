// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → CSV by RFC 4180: a line for each entry of the store, grouped and ordered as the table is.
 */
#include "report/report.h"

#include "report/csv_cell.h"
#include "lib/period.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int csv_line(struct report *report, const struct survey_fact *entry, FILE *out)
{
	struct reader_fact row = survey_row(&report->survey, entry);
	const struct mark *mark = marks_of(&report->marks, entry->member[DIMENSION_TOKEN]);
	char first[PERIOD_TEXT], last[PERIOD_TEXT], count[32], pid[16], severity[16];
	struct fact fact;
	int r = reader_fact(report->reader, &row, &fact);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	snprintf(count, sizeof(count), "%" PRIu64, fact.count);
	snprintf(severity, sizeof(severity), "%" PRIu32, fact.severity);
	snprintf(pid, sizeof(pid), "%" PRIu32, fact.pid);
	const char *const cells[] = {
		fact.token,
		fact.token_type,
		fact.placeholder ? "true" : "false",
		leaks_role(&report->leaks, entry),
		count,
		period_utc(fact.first, first),
		period_utc(fact.last, last),
		fact.file,
		fact.file_path ? fact.file_path : fact.file,
		fact.file_type,
		fact.program,
		fact.process,
		pid,
		fact.user,
		fact.command_line,
		fact.container_id,
		fact.container_name,
		fact.runtime,
		fact.image,
		fact.pod_namespace,
		fact.pod,
		fact.syscall,
		fact.part,
		fact.rule,
		fact.relayed ? "true" : "false",
		fact.namespace,
		fact.created,
		mark ? triage_name(mark->state) : NULL,
		mark ? mark->note : NULL,
		fact.place,
		fact.severity ? severity : NULL,
		fact.outside ? "true" : "false",
		labels_text(&report->labels, DIMENSION_NODE, entry->member[DIMENSION_NODE]),
	};

	csv_cells(out, cells, sizeof(cells) / sizeof(*cells));
	fact_free(&fact);
	return 0;
}

int report_csv(struct report *report, FILE *out)
{
	struct grouping groups;
	size_t shown;
	int r = grouping_make(&report->survey, &report->scratch, report->options.by, NULL,
			      report->survey.count, &groups);

	if (r < 0)
		return r;
	fputs("token,token_type,placeholder,role,writes,first,last,file,file_as_seen,file_type,program,"
	      "process,"
	      "last_pid,user,command_line,container_id,container,runtime,image,namespace,pod,syscall,"
	      "part,rule,relayed,runtime_namespace,container_created,mark,mark_note,place,severity,"
	      "outside,node\r\n",
	      out);
	shown = report_limit(report, 0, groups.count);
	for (size_t i = 0; r == 0 && i < shown; i++) {
		struct group *group = &groups.groups[i];
		size_t lines = report_limit(report, 0, group->count);

		group_order(&report->survey, group);
		for (size_t j = 0; r == 0 && j < lines && !ferror(out); j++)
			r = csv_line(report, &report->survey.facts[group->facts[j]], out);
	}
	grouping_free(&groups);
	return r;
}
