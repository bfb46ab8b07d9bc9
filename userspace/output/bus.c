// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → bus → queues → outputs. The thread that empties the ring makes each line once and copies it to the
 * queues; each output's thread takes all that waits at once, and writes it line by line, or many at once into a file.
 *
 * Invariant: each alert that is handed over is written, waits, or is counted as lost, for each output by
 * itself; and their order is kept. A writing thread allocates nothing, so it brings no heap of its own.
 *
 * Limit: a thread inside a write(2) that does not return can't be joined. It is left behind with what is its
 * own. If that is in a FUSE server which has taken the request, not even SIGKILL ends it, nor the flush of a file that is closed as the
 * process ends: all is said by then, but the process is gone only when that server answers, or ends.
 */
#include "output/bus.h"
#include "output/bus_parts.h"

#include "alert/json.h"
#include "alert/message.h"
#include "alert/text.h"
#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/monotonic.h"
#include "lib/thread.h"
#include "lib/utf8.h"
#include "output/file.h"
#include "output/output.h"
#include "output/program.h"
#include "output/queue.h"
#include "output/socket.h"
#include "output/syslog.h"
#include "rules/rules.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* ms that bus_close() gives to what was said since bus_settle(). */
#define BUS_CLOSE_MS 200

/*
 * Looks, one a ms, before anything is given up: the threads have not been heard if the machine stood still
 * meanwhile.
 */
#define BUS_LOOKS 50

/* What waits is no more than this before the thread is woken. */
#define BUS_WAKE_BYTES 65536

void bus_output_free(struct bus_output *to)
{
	output_close(to->output);
	queue_free(&to->queue);
	pthread_cond_destroy(&to->work);
	pthread_mutex_destroy(&to->lock);
	free(to->name);
	free(to->identity);
	free(to);
}

bool bus_output_is_idle(const struct bus_output *to)
{
	return !to->busy && queue_empty(&to->queue) && !to->reopen;
}

/* Locked. */
static void bus_lose(struct bus_output *to, uint64_t alerts, int error)
{
	to->lost += alerts;
	if (alerts)
		to->error = error;
}

/*
 * What is through up to that number, and what comes behind it that is not for this output: as soon as nothing before that waits
 * any more. Locked.
 */
static void bus_mark_to(struct bus_output *to, uint64_t number)
{
	/* what was given up is the next daemon's */
	if (to->given_up)
		return;
	if (!to->waiting && to->passed > number)
		number = to->passed;
	if (to->mark && number > *to->mark)
		__atomic_store_n(to->mark, number, __ATOMIC_RELEASE);
}

/* One line is through, one way or the other. Returns whether to go on. */
static bool bus_written(struct bus_output *to, const struct queue_line *line, int r)
{
	bool on;

	pthread_mutex_lock(&to->lock);
	on = !to->given_up;
	/* what was given up is counted already */
	if (on) {
		to->bytes -= line->len;
		to->waiting -= line->alert;
		bus_lose(to, r > 0 ? (uint64_t)r : line->alert && r<0, r> 0 ? -ETIME : r);
		bus_mark_to(to, line->number);
		to->moved = monotonic_ms();
	}
	pthread_mutex_unlock(&to->lock);
	return on;
}

/* Those arrived. Returns whether to go on. */
static bool bus_arrived(struct bus_output *to, const struct queue_line *lines, size_t count)
{
	bool on;

	pthread_mutex_lock(&to->lock);
	on = !to->given_up;
	for (size_t i = 0; on && i < count; i++) {
		to->bytes -= lines[i].len;
		to->waiting -= lines[i].alert;
		bus_mark_to(to, lines[i].number);
	}
	if (on && count)
		to->moved = monotonic_ms();
	pthread_mutex_unlock(&to->lock);
	return on;
}

/* To be told by who may say something. */
static void bus_opened(struct bus_output *to, int r)
{
	if (r == 0)
		return;
	pthread_mutex_lock(&to->lock);
	to->reopened = r;
	pthread_mutex_unlock(&to->lock);
}

/* Writes one, for which there is room. Returns whether to go on. */
static bool bus_write(struct bus_output *to, const struct queue_line *line)
{
	return bus_written(to, line, output_write(to->output, line->text, line->len, line->alert));
}

