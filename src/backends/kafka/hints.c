/* Hints of new partition leaders that brokers put into their answers (KIP-951), ignored.
 *
 * librdkafka 2.6 to 2.14 handles them wrongly when a broker was away for long and partitions have no
 * leader for a moment: it reads uninitialised partition numbers and crashes (its issue 5280), and
 * leaves partitions without a leader for good (5430). Without the hints the client asks for the
 * metadata again, as it does with older brokers, and finds the leader a moment later.
 *
 * The linker gives the library's call of rd_kafka_metadata_update_op to this function (build.rs). To be
 * dropped when the library is mended.
 */

/* RD_KAFKA_OP_RES_HANDLED: the caller frees the hint. */
enum { HANDLED = 1 };

int __wrap_rd_kafka_metadata_update_op(void *client, void *hint);

int __wrap_rd_kafka_metadata_update_op(void *client, void *hint) {
  (void)client;
  (void)hint;
  return HANDLED;
}
