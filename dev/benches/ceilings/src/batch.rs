//! Taking messages in batches: `rd_kafka_consume_batch_queue`, which the safe API lacks.
#![expect(unsafe_code, reason = "the call is only in the C API")]

use std::ptr::null_mut;
use std::slice::from_raw_parts;

use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// The consumer's queue and room for a batch.
pub struct Batches {
    queue: *mut sys::rd_kafka_queue_t,
    slots: Vec<*mut sys::rd_kafka_message_t>,
}

impl Batches {
    /// `size` messages at most at a time.
    pub fn new(consumer: &BaseConsumer, size: usize) -> Self {
        // SAFETY: the client lives; the queue is a counted reference that `drop` gives back.
        let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        Self { queue, slots: vec![null_mut(); size] }
    }

    /// Gives each message (partition, offset, key, payload) to `one`.
    pub fn take(
        &mut self,
        wait_ms: i32,
        mut one: impl FnMut(i32, i64, &[u8], &[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        // SAFETY: the slots are as many as told.
        let taken = unsafe {
            sys::rd_kafka_consume_batch_queue(
                self.queue,
                wait_ms,
                self.slots.as_mut_ptr(),
                self.slots.len(),
            )
        };
        let mut answer = Ok(());
        for &message in &self.slots[..usize::try_from(taken).unwrap_or(0)] {
            // SAFETY: librdkafka filled the slot; its bytes live until the message is destroyed.
            unsafe {
                let m = &*message;
                let ok = m.err == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
                if ok && answer.is_ok() && !m.key.is_null() && !m.payload.is_null() {
                    let key = from_raw_parts(m.key.cast::<u8>(), m.key_len);
                    let payload = from_raw_parts(m.payload.cast::<u8>(), m.len);
                    answer = one(m.partition, m.offset, key, payload);
                }
                sys::rd_kafka_message_destroy(message);
            }
        }
        answer
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        // SAFETY: the reference from `new`.
        unsafe { sys::rd_kafka_queue_destroy(self.queue) }
    }
}
