//! One at a time: while a process takes care, all workers of all its topologies pass here, so that
//! at its end at most one of them had a record in hand.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Lets one through at a time.
#[derive(Debug, Default)]
pub struct Turnstile {
    taken: Mutex<bool>,
    free: Condvar,
}

/// Whoever has it is the only one; the next comes once it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<Turnstile>);

impl Turnstile {
    /// Waits for the turn.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Turn {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.free.wait_while(taken, |taken| *taken);
        *free.unwrap_or_else(PoisonError::into_inner) = true;
        Turn(Arc::clone(self))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_and_everybody_once() {
        let turnstile = Arc::new(Turnstile::default());
        let (inside, passed) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let turn = turnstile.enter();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        passed.fetch_add(1, Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 800);
    }
}
