// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → finding → the outputs of `scan` (scan/output.c).
 *
 * A report is opened by root at a path in a directory that may be another user's: a link there is not followed, and another user's file is
 * not written to (lib/own_file.h). It is everybody's to read, since no secret is in it.
 *
 * Annotations for GitHub's runner are lines that it looks for in what a step prints. The command may have printed half a line, so
 * they begin with a newline, and are printed in the end.
 *
 * Limit: EXEC_FINDINGS_MAX findings; how many there are more is said.
 */
#include "cmd/exec_findings.h"

#include "cmd/options.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXEC_FINDINGS_MAX 10000

/* As GitLab's documentation calls it. */
#define EXEC_FINDINGS_GITLAB "gl-code-quality-report.json"

static int findings_output(struct exec_findings *findings, enum scan_output_form form, const char *file)
{
	if (findings->output_count == EXEC_FINDINGS_OUTPUTS) {
		log_error("there can be %d reports", EXEC_FINDINGS_OUTPUTS);
		return EXIT_CODE_USAGE;
	}
	findings->files[findings->output_count] = file;
	findings->outputs[findings->output_count++] = (struct scan_output){.form = form, .command = "exec"};
	return 0;
}

int exec_findings_report(struct exec_findings *findings, char *text)
{
	enum scan_output_form form;
	const char *file;

	if (scan_output_report(text, &form, &file))
		return findings_output(findings, form, file);
	return options_takes("--report", text, "FORM=FILE, with a form of " SCAN_OUTPUT_NAMES);
}

static bool findings_in(const char *variable)
{
	const char *value = getenv(variable);

	return value && strcmp(value, "true") == 0;
}

int exec_findings_annotate(struct exec_findings *findings, const char *where)
{
	static const char *const words[] = {"auto", "github", "gitlab"};
	bool automatic = strcmp(where, "auto") == 0;
	size_t index;
	int r = options_choice(&command_exec, "--annotate", where, words, sizeof(words) / sizeof(*words),
			       &index);

	if (r)
		return r;
	/* each runner sets one of these */
	if (strcmp(where, "github") == 0 || (automatic && findings_in("GITHUB_ACTIONS")))
		return findings_output(findings, SCAN_OUTPUT_GITHUB, NULL);
	if (strcmp(where, "gitlab") == 0 || (automatic && findings_in("GITLAB_CI")))
		return findings_output(findings, SCAN_OUTPUT_GITLAB, EXEC_FINDINGS_GITLAB);
	return 0;
}

