// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Kafka as a test has it: librdkafka's mock brokers, and a consumer. Prints their addresses, then the key of each message of the topic
 * that its argument names, until it is killed.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>

static rd_kafka_t *consumer_new(rd_kafka_mock_cluster_t *cluster, const char *topic)
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
	rd_kafka_topic_partition_list_add(topics, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	return consumer;
}

int main(int argc, char **argv)
{
	char why[256];
	rd_kafka_t *owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why)), *consumer;
	rd_kafka_mock_cluster_t *cluster = owner && argc == 2 ? rd_kafka_mock_cluster_new(owner, 3) : NULL;

	if (!cluster || rd_kafka_mock_topic_create(cluster, argv[1], 1, 3) != 0)
		return 1;
	consumer = consumer_new(cluster, argv[1]);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	for (;;) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 1000);

		if (message && !message->err)
			printf("%.*s\n", (int)message->key_len, (const char *)message->key);
		if (message)
			rd_kafka_message_destroy(message);
		fflush(stdout);
	}
}