/* Writes a line, and with it as many of those behind it as go at once. Returns whether to go on. */
static bool bus_write_lines(struct bus_output *to, struct queue *taken, const struct queue_line *first)
{
	size_t room = output_room(to->output), count = 1, whole = 0;
	struct queue_line lines[OUTPUT_LINES] = {*first};
	struct iovec texts[OUTPUT_LINES];
	int error = 0;
	bool on;

	for (room = room > first->len ? room - first->len : 0;
	     count < OUTPUT_LINES && queue_next_within(taken, room, &lines[count]); count++)
		room -= lines[count].len;
	if (count == 1)
		return bus_write(to, first);
	for (size_t i = 0; i < count; i++)
		texts[i] = (struct iovec){lines[i].text, lines[i].len};
	whole = output_write_lines(to->output, texts, count, &error);
	on = bus_arrived(to, lines, whole);
	if (on && whole < count)
		on = bus_written(to, &lines[whole++], error);
	/* each has its own try */
	for (; on && whole < count; whole++) {
		bus_opened(to, output_make_room(to->output, lines[whole].len));
		on = bus_write(to, &lines[whole]);
	}
	return on;
}

/* What the thread does outside of the lock. @many: lines are not alike, so each can be found again if we are killed before it is marked */
static void bus_work(struct bus_output *to, struct queue *taken, bool reopen, bool many)
{
	struct queue_line line;
	bool on = true;

	if (reopen)
		bus_opened(to, output_reopen(to->output));
	while (on && queue_next(taken, &line)) {
		bus_opened(to, output_make_room(to->output, line.len));
		on = many ? bus_write_lines(to, taken, &line) : bus_write(to, &line);
	}
	queue_clear(taken);
}

static void *bus_thread(void *context)
{
	struct bus_output *to = context;
	struct queue taken = {0};

	pthread_mutex_lock(&to->lock);
	for (;;) {
		struct queue empty = taken;
		bool reopen = to->reopen, many = to->json;

		if (to->end)
			break;
		if (queue_empty(&to->queue) && !reopen) {
			pthread_cond_wait(&to->work, &to->lock);
			continue;
		}
		taken = to->queue;
		to->queue = empty;
		to->reopen = false;
		to->busy = true;
		pthread_mutex_unlock(&to->lock);
		bus_work(to, &taken, reopen, many);
		pthread_mutex_lock(&to->lock);
		to->busy = false;
	}
	pthread_mutex_unlock(&to->lock);
	queue_free(&taken);
	/* set while the thread was busy: nobody else knows it any more */
	if (to->left)
		bus_output_free(to);
	return NULL;
}

int bus_output_start(struct bus_output *to)
{
	int r = output_begin(to->output);

	if (r == 0) {
		r = thread_start(&to->thread, bus_thread, to);
		to->started = r == 0;
	}
	return r;
}

void bus_output_set(struct bus_output *to, const struct output_spec *spec)
{
	pthread_mutex_lock(&to->lock);
	to->json = !spec->text;
	to->severity = spec->severity;
	to->match = spec->match;
	to->queue_bytes = spec->queue_bytes ? spec->queue_bytes : OUTPUT_QUEUE_BYTES;
	pthread_mutex_unlock(&to->lock);
}

struct bus_output *bus_output_new(struct output *output, char *name, char *identity,
				  const struct output_spec *spec, bool alerts, bool colour)
{
	struct bus_output *to = name ? calloc(1, sizeof(*to)) : NULL;

	if (!to) {
		output_close(output);
		free(name);
		free(identity);
		return NULL;
	}
	to->output = output;
	to->name = name;
	to->identity = identity;
	to->alerts = alerts;
	to->colour = colour;
	pthread_mutex_init(&to->lock, NULL);
	pthread_cond_init(&to->work, NULL);
	bus_output_set(to, spec);
	return to;
}

/* Takes the output, the name and the identity, also on failure. */
static int bus_take(struct bus *bus, struct output *output, char *name, char *identity,
		    const struct output_spec *spec, bool alerts, bool colour)
{
	struct bus_output *to = bus_output_new(output, name, identity, spec, alerts, colour);

	if (!to)
		return -ENOMEM;
	to->number = ++bus->numbered;
	bus->outputs[bus->count++] = to;
	return 0;
}