/* Opens a file that is to have nothing in it. Returns a descriptor or a negative errno. */
static int findings_create(const char *path)
{
	/* of a FIFO nobody is waited for */
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644), r;
	struct stat st;

	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno : own_file_check(fd);
	/* another name of it may be anybody's */
	if (r == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1)
		r = -EMLINK;
	if (r == 0 && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0)
		r = -errno;
	if (r == 0 && fcntl(fd, F_SETFL, 0) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int findings_open_output(struct scan_output *output, const char *path)
{
	int fd = findings_create(path);

	if (fd < 0)
		return fd;
	output->file = fdopen(fd, "w");
	if (output->file)
		return 0;
	close(fd);
	return -ENOMEM;
}

static int findings_open(struct exec_findings *findings, size_t i)
{
	const char *path = findings->files[i];
	AUTO_FREE char *shown = path ? options_shown(path, strlen(path)) : NULL;
	int r = 0;

	if (path)
		r = findings_open_output(&findings->outputs[i], path);
	else
		findings->outputs[i].file =
			open_memstream(&findings->annotations, &findings->annotations_len);
	if (r == 0 && !findings->outputs[i].file)
		r = -ENOMEM;
	if (r == 0)
		r = scan_output_begin(&findings->outputs[i]);
	if (r == 0)
		return 0;
	log_error("can't write %s: %s", shown ? shown : "annotations",
		  r == -EMLINK ? "it has other names" : own_file_error(r));
	return EXIT_CODE_CONFIG;
}

int exec_findings_open(struct exec_findings *findings)
{
	AUTO_FREE char *directory = getcwd(NULL, 0);
	int r = 0;

	if (!findings->output_count && !findings->known)
		return 0;
	/* without one, paths stay as they are */
	if (directory && asprintf(&findings->directory, "%s%s", directory, directory[1] ? "/" : "") < 0)
		findings->directory = NULL;
	findings->token = spillwatch_token_new();
	if (!findings->token || baseline_new(&findings->told) < 0) {
		log_error("can't start: %s", strerror(ENOMEM));
		return EXIT_CODE_RUNTIME;
	}
	for (size_t i = 0; r == 0 && i < findings->output_count; i++)
		r = findings_open(findings, i);
	return r;
}

/* What it is called: a number of a pipe's is another one in the next run. */
static const char *findings_path(const struct exec_findings *findings, const struct alert_file *file)
{
	const char *path = file->host_path ? file->host_path : file->path;
	bool fifo = strcmp(file->type, "fifo") == 0, socket = strcmp(file->type, "socket") == 0;
	size_t len = findings->directory ? strlen(findings->directory) : 0;

	for (size_t i = 0; (fifo || socket) && i < 2; i++)
		if (file->inode && file->inode == findings->streams[i])
			return i ? "<standard error>" : "<standard output>";
	if (strcmp(file->type, "tty") == 0)
		return "<terminal>";
	if (fifo && strncmp(path, "pipe:", 5) == 0)
		return "<pipe>";
	if (socket && strncmp(path, "socket:", 7) == 0)
		return "<socket>";
	return len && strncmp(path, findings->directory, len) == 0 && path[len] ? path + len : path;
}

/* Is it in the baseline? Each is counted once. */
static bool findings_known(struct exec_findings *findings, const char *identifier, const char *path)
{
	if (!findings->known || !baseline_has(findings->known, identifier, path))
		return false;
	if (!baseline_has(findings->told, identifier, path)) {
		findings->known_count++;
		if (baseline_add(findings->told, identifier, path) < 0)
			findings->error = -ENOMEM;
	}
	return true;
}

void exec_findings_add(void *context, const struct alert *alert)
{
	struct exec_findings *findings = context;
	const char *path = findings_path(findings, &alert->file);
	size_t len = strlen(alert->token.identifier);
	int r;

	/* which tokens a flood has, nobody knows */
	if (!alert->flood && findings_known(findings, alert->token.identifier, path))
		return;
	findings->alerted = true;
	/* what a flood has is not told one by one; it is counted as lost */
	if (!findings->output_count || alert->flood)
		return;
	if (baseline_has(findings->told, alert->token.identifier, path))
		return;
	if (findings->count == EXEC_FINDINGS_MAX) {
		findings->untold++;
		return;
	}
	r = spillwatch_match(SPILLWATCH_IDENTIFIER, alert->token.identifier, len, 0, findings->token) == 1
		    ? 0
		    : -EINVAL;
	r = r ? r : baseline_add(findings->told, alert->token.identifier, path);
	for (size_t i = 0; i < findings->output_count && r == 0; i++)
		r = scan_output_finding(
			&findings->outputs[i],
			&(struct finding){
				.path = path,
				.in_name = alert->write.part && strcmp(alert->write.part, "name") == 0,
				.offset = alert->write.offset >= 0 && alert->write.token_offset >= 0
						  ? (uint64_t)alert->write.token_offset
						  : FINDING_NOWHERE,
				.token = findings->token,
				.placeholder = alert->token.placeholder,
				.writer = alert->process.name,
			},
			path);
	findings->count++;
	if (r < 0)
		findings->error = r;
}

/* One line about all. Returns NULL if there is no memory. */
static char *findings_summary(const struct exec_findings *findings, bool whole)
{
	char *text;

	AUTO_FREE char *known = NULL;

	if (findings->known_count &&
	    asprintf(&known, "; known: %zu in the baseline", findings->known_count) < 0) {
		known = NULL;
		return NULL;
	}
	if (asprintf(&text, "%zu finding%s%s%s%s", findings->count, findings->count == 1 ? "" : "s",
		     findings->untold ? ", and more than these" : "", known ? known : "",
		     whole ? "" : "; not all that was written was looked at") < 0)
		return NULL;
	return text;
}

/* Is the report still what its path leads to? Who may write to the directory may have put another there, or taken it away. */
static bool findings_is_there(const struct exec_findings *findings, size_t i)
{
	const char *path = findings->files[i];
	AUTO_FREE char *shown = path ? options_shown(path, strlen(path)) : NULL;
	struct stat opened, named;

	if (!path || (fstat(fileno(findings->outputs[i].file), &opened) == 0 && lstat(path, &named) == 0 &&
		      opened.st_dev == named.st_dev && opened.st_ino == named.st_ino))
		return true;
	log_error("%s is not the report that was opened there: somebody took that away",
		  shown ? shown : "a report");
	return false;
}

bool exec_findings_end(struct exec_findings *findings, bool whole)
{
	AUTO_FREE char *summary = findings_summary(findings, whole);
	bool there = true;

	if (findings->known_count)
		log_note("%zu finding%s in the baseline, so none", findings->known_count,
			 findings->known_count == 1 ? " is" : "s are");
	for (size_t i = 0; i < findings->output_count; i++) {
		struct scan_output *output = &findings->outputs[i];
		int r;

		if (!output->file)
			continue;
		there &= findings_is_there(findings, i);
		r = scan_output_end(output, summary, whole && !findings->untold);
		if (r == 0 && (fflush(output->file) != 0 || ferror(output->file)))
			r = -EIO;
		if (fclose(TAKE(output->file)) != 0 && r == 0)
			r = -errno;
		if (r < 0)
			findings->error = r;
	}
	if (findings->error < 0)
		log_error("can't write a report: not every token is in it");
	return there && findings->error == 0 && !findings->untold;
}

void exec_findings_close(struct exec_findings *findings)
{
	if (findings->annotations_len)
		fprintf(stderr, "\n%s", findings->annotations);
	for (size_t i = 0; i < findings->output_count; i++) {
		if (findings->outputs[i].cases)
			fclose(findings->outputs[i].cases);
		if (findings->outputs[i].file)
			fclose(findings->outputs[i].file);
	}
	free(findings->annotations);
	free(findings->directory);
	baseline_free(findings->told);
	baseline_free(findings->known);
	spillwatch_token_free(findings->token);
}
