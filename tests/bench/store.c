// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench/store FILE COUNT SHAPE: puts COUNT distinct facts into a store, as a monitor would, and says what that costs.
 * SHAPE: "node" (a Kubernetes node: 2,000 tokens, 50,000 files, 200 programs, 300 containers), "distinct" (each file is
 * another one, 100,000 tokens, 20,000 containers), or "ticket" (a few leaks, as in a report).
 */
#include "store/store.h"
#include "token_maker.h"

#include <inttypes.h>
#include <stdlib.h>

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

/* Alerts between two flushes: a storm of them. */
#define BENCH_BATCH 1000

static const char *const services[] = {"checkout", "payments", "catalog", "frontend",
				       "cart",     "search",   "mailer",  "ledger"};
static const char *const programs[] = {"/usr/bin/python3.11",
				       "/usr/bin/containerd-shim-runc-v2",
				       "/usr/local/bin/node",
				       "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
				       "/usr/bin/fluent-bit",
				       "/usr/bin/tee",
				       "/usr/lib/systemd/systemd-journald",
				       "/usr/bin/curl"};

struct bench_shape {
	const char *name;
	uint64_t tokens, files, programs, containers;
};

static const struct bench_shape shapes[] = {
	{"node", 2000, 50000, 200, 300},
	{"distinct", 100000, UINT64_MAX, 1000, 20000},
	{"ticket", 0, 0, 0, 0},
};

static double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int bench_put(struct store *store, const struct bench_shape *shape, uint64_t i, uint64_t count,
		     int64_t from)
{
	uint64_t state = i + 1, token = maker_next(&state) % shape->tokens;
	uint64_t file = shape->files == UINT64_MAX ? i : maker_next(&state) % shape->files;
	uint64_t program = maker_next(&state) % shape->programs;
	uint64_t container = maker_next(&state) % (shape->containers + 1);
	const char *service = services[container % 8];
	char path[256], executable[128], id[65], name[32], pod[64], image[96], command[256], process[16];
	struct maker_token made = maker_token(token + 1);
	struct alert alert = {
		.news = 1,
		.token = {.prefix = "dt0c01",
			  .type = token % 9 ? "API token" : "PaaS token",
			  .placeholder = token % 31 == 30},
		.process = {.pid = 1000 + (uint32_t)(i % 30000),
			    .name = process,
			    .thread_name = process,
			    .executable = executable,
			    .command_line = command,
			    .user_name = name},
		.file = {.path = path,
			 .type = "regular",
			 .dev_major = 8,
			 .dev_minor = 1,
			 .inode = 1000 + file},
		.write = {.syscall = i % 5 ? "write" : "pwrite64", .seen_by = "page_cache"},
		.host_name = "node-7",
	};

	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "%s", made.identifier);
	snprintf(path, sizeof(path),
		 "/var/log/pods/shop_%s-7f9c4d5b6-%05" PRIx64 "/app/%" PRIu64 "/%" PRIu64 ".log",
		 services[file % 8], file % 7919, file % 3, file);
	snprintf(executable, sizeof(executable), "%s", programs[program % 8]);
	if (program >= 8)
		snprintf(executable, sizeof(executable), "/opt/app-%" PRIu64 "/bin/worker", program);
	snprintf(process, sizeof(process), "%.15s", strrchr(executable, '/') + 1);
	snprintf(command, sizeof(command), "%s --config /etc/app/%s.yaml --verbose", executable, service);
	snprintf(name, sizeof(name), "root");
	if (container) {
		uint64_t bits = container;

		for (int k = 0; k < 4; k++)
			sprintf(id + 16 * k, "%016" PRIx64, maker_next(&bits));
		snprintf(pod, sizeof(pod), "%s-7f9c4d5b6-%05" PRIx64, service, container);
		snprintf(image, sizeof(image), "registry.example.com/shop/%s:1.%" PRIu64, service,
			 container % 20);
		alert.container = (struct alert_container){.id = id,
							   .runtime = "containerd",
							   .name = TEXT("app"),
							   .image = image,
							   .pod = pod,
							   .pod_namespace = TEXT("shop")};
	}
	alert.time.tv_sec = from + (int64_t)(30.0 * 86400 * (double)i / (double)count);
	alert.time.tv_nsec = (long)(i % 1000) * 1000000;
	return store_put(store, &alert);
}

