// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Kafka, against librdkafka's cluster of mock brokers: what comes out there is what was delivered, whatever they answer. */
#include "unit.h"

#include "forward/body.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TOPIC "leaks"
/* ProduceRequest, of Kafka's protocol. */
#define PRODUCE 0
#define EVENTS 40

static rd_kafka_t *owner;
static rd_kafka_mock_cluster_t *cluster;
static bool stop;

static int setup(void **state)
{
	char why[256];

	(void)state;
	owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
	cluster = owner ? rd_kafka_mock_cluster_new(owner, 3) : NULL;
	stop = false;
	return cluster && rd_kafka_mock_topic_create(cluster, TOPIC, 4, 3) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(owner);
	return 0;
}

static bool stopped(void *context)
{
	return *(const bool *)context;
}

static struct receiver receiver_of(unsigned long timeout)
{
	return (struct receiver){.kind = &receiver_kafka,
				 .target = rd_kafka_mock_cluster_bootstraps(cluster),
				 .topic = TOPIC,
				 .plaintext = true,
				 .timeout = timeout,
				 .retry_min = 100,
				 .retry_max = 1000};
}

struct batch {
	struct event events[EVENTS];
	struct event *refs[EVENTS];
};

static void batch_make(struct batch *batch)
{
	char id[EVENT_ID_BYTES];

	memset(batch, 0, sizeof(*batch));
	for (int i = 0; i < EVENTS; i++) {
		struct event *event = &batch->events[i];

		assert_true(asprintf(&event->line, "{\"event\":{\"id\":\"0123456789abcdef-%x\"},\"n\":%d}",
				     i + 1, i) > 0);
		assert_int_equal(event_parse(event->line, strlen(event->line), &event->alert, id), 0);
		batch->refs[i] = event;
	}
}

static void batch_free(struct batch *batch)
{
	for (int i = 0; i < EVENTS; i++) {
		free(batch->events[i].line);
		json_decref(batch->events[i].alert);
	}
}

static rd_kafka_t *consumer_new(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	char why[256];
	rd_kafka_t *consumer;

	rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), why,
			  sizeof(why));
	rd_kafka_conf_set(conf, "group.id", "test", why, sizeof(why));
	rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof(why));
	consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	assert_non_null(consumer);
	for (int partition = 0; partition < 4; partition++)
		rd_kafka_topic_partition_list_add(topics, TOPIC, partition)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	assert_int_equal(rd_kafka_assign(consumer, topics), 0);
	rd_kafka_topic_partition_list_destroy(topics);
	return consumer;
}

/* Each event is there: as it was, by its id. Returns how many messages there were until then. */
static int assert_consumed(const struct batch *batch)
{
	rd_kafka_t *consumer = consumer_new();
	bool seen[EVENTS] = {0};
	int count = 0, distinct = 0;

	for (int tries = 0; tries < 600 && distinct < EVENTS; tries++) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

		for (int i = 0; message && !message->err && i < EVENTS; i++) {
			const struct event *event = &batch->events[i];

			if (message->len != strlen(event->line) ||
			    memcmp(message->payload, event->line, message->len) != 0)
				continue;
			assert_int_equal(message->key_len, strlen(event_text(event->alert, "event.id")));
			assert_memory_equal(message->key, event_text(event->alert, "event.id"),
					    message->key_len);
			distinct += !seen[i];
			seen[i] = true;
			count++;
		}
		if (message)
			rd_kafka_message_destroy(message);
	}
	rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
	assert_int_equal(distinct, EVENTS);
	return count;
}

static void test_delivers(void **state)
{
	const struct receiver receiver = receiver_of(20000);
	struct attempt attempt = {0};
	struct batch batch;
	void *kafka;

	(void)state;
	batch_make(&batch);
	assert_int_equal(receiver_kafka.open(&receiver, stopped, &stop, &kafka), 0);
	receiver_kafka.send(&receiver, kafka, batch.refs, EVENTS, &attempt);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(batch.events[i].verdict, VERDICT_DELIVERED);
	assert_int_equal(assert_consumed(&batch), EVENTS);
	receiver_kafka.close(kafka);
	batch_free(&batch);
}

