// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Kafka, by librdkafka (https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html): the alert as it is, with
 * event.id as the message's key, so that a compacted topic keeps it once. All replicas have to have it (acks=all) before it is delivered.
 *
 * Invariant: when an attempt ends, no message of it is with librdkafka any more: events are not the next attempt's.
 */
#include "forward/body.h"
#include "forward/credential.h"
#include "lib/cleanup.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <string.h>
#include <sys/stat.h>

#define KAFKA_TOPIC "spillwatch.alerts"
/* ms: between two looks whether it is to be stopped; until what was called back has come back. */
#define KAFKA_LOOK_MS 100
#define KAFKA_PURGE_MS 5000
#define KAFKA_NAME "spillwatch-forward"

struct kafka {
	const struct receiver *receiver;
	bool (*stopped)(void *context);
	void *context;
	rd_kafka_t *client; /* NULL: not yet, or not any more */
	struct stat credential; /* that it was made with */
	rd_kafka_resp_err_t error; /* of this attempt, the last */
};

static void kafka_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
	struct kafka *kafka = context;
	struct event *event = message->_private;

	(void)client;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		event->verdict = VERDICT_DELIVERED;
	else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
		 message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
		kafka->error = message->err;
	if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		event->verdict = VERDICT_REJECTED;
}

/* What it says of itself names brokers and more, over and over; what matters is said by the attempt. */
static void kafka_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
	(void)client;
	(void)level;
	(void)facility;
	(void)text;
}

static void kafka_error(rd_kafka_t *client, int error, const char *reason, void *context)
{
	struct kafka *kafka = context;

	(void)client;
	(void)reason;
	kafka->error = error;
}

static int kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	if (!value)
		return 0;
	return rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK ? 0 : -EINVAL;
}

static int kafka_set_number(rd_kafka_conf_t *conf, const char *name, unsigned long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", number);
	return kafka_set(conf, name, text);
}

/* USER:PASSWORD */
static int kafka_set_user(struct kafka *kafka, rd_kafka_conf_t *conf)
{
	const struct receiver *receiver = kafka->receiver;
	AUTO_CREDENTIAL char *text = NULL;
	char *password;
	int r = credential_read(receiver->credential_file, &text);

	if (r < 0)
		return r;
	if (stat(receiver->credential_file, &kafka->credential) < 0)
		return -errno;
	password = strchr(text, ':');
	if (!password)
		return -EINVAL;
	*password++ = '\0';
	r = kafka_set(conf, "sasl.mechanism",
		      receiver->authorization ? receiver->authorization : receiver->kind->scheme);
	if (r == 0)
		r = kafka_set(conf, "sasl.username", text);
	if (r == 0)
		r = kafka_set(conf, "sasl.password", password);
	explicit_bzero(password, strlen(password));
	return r;
}

static int kafka_set_security(struct kafka *kafka, rd_kafka_conf_t *conf)
{
	static const char *const protocols[2][2] = {{"ssl", "sasl_ssl"}, {"plaintext", "sasl_plaintext"}};
	const struct receiver *receiver = kafka->receiver;
	bool plain = receiver->plaintext, user = receiver->credential_file;
	/* also to this host only if it is said: brokers lead to others */
	int r = kafka_set(conf, "security.protocol", protocols[plain][user]);

	if (r == 0 && !plain)
		r = kafka_set(conf, "ssl.endpoint.identification.algorithm", "https");
	if (r == 0)
		r = kafka_set(conf, "ssl.ca.location", receiver->ca_file);
	if (r == 0)
		r = kafka_set(conf, "ssl.certificate.location", receiver->certificate_file);
	if (r == 0)
		r = kafka_set(conf, "ssl.key.location", receiver->key_file);
	return r == 0 && user ? kafka_set_user(kafka, conf) : r;
}

static int kafka_configure(struct kafka *kafka, rd_kafka_conf_t *conf)
{
	const struct receiver *receiver = kafka->receiver;
	int r = kafka_set(conf, "bootstrap.servers", receiver->target);

	if (r == 0)
		r = kafka_set(conf, "client.id", KAFKA_NAME);
	/* what it sends again by itself comes once; what we do, by its key */
	if (r == 0)
		r = kafka_set(conf, "enable.idempotence", "true");
	if (r == 0)
		r = kafka_set_number(conf, "message.timeout.ms", receiver->timeout);
	if (r == 0)
		r = kafka_set_number(conf, "reconnect.backoff.max.ms", receiver->retry_max);
	if (r == 0)
		r = kafka_set_security(kafka, conf);
	rd_kafka_conf_set_opaque(conf, kafka);
	rd_kafka_conf_set_dr_msg_cb(conf, kafka_report);
	rd_kafka_conf_set_log_cb(conf, kafka_log);
	rd_kafka_conf_set_error_cb(conf, kafka_error);
	return r;
}