/* Waking a thread costs more than a line does: it is done once for many. Locked. @beyond: bytes */
static void bus_wake(struct bus_output *to, size_t beyond)
{
	if (to->unsaid <= beyond)
		return;
	to->unsaid = 0;
	pthread_cond_signal(&to->work);
}

/* Hands a line over, or counts it. @line: NULL: it could not be made */
static void bus_put(struct bus_output *to, const char *line, size_t len, bool alert, uint64_t number)
{
	int r = line ? 0 : -ENOMEM;

	pthread_mutex_lock(&to->lock);
	if (to->given_up || (r == 0 && to->bytes + len > to->queue_bytes))
		r = -ETIME;
	if (r == 0)
		r = queue_put(&to->queue, line, len, alert, number);
	if (r == 0) {
		if (!to->bytes)
			to->moved = monotonic_ms();
		to->bytes += len;
		to->waiting += alert;
		to->unsaid += len;
		bus_wake(to, BUS_WAKE_BYTES);
	} else
		bus_lose(to, alert, r);
	pthread_mutex_unlock(&to->lock);
}

static void bus_flush_output(struct bus_output *to)
{
	pthread_mutex_lock(&to->lock);
	bus_wake(to, 0);
	pthread_mutex_unlock(&to->lock);
}

/* What the program says of itself. */
static void bus_log(void *context, const char *line)
{
	struct bus *bus = context;

	bus_put(bus->outputs[0], line, strlen(line), false, 0);
	bus_flush_output(bus->outputs[0]);
}

void bus_flush(struct bus *bus)
{
	for (size_t i = 0; i < bus->count; i++)
		bus_flush_output(bus->outputs[i]);
	if (bus->leaving_count)
		bus_change_leave(bus);
}