/* What a broker says no to for now, and connections that break, librdkafka sends again by itself, once in the topic. */
static void test_faults(void **state)
{
	const struct receiver receiver = receiver_of(20000);
	struct attempt attempt = {0};
	struct batch batch;
	void *kafka;

	(void)state;
	batch_make(&batch);
	rd_kafka_mock_push_request_errors(cluster, PRODUCE, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
					  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT);
	assert_int_equal(receiver_kafka.open(&receiver, stopped, &stop, &kafka), 0);
	receiver_kafka.send(&receiver, kafka, batch.refs, EVENTS, &attempt);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(batch.events[i].verdict, VERDICT_DELIVERED);
	assert_consumed(&batch);
	receiver_kafka.close(kafka);
	batch_free(&batch);
}

/* All brokers are down: the attempt ends in its time, with a reason, and nothing is left; when they are back, all come. */
static void test_down(void **state)
{
	const struct receiver receiver = receiver_of(1500);
	struct attempt attempt = {0};
	struct batch batch;
	void *kafka;
	int left = EVENTS;

	(void)state;
	batch_make(&batch);
	for (int broker = 1; broker <= 3; broker++)
		rd_kafka_mock_broker_set_down(cluster, broker);
	assert_int_equal(receiver_kafka.open(&receiver, stopped, &stop, &kafka), 0);
	receiver_kafka.send(&receiver, kafka, batch.refs, EVENTS, &attempt);
	assert_true(*attempt.problem);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(batch.events[i].verdict, VERDICT_RETRY);
	for (int broker = 1; broker <= 3; broker++)
		rd_kafka_mock_broker_set_up(cluster, broker);
	for (int tries = 0; tries < 20 && left; tries++) {
		struct event *some[EVENTS];

		left = 0;
		for (int i = 0; i < EVENTS; i++)
			if (batch.events[i].verdict == VERDICT_RETRY)
				some[left++] = &batch.events[i];
		if (left)
			receiver_kafka.send(&receiver, kafka, some, (size_t)left, &attempt);
	}
	assert_int_equal(left, 0);
	assert_consumed(&batch);
	receiver_kafka.close(kafka);
	batch_free(&batch);
}

/* What the topic never takes is given up, alone. */
static void test_refused(void **state)
{
	const struct receiver receiver = receiver_of(20000);
	struct attempt attempt = {0};
	struct batch batch;
	void *kafka;

	(void)state;
	batch_make(&batch);
	rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	assert_int_equal(receiver_kafka.open(&receiver, stopped, &stop, &kafka), 0);
	receiver_kafka.send(&receiver, kafka, batch.refs, 1, &attempt);
	assert_int_equal(batch.events[0].verdict, VERDICT_REJECTED);
	assert_true(*attempt.problem);
	receiver_kafka.send(&receiver, kafka, batch.refs + 1, 1, &attempt);
	assert_int_equal(batch.events[1].verdict, VERDICT_DELIVERED);
	receiver_kafka.close(kafka);
	batch_free(&batch);
}

/* It does not keep anybody waiting who stops. */
static void test_stopped(void **state)
{
	const struct receiver receiver = receiver_of(60000);
	struct attempt attempt = {0};
	struct batch batch;
	void *kafka;
	time_t before = time(NULL);

	(void)state;
	stop = true;
	batch_make(&batch);
	for (int broker = 1; broker <= 3; broker++)
		rd_kafka_mock_broker_set_down(cluster, broker);
	assert_int_equal(receiver_kafka.open(&receiver, stopped, &stop, &kafka), 0);
	receiver_kafka.send(&receiver, kafka, batch.refs, EVENTS, &attempt);
	receiver_kafka.close(kafka);
	assert_in_range(time(NULL) - before, 0, 15);
	batch_free(&batch);
}

static void test_settings(void **state)
{
	struct receiver receiver = receiver_of(1000);
	char path[] = "/tmp/spillwatch-test-XXXXXX";
	struct attempt attempt = {0};
	struct batch batch;
	void *kafka;
	int fd = mkstemp(path);

	(void)state;
	batch_make(&batch);
	receiver.credential_file = path;
	receiver.authorization = "PLAIN";
	/* no password in it, then readable for all */
	assert_int_equal(write(fd, "geheim", 6), 6);
	for (int mode = 0600; mode <= 0604; mode += 4) {
		assert_int_equal(fchmod(fd, (mode_t)mode), 0);
		assert_int_equal(receiver_kafka.open(&receiver, stopped, &stop, &kafka), 0);
		attempt.problem[0] = '\0';
		receiver_kafka.send(&receiver, kafka, batch.refs, EVENTS, &attempt);
		assert_true(*attempt.problem && !strstr(attempt.problem, "geheim"));
		receiver_kafka.close(kafka);
	}
	close(fd);
	unlink(path);
	batch_free(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_delivers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_down, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
	};

	return UNIT_RUN(tests);
}
