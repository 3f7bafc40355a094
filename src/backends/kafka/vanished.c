/* Brokers that vanish from the metadata, asked for again.
 *
 * A broker that was shut out of its cluster for a moment (its disk stood still for longer than its
 * session) answers metadata requests with no broker at all, though with topics. librdkafka takes that
 * for an answer: it gives all brokers up and stops the timer by which it would begin again with the
 * addresses it was given, so that a client may never connect again (seen in 2.12; its issue 5301 is of
 * 2.13, and open). If that happens in 1 of 60 clients of a run, one of its workers stands still.
 *
 * Here the timer is not stopped by an answer that made known brokers go, but started: after
 * metadata.recovery.rebootstrap.trigger.ms the client begins again.
 *
 * The linker gives the library's calls of both functions to those here (build.rs). To be dropped when
 * the library is mended.
 */

#include <string.h>

const char *rd_kafka_broker_name(void *broker);
void rd_kafka_rebootstrap_tmr_start_maybe(void *client);
void __real_rd_kafka_broker_decommission(void *client, void *broker, void *threads);
int __real_rd_kafka_rebootstrap_tmr_stop(void *client);
void __wrap_rd_kafka_broker_decommission(void *client, void *broker, void *threads);
int __wrap_rd_kafka_rebootstrap_tmr_stop(void *client);

/* A client reads its metadata in a thread of its own, and stops the timer right after that. */
static __thread int vanished;

void __wrap_rd_kafka_broker_decommission(void *client, void *broker, void *threads) {
  /* Addresses that were given are given up once the brokers behind them are known. */
  if (!strstr(rd_kafka_broker_name(broker), "/bootstrap"))
    vanished = 1;
  __real_rd_kafka_broker_decommission(client, broker, threads);
}

int __wrap_rd_kafka_rebootstrap_tmr_stop(void *client) {
  if (!vanished)
    return __real_rd_kafka_rebootstrap_tmr_stop(client);
  vanished = 0;
  rd_kafka_rebootstrap_tmr_start_maybe(client);
  return 0;
}
