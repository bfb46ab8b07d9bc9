// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* spool, deliveries → Prometheus' text format. No label holds anything of an alert. */
#include "forward/metrics.h"

#include "lib/cleanup.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#define METRICS_PREFIX "spillwatch_forward_"

struct metrics_one {
	struct spool_count count;
	struct delivery_status status;
};

enum metrics_kind { COUNTER, GAUGE };

/* A metric of each receiver, and where it stands. */
static const struct {
	const char *name, *help;
	enum metrics_kind kind;
	size_t offset;
} metrics_receiver[] = {
	{"delivered_total", "Alerts that the receiver has taken", COUNTER,
	 offsetof(struct metrics_one, count.delivered)},
	{"rejected_total", "Alerts that the receiver has refused for good", COUNTER,
	 offsetof(struct metrics_one, count.rejected)},
	{"lost_total", "Alerts that made room for newer ones, or were damaged, before the receiver took them",
	 COUNTER, offsetof(struct metrics_one, count.lost)},
	{"waiting", "Alerts that wait for the receiver", GAUGE, offsetof(struct metrics_one, count.waiting)},
	{"attempts_total", "Requests, since this process has started", COUNTER,
	 offsetof(struct metrics_one, status.attempts)},
	{"failures_total", "Requests that were not taken wholly, since this process has started", COUNTER,
	 offsetof(struct metrics_one, status.failures)},
	{"last_success_timestamp_seconds",
	 "When a request was taken last; 0: not since this process has started", GAUGE,
	 offsetof(struct metrics_one, status.success)},
};

static void metrics_head(FILE *file, const char *name, const char *help, enum metrics_kind kind)
{
	fprintf(file, "# HELP " METRICS_PREFIX "%s %s.\n# TYPE " METRICS_PREFIX "%s %s\n", name, help, name,
		kind == COUNTER ? "counter" : "gauge");
}

static void metrics_value(FILE *file, const char *name, const char *help, enum metrics_kind kind,
			  int64_t value)
{
	metrics_head(file, name, help, kind);
	fprintf(file, METRICS_PREFIX "%s %" PRId64 "\n", name, value);
}

static int metrics_spool(FILE *file, const struct metrics_source *from)
{
	struct spool_status status;
	int r = spool_status(from->spool, &status);

	if (r < 0)
		return r;
	metrics_head(file, "build_info", "Which version this is", GAUGE);
	fprintf(file, METRICS_PREFIX "build_info{version=\"%s\"} 1\n", SPILLWATCH_VERSION);
	metrics_value(file, "connected", "Whether the daemon's socket is open", GAUGE, from->connected);
	metrics_value(file, "received_total", "Alerts that were taken from the daemon", COUNTER,
		      status.received);
	metrics_value(file, "repeated_total", "Alerts that came again while the first was waiting", COUNTER,
		      status.repeated);
	metrics_value(file, "malformed_total", "Lines that no daemon has said", COUNTER, status.malformed);
	metrics_value(file, "gaps_total", "Numbers of event.sequence that did not come", COUNTER,
		      status.gaps);
	metrics_value(file, "spool_damaged_total",
		      "Damaged spools that were set aside, since this process has started", COUNTER,
		      from->damaged);
	metrics_value(file, "spool_events", "Alerts in the spool", GAUGE, status.events);
	metrics_value(file, "spool_bytes", "Bytes in the spool", GAUGE, status.bytes);
	metrics_value(file, "spool_limit_bytes", "Bytes that may be in the spool", GAUGE,
		      (int64_t)from->spool_bytes);
	return 0;
}

static int metrics_receivers(FILE *file, const struct metrics_source *from)
{
	struct metrics_one *ones = calloc(from->count, sizeof(*ones));
	int r = ones ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < from->count; i++) {
		delivery_status(from->deliveries[i], &ones[i].status);
		r = spool_count(from->spool, from->receivers[i].name, &ones[i].count);
	}
	for (size_t m = 0; r == 0 && m < sizeof(metrics_receiver) / sizeof(*metrics_receiver); m++) {
		metrics_head(file, metrics_receiver[m].name, metrics_receiver[m].help,
			     metrics_receiver[m].kind);
		for (size_t i = 0; i < from->count; i++)
			fprintf(file, METRICS_PREFIX "%s{receiver=\"%s\"} %" PRId64 "\n",
				metrics_receiver[m].name, from->receivers[i].name,
				*(const int64_t *)(const void *)((const char *)&ones[i] +
								 metrics_receiver[m].offset));
	}
	free(ones);
	return r;
}

/*
 * It is read by another user, and holds no secret. Always a new file: what lies there, of a kill or of somebody else, may be a FIFO, which
 * would hold up the open.
 */
static int metrics_open(const char *path, FILE **ret_file)
{
	FILE *file;
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
	if (fd < 0)
		return -errno;
	(void)fchmod(fd, 0644);
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	*ret_file = file;
	return 0;
}

int metrics_forward_write(const char *path, const struct metrics_source *from)
{
	AUTO_FREE char *next = NULL;
	FILE *file = NULL;
	int r;

	if (asprintf(&next, "%s.new", path) < 0) {
		next = NULL;
		return -ENOMEM;
	}
	r = metrics_open(next, &file);
	if (r < 0)
		return r;
	r = metrics_spool(file, from);
	if (r == 0)
		r = metrics_receivers(file, from);
	if (fclose(file) != 0 && r == 0)
		r = -EIO;
	if (r == 0 && rename(next, path) < 0)
		r = -errno;
	return r;
}
