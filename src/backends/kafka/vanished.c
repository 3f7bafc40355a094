/* Brokers that vanish from the metadata, asked for again.
 *
 * A broker that was shut out of its cluster for a moment (its disk stood still for longer than its
 * session) answers metadata requests with no broker at all, though with topics. librdkafka takes that
 * for an answer: it gives up all brokers, also those it was given to begin with, and stops the timer by
 * which it would begin again, so that the client never connects again (seen in 2.12; its issue 5301 is
 * of 2.13, and open). A worker of which a client is lost so stands still for good.
 *
 * Here that timer is not stopped by an answer after which no broker is known, but started: after
 * metadata.recovery.rebootstrap.trigger.ms the client begins again. It is not enough to start it when
 * brokers go: a second answer of the same kind is often under way, and would stop it.
 *
 * The linker gives the library's calls of the function to that here (build.rs). To be dropped when the
 * library is mended.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int32_t *rd_kafka_brokers_learned_ids(void *client, size_t *count);
void rd_kafka_rebootstrap_tmr_start_maybe(void *client);
int __real_rd_kafka_rebootstrap_tmr_stop(void *client);
int __wrap_rd_kafka_rebootstrap_tmr_stop(void *client);

int __wrap_rd_kafka_rebootstrap_tmr_stop(void *client) {
  size_t known;
  free(rd_kafka_brokers_learned_ids(client, &known));
  if (known > 0)
    return __real_rd_kafka_rebootstrap_tmr_stop(client);
  rd_kafka_rebootstrap_tmr_start_maybe(client);
  return 0;
}