int bus_open(bool text, struct bus **ret_bus)
{
	static const struct output_spec errors = {.what = OUTPUT_FILE, .text = true};
	struct bus *bus = calloc(1, sizeof(*bus));
	struct output *output;
	bool colour;
	int r;

	if (!bus)
		return -ENOMEM;
	r = output_errors_open(&output, &colour);
	if (r == 0)
		r = bus_take(bus, output, strdup("standard error"), NULL, &errors, text, colour);
	if (r < 0) {
		free(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

int bus_begin(struct bus *bus)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < bus->count; i++)
		r = bus_output_start(bus->outputs[i]);
	if (r == 0)
		log_to(bus_log, bus);
	return r;
}

/* It goes on being text: what cuts a character in two is left out. */
static void bus_cut(char *name)
{
	size_t len = BUS_NAME_BYTES - 1;

	if (!name || strlen(name) <= len)
		return;
	name[utf8_cut(name, len)] = '\0';
}

char *bus_output_name(const struct output_spec *spec)
{
	static const char *const before[OUTPUT_WHATS] = {
#define BUS_BEFORE(id, key, text) text,
		OUTPUT_KINDS(BUS_BEFORE)
#undef BUS_BEFORE
	};
	const char *name = spec->name ? spec->name : spec->target;
	AUTO_FREE char *shown = NULL;
	char *whole;

	if (!spec->name && spec->what == OUTPUT_FILE && strcmp(spec->target, "-") == 0)
		return strdup("standard output");
	if (mask_text(name, strlen(name), NULL, &shown) < 0) {
		shown = NULL;
		return NULL;
	}
	if (asprintf(&whole, "%s%s", spec->name ? "" : before[spec->what], shown) < 0)
		return NULL;
	bus_cut(whole);
	return whole;
}

bool bus_has(const struct bus *bus, const char *name)
{
	for (size_t i = 0; i < bus->count; i++)
		if (strcmp(bus->outputs[i]->name, name) == 0)
			return true;
	return false;
}

static int bus_open_output(const struct output_spec *spec, struct output **ret_output)
{
	switch (spec->what) {
	case OUTPUT_FILE:
		return output_file_open(spec, ret_output);
	case OUTPUT_SOCKET:
		return output_socket_open(spec, ret_output);
	case OUTPUT_SYSLOG:
	case OUTPUT_JOURNALD:
		return output_syslog_open(spec, ret_output);
	case OUTPUT_PROGRAM:
		return output_program_open(spec, ret_output);
	default:
		return -EINVAL;
	}
}

int bus_add(struct bus *bus, const struct output_spec *spec)
{
	AUTO_FREE char *name = bus_output_name(spec);
	AUTO_FREE char *identity = output_spec_identity(spec);
	struct output *output;
	int r, late;

	if (!name || !identity)
		return -ENOMEM;
	if (bus->count == BUS_OUTPUTS)
		return -ENOSPC;
	if (bus_has(bus, name))
		return -EEXIST;
	late = bus_open_output(spec, &output);
	if (late < 0)
		return late;
	r = bus_take(bus, output, TAKE(name), TAKE(identity), spec, true, false);
	return r < 0 ? r : late;
}

int bus_add_file(struct bus *bus, const char *path, unsigned long bytes)
{
	const struct output_spec spec = {.what = OUTPUT_FILE, .target = path, .bytes = bytes};

	return bus_add(bus, &spec);
}

/* An alert or a loss in each form that some output wants; each is made once, when it is asked for. */
enum bus_form { BUS_JSON, BUS_TEXT, BUS_COLOUR, BUS_FORMS };

struct bus_lines {
	const struct alert *alert; /* NULL: a loss */
	const struct loss *loss;
	char *line[BUS_FORMS];
	bool made[BUS_FORMS];
	struct rules_facts *facts;
	bool known; /* they are there */
};

static void bus_lines_free(struct bus_lines *lines)
{
	for (int form = 0; form < BUS_FORMS; form++)
		free(lines->line[form]);
}

/* Borrowed; NULL: there is no memory. */
static const char *bus_line(struct bus_lines *lines, const struct bus_output *to)
{
	enum bus_form form = to->json ? BUS_JSON : to->colour ? BUS_COLOUR : BUS_TEXT;
	char **line = &lines->line[form];
	int r = 0;

	if (lines->made[form])
		return *line;
	lines->made[form] = true;
	if (lines->alert)
		r = to->json ? alert_to_json(lines->alert, line)
			     : alert_to_text(lines->alert, to->colour, line);
	else
		r = to->json ? loss_to_json(lines->loss, line) : loss_to_text(lines->loss, to->colour, line);
	if (r < 0)
		*line = NULL;
	return *line;
}

/* Hands an alert or a loss to an output, in its form. */
static void bus_give(struct bus_lines *lines, struct bus_output *to)
{
	uint64_t number = lines->alert ? lines->alert->number : 0;
	AUTO_FREE char *message = NULL;
	const char *line;
	size_t len = 0;

	if (!to->output->kind->form) {
		line = bus_line(lines, to);
		bus_put(to, line, line ? strlen(line) : 0, lines->alert, number);
		return;
	}
	if (to->output->kind->form(to->output, lines->alert, lines->loss, !to->json, &message, &len) < 0)
		message = NULL;
	bus_put(to, message, len, lines->alert, number);
}

/* Is the alert for that output? Who floods wrote what nobody has looked at: only how grave that is can be asked. */
static bool bus_is_for(struct bus_lines *lines, const struct bus_output *to)
{
	struct rules_decision decision;

	if (!to->alerts || alert_severity(lines->alert) < to->severity)
		return false;
	if (!to->match || lines->alert->flood)
		return true;
	if (!lines->known)
		rules_facts_alert(lines->alert, lines->facts);
	lines->known = true;
	decision = rules_decide(to->match, lines->facts, 0);
	return decision.rule != NULL;
}

/* That number is nothing for this output. */
static void bus_pass_output(struct bus_output *to, uint64_t number)
{
	pthread_mutex_lock(&to->lock);
	to->passed = number;
	bus_mark_to(to, 0);
	pthread_mutex_unlock(&to->lock);
}

void bus_emit(struct bus *bus, const struct alert *alert)
{
	struct rules_facts facts;
	struct bus_lines lines = {.alert = alert, .facts = &facts};

	for (size_t i = 0; i < bus->count; i++) {
		struct bus_output *to = bus->outputs[i];

		if (bus_is_for(&lines, to))
			bus_give(&lines, to);
		else if (to->alerts)
			bus_pass_output(to, alert->number);
	}
	bus_lines_free(&lines);
}

void bus_emit_loss(struct bus *bus, const struct loss *loss)
{
	struct bus_lines lines = {.loss = loss};

	/* the first is standard error, where the log says it */
	for (size_t i = 1; i < bus->count; i++)
		bus_give(&lines, bus->outputs[i]);
	bus_lines_free(&lines);
}

void bus_marks(struct bus *bus, bus_mark mark, void *context)
{
	for (size_t i = 0; i < bus->count; i++)
		if (bus->outputs[i]->alerts && !bus->outputs[i]->output->kind->live)
			bus->outputs[i]->mark = mark(context, bus->outputs[i]->name);
}

uint64_t bus_least(const struct bus *bus)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < bus->count; i++) {
		const struct bus_output *to = bus->outputs[i];

		if (to->mark && *to->mark < least)
			least = *to->mark;
	}
	return least;
}