/* A service that logs its token; what copies that log; and a deployment script on the host. */
static int bench_ticket(struct store *store, uint64_t i, uint64_t count, int64_t from)
{
	static const struct {
		const char *program, *process, *user, *path, *host_path, *container, *pod;
	} steps[] = {
		{"/usr/bin/python3.11", "python3", "app", "/var/log/app/server.log",
		 "/var/lib/kubelet/pods/4c1d0a52/volumes/kubernetes.io~empty-dir/logs/server.log",
		 "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0",
		 "checkout-7f9c4d5b6-x2kqp"},
		{"/usr/bin/containerd-shim-runc-v2", "containerd-shim", "root",
		 "/var/log/pods/shop_checkout-7f9c4d5b6-x2kqp_4c1d0a52/app/0.log", NULL, NULL, NULL},
		{"/fluent-bit/bin/fluent-bit", "flb-pipeline", "root", "/buffers/tail.0/chunk-1842.flb",
		 "/var/lib/fluent-bit/tail.0/chunk-1842.flb",
		 "00aa11bb22cc33dd44ee55ff66778899a0b1c2d3e4f5061728394a5b6c7d8e9f", "fluent-bit-8zt4m"},
		{"/usr/local/bin/node", "node", "node", "/data/cache/session.json", NULL,
		 "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef", "frontend-5d8c7-q9w2e"},
		{"/usr/bin/bash", "deploy.sh", "root", "/root/.bash_history", NULL, NULL, NULL},
		{"/usr/bin/tee", "tee", "root", "/root/deploy.log", NULL, NULL, NULL},
	};
	static const int leak_of[] = {0, 0, 0, 1, 2, 2};
	size_t step = i % 6;
	uint64_t burst = i / 24, state = burst + 7, token = (uint64_t)leak_of[step] + 3 * (burst % 2);
	struct maker_token made = maker_token(token + 41);
	struct alert alert = {
		.news = 1,
		.token = {.prefix = "dt0c01", .type = "API token", .placeholder = token == 4},
		.process = {.pid = 4000 + (uint32_t)step,
			    .name = (char *)(uintptr_t)steps[step].process,
			    .executable = (char *)(uintptr_t)steps[step].program,
			    .user_name = (char *)(uintptr_t)steps[step].user},
		.file = {.path = (char *)(uintptr_t)steps[step].path,
			 .host_path = (char *)(uintptr_t)steps[step].host_path,
			 .type = "regular"},
		.container = {.id = (char *)(uintptr_t)steps[step].container,
			      .runtime = "containerd",
			      .name = (char *)(uintptr_t)(step == 2 ? "fluent-bit" : "app"),
			      .image = (char *)(uintptr_t)(step == 2 ? "cr.fluentbit.io/fluent/fluent-bit:3.1"
								     : "registry.example.com/shop/app:1.42"),
			      .pod = (char *)(uintptr_t)steps[step].pod,
			      .pod_namespace = (char *)(uintptr_t)(step == 2 ? "logging" : "shop")},
		.write = {.syscall = "write", .seen_by = "page_cache"},
	};

	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "%s", made.identifier);
	/* bursts, with nights between them */
	alert.time.tv_sec = from + (int64_t)(28.0 * 86400 * (double)i / (double)count) / 86400 * 86400 +
			    (int64_t)(maker_next(&state) % 36000) + (int64_t)step;
	return store_put(store, &alert);
}

int main(int argc, char **argv)
{
	const struct store_limits limits = {.days = 90, .bytes = 4UL << 30};
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int64_t from = (int64_t)time(NULL) - 30 * 86400;
	char *moved = NULL;
	struct store *store;
	double start;
	int r;

	for (size_t s = 0; argc == 4 && count && s < sizeof(shapes) / sizeof(*shapes); s++) {
		if (strcmp(shapes[s].name, argv[3]) != 0)
			continue;
		r = store_open(argv[1], &limits, &moved, &store);
		start = bench_now();
		for (uint64_t i = 0; r == 0 && i < count; i++) {
			r = shapes[s].containers == 0 ? bench_ticket(store, i, count, from)
						      : bench_put(store, &shapes[s], i, count, from);
			if (r == 0 && i % BENCH_BATCH == BENCH_BATCH - 1)
				r = store_flush(store, &moved);
		}
		if (r == 0)
			store_close(store);
		printf("%s, %" PRIu64 " facts: %.1f s, %.1f us an alert%s\n", argv[3], count,
		       bench_now() - start, (bench_now() - start) / (double)count * 1e6, r ? ", FAILED" : "");
		return r != 0;
	}
	fprintf(stderr, "usage: store FILE COUNT node|distinct|ticket\n");
	return 2;
}