/* Returns 0 or a negative errno: credential_read()'s, or -EDESTADDRREQ: librdkafka takes no such settings. */
static int kafka_connect(struct kafka *kafka)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	int r = kafka_configure(kafka, conf);

	if (r == 0)
		kafka->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (r == 0 && kafka->client)
		return 0;
	rd_kafka_conf_destroy(conf);
	return r == 0 ? -EDESTADDRREQ : r;
}

static void kafka_disconnect(struct kafka *kafka)
{
	if (kafka->client)
		rd_kafka_destroy(kafka->client);
	kafka->client = NULL;
}

static bool kafka_credential_changed(const struct kafka *kafka)
{
	struct stat now;

	return kafka->client && kafka->receiver->credential_file &&
	       stat(kafka->receiver->credential_file, &now) == 0 &&
	       (now.st_ino != kafka->credential.st_ino ||
		now.st_mtim.tv_sec != kafka->credential.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != kafka->credential.st_mtim.tv_nsec);
}

static int kafka_open(const struct receiver *receiver, bool (*stopped)(void *context), void *context,
		      void **ret_state)
{
	struct kafka *kafka = calloc(1, sizeof(*kafka));

	if (!kafka)
		return -ENOMEM;
	kafka->receiver = receiver;
	kafka->stopped = stopped;
	kafka->context = context;
	*ret_state = kafka;
	return 0;
}

static void kafka_close(void *state)
{
	kafka_disconnect(state);
	free(state);
}

static void kafka_produce(struct kafka *kafka, struct event *event)
{
	char id[EVENT_ID_BYTES];
	const char *topic = kafka->receiver->topic ? kafka->receiver->topic : KAFKA_TOPIC;
	rd_kafka_resp_err_t error;

	snprintf(id, sizeof(id), "%s", event_text(event->alert, "event.id"));
	error = rd_kafka_producev(kafka->client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(id, strlen(id)),
				  RD_KAFKA_V_VALUE(event->line, strlen(event->line)),
				  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
				  RD_KAFKA_V_HEADER("content-type", "application/json", -1),
				  RD_KAFKA_V_OPAQUE(event), RD_KAFKA_V_END);
	if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		event->verdict = VERDICT_REJECTED;
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		kafka->error = error;
}

/* Until all have come back: judged, or called back since it takes too long. */
static void kafka_wait(struct kafka *kafka)
{
	int64_t end = monotonic_ms() + (int64_t)kafka->receiver->timeout;

	while (rd_kafka_outq_len(kafka->client) > 0 && monotonic_ms() < end &&
	       !kafka->stopped(kafka->context))
		rd_kafka_flush(kafka->client, KAFKA_LOOK_MS);
	if (rd_kafka_outq_len(kafka->client) == 0)
		return;
	if (kafka->error == RD_KAFKA_RESP_ERR_NO_ERROR)
		kafka->error = RD_KAFKA_RESP_ERR__TIMED_OUT;
	rd_kafka_purge(kafka->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(kafka->client, KAFKA_PURGE_MS);
	if (rd_kafka_outq_len(kafka->client) > 0)
		kafka_disconnect(kafka);
}

static void kafka_send(const struct receiver *receiver, void *state, struct event *const *events,
		       size_t count, struct attempt *attempt)
{
	struct kafka *kafka = state;
	char why[64];
	int r = 0;

	if (kafka_credential_changed(kafka))
		kafka_disconnect(kafka);
	if (!kafka->client)
		r = kafka_connect(kafka);
	if (r < 0) {
		snprintf(attempt->problem, sizeof(attempt->problem), "%s",
			 r == -EDESTADDRREQ || !receiver->credential_file
				 ? "librdkafka can't use its settings"
				 : credential_error(r));
		return;
	}
	kafka->error = RD_KAFKA_RESP_ERR_NO_ERROR;
	for (size_t i = 0; i < count; i++)
		kafka_produce(kafka, events[i]);
	kafka_wait(kafka);
	if (kafka->error != RD_KAFKA_RESP_ERR_NO_ERROR)
		snprintf(attempt->problem, sizeof(attempt->problem), "%s", rd_kafka_err2str(kafka->error));
	/* after one of these a producer takes nothing more */
	if (kafka->client &&
	    rd_kafka_fatal_error(kafka->client, why, sizeof(why)) != RD_KAFKA_RESP_ERR_NO_ERROR)
		kafka_disconnect(kafka);
}

const struct receiver_kind receiver_kafka = {
	.name = "kafka",
	.events = 256,
	.scheme = "SCRAM-SHA-512",
	.open = kafka_open,
	.send = kafka_send,
	.close = kafka_close,
};