void bus_pass(struct bus *bus, uint64_t number)
{
	for (size_t i = 0; i < bus->count; i++)
		bus_pass_output(bus->outputs[i], number);
}

/* The daemon may have died between writing a line and marking it. */
static void bus_again(struct bus_lines *lines, struct bus_output *to)
{
	const char *line = to->output->kind->ends ? bus_line(lines, to) : NULL;

	if (line && output_ends(to->output, line, to->json))
		*to->mark = lines->alert->number;
	else
		bus_give(lines, to);
}

void bus_emit_again(struct bus *bus, const struct alert *alert)
{
	struct rules_facts facts;
	struct bus_lines lines = {.alert = alert, .facts = &facts};

	for (size_t i = 0; i < bus->count; i++) {
		struct bus_output *to = bus->outputs[i];

		if (!to->mark || *to->mark >= alert->number)
			continue;
		if (bus_is_for(&lines, to))
			bus_again(&lines, to);
		else
			bus_pass_output(to, alert->number);
	}
	bus_lines_free(&lines);
}

void bus_reopen(struct bus *bus)
{
	for (size_t i = 0; i < bus->count; i++) {
		struct bus_output *to = bus->outputs[i];

		pthread_mutex_lock(&to->lock);
		if (bus_output_is_idle(to))
			to->moved = monotonic_ms();
		to->reopen = true;
		pthread_cond_signal(&to->work);
		pthread_mutex_unlock(&to->lock);
	}
}

int bus_reopened(struct bus *bus)
{
	int r = 0;

	for (size_t i = 0; i < bus->count; i++) {
		struct bus_output *to = bus->outputs[i];

		pthread_mutex_lock(&to->lock);
		r = to->reopened ? to->reopened : r;
		to->reopened = 0;
		pthread_mutex_unlock(&to->lock);
	}
	return r;
}

/* Locked. */
static void bus_loss_of(const struct bus_output *to, int64_t now, struct bus_loss *ret_loss)
{
	int trouble = __atomic_load_n(&to->output->trouble, __ATOMIC_RELAXED);

	*ret_loss = (struct bus_loss){
		.number = to->number, .name = to->name, .alerts = to->lost, .waiting = to->waiting};
	ret_loss->trouble = trouble ? strerror(-trouble) : NULL;
	if (to->lost && to->error == -ETIME)
		ret_loss->reason = trouble ? ret_loss->trouble : "it takes them too slowly, or not at all";
	else if (to->lost)
		ret_loss->reason = strerror(-to->error);
	snprintf(ret_loss->text, sizeof(ret_loss->text), "alerts not delivered to %s%s%s", to->name,
		 to->lost ? ": " : "", to->lost ? ret_loss->reason : "");
	if (now - to->moved > BUS_PATIENCE_MS)
		ret_loss->stuck = to->waiting;
}

/* Those that have left, or do, as one. Returns whether there is anything to say of them. */
static bool bus_losses_gone(struct bus *bus, struct bus_loss *ret_loss)
{
	*ret_loss = (struct bus_loss){.name = "outputs that were removed", .alerts = bus->gone_lost};
	for (size_t i = 0; i < bus->leaving_count; i++) {
		struct bus_output *to = bus->leaving[i];

		pthread_mutex_lock(&to->lock);
		ret_loss->alerts += to->lost;
		ret_loss->waiting += to->waiting;
		pthread_mutex_unlock(&to->lock);
	}
	if (ret_loss->alerts)
		ret_loss->reason = "they did not take them in the time that they had";
	snprintf(ret_loss->text, sizeof(ret_loss->text), "alerts not delivered to %s", ret_loss->name);
	return ret_loss->alerts || ret_loss->waiting;
}

