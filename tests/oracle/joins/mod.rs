//! The join of orders with the table of customers, as of event time.
//!
//! Ours is order-enrichment, driven as in production; Kafka Streams' (4.3.1) is a left join of a
//! stream with a table in a versioned store. It is asked three times of each case: without grace,
//! with a grace of our wait, and with one of our wait and the time for corrections. Compared is what
//! each order is told with last, with the time of that row, and when it is told. It differs in the
//! ways below and in no other; each has a case with both sides' values in `differences.rs`.
//!
//! 1. **Ours waits only for a customer of whom nothing is known.** With any row it tells at once,
//!    as theirs without grace does; only an order that waits is compared with theirs with grace.
//! 2. **An order older than all rows takes the oldest.** Theirs takes none. Here, the oldest row of
//!    the input that had come must be ours.
//! 3. **Ours waits from the stream time at which the order came**, theirs from the order's time. An
//!    order out of order is compared unless a row came between the two ends.
//! 4. **Ours tells an order without its customer when the wait is over, and corrects that** with the
//!    first row that is none of a deletion. Theirs with the longer grace is silent until its end: a
//!    correction is compared unless another row came between it and that end.
//! 5. **What was is kept for so long behind the newest row of the customer**, theirs behind the
//!    newest of all: it drops what comes older than that. For a time before what is kept ours
//!    answers with the oldest, theirs with nothing. No drawn case is that long.
//! 6. **A deletion at the very time of the row that it deletes is forgotten when an older row comes**
//!    (an error of theirs): the older row holds again. Ours is compared with the definition.

pub mod case;
pub mod compare;
pub mod differences;
pub mod engine;