size_t bus_losses(struct bus *bus, struct bus_loss losses[BUS_LOSSES])
{
	int64_t now = monotonic_ms();
	size_t count = bus->count;

	for (size_t i = 0; i < count; i++) {
		struct bus_output *to = bus->outputs[i];

		pthread_mutex_lock(&to->lock);
		bus_loss_of(to, now, &losses[i]);
		pthread_mutex_unlock(&to->lock);
	}
	return count + bus_losses_gone(bus, &losses[count]);
}

bool bus_output_moves(struct bus_output *to, bool any)
{
	int64_t now = monotonic_ms(), moved = now;
	bool idle = bus_output_is_idle(to), sent = output_idle(to->output, &moved);

	if (to->given_up || (idle && sent))
		return false;
	return any || (!idle && now - to->moved <= BUS_PATIENCE_MS) ||
	       (!sent && now - moved <= BUS_PATIENCE_MS);
}

/* Is one of them to be waited for? */
static bool bus_waits_for(struct bus_output *const *outputs, size_t count, bool any)
{
	bool waits = false;

	for (size_t i = 0; i < count; i++) {
		struct bus_output *to = outputs[i];

		pthread_mutex_lock(&to->lock);
		waits |= bus_output_moves(to, any);
		pthread_mutex_unlock(&to->lock);
	}
	return waits;
}

static bool bus_waits(const struct bus *bus, bool any)
{
	bool waits = bus_waits_for(bus->outputs, bus->count, any);

	return bus_waits_for(bus->leaving, bus->leaving_count, any) || waits;
}

void bus_output_give_up(struct bus_output *to)
{
	int64_t moved;

	pthread_mutex_lock(&to->lock);
	if (!bus_output_is_idle(to) && !to->given_up) {
		to->given_up = true;
		bus_lose(to, to->waiting, -ETIME);
		to->waiting = 0;
		to->reopen = false;
		queue_clear(&to->queue);
	}
	if (to->given_up || !output_idle(to->output, &moved)) {
		to->given_up = true;
		bus_lose(to, output_give_up(to->output), -ETIME);
	}
	pthread_mutex_unlock(&to->lock);
}

void bus_settle(struct bus *bus, int ms)
{
	const struct timespec pause = {.tv_nsec = 1000000L};
	int64_t until = monotonic_ms() + ms;

	bus_flush(bus);
	for (int looks = 0; bus_waits(bus, looks < BUS_LOOKS); looks++) {
		if (looks >= BUS_LOOKS && monotonic_ms() > until)
			break;
		nanosleep(&pause, NULL);
	}
	for (size_t i = 0; i < bus->count; i++)
		bus_output_give_up(bus->outputs[i]);
	for (size_t i = 0; i < bus->leaving_count; i++)
		bus_output_give_up(bus->leaving[i]);
}

/* Ends the thread, or leaves it where it hangs. */
static void bus_end(struct bus_output *to)
{
	bool left;

	if (!to->started) {
		bus_output_free(to);
		return;
	}
	pthread_mutex_lock(&to->lock);
	left = to->left = to->busy;
	to->end = true;
	pthread_cond_signal(&to->work);
	if (left)
		pthread_detach(to->thread);
	pthread_mutex_unlock(&to->lock);
	/* from here on one that was left is not ours */
	if (left)
		return;
	pthread_join(to->thread, NULL);
	bus_output_free(to);
}

void bus_output_leave(struct bus_output *to)
{
	pthread_mutex_lock(&to->lock);
	to->left = to->end = true;
	pthread_cond_signal(&to->work);
	pthread_detach(to->thread);
	pthread_mutex_unlock(&to->lock);
}

void bus_close(struct bus *bus)
{
	if (!bus)
		return;
	bus_settle(bus, BUS_CLOSE_MS);
	log_to(NULL, NULL);
	for (size_t i = 0; i < bus->count; i++)
		bus_end(bus->outputs[i]);
	for (size_t i = 0; i < bus->leaving_count; i++)
		bus_end(bus->leaving[i]);
	free(bus);
}
