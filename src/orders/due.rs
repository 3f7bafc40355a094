//! When which customer's orders are due: moving time on costs only what is due.

use std::collections::BTreeSet;

use crate::domain::EventTime;

/// The customers in order of their next time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueTimes(BTreeSet<(EventTime, Box<str>)>);

impl DueTimes {
    /// None is due.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Notes that a customer's next time (`CustomerOrders::due`) was `before` and is `after`.
    pub fn moved(&mut self, customer: &str, before: Option<EventTime>, after: Option<EventTime>) {
        if before == after {
            return;
        }
        if let Some(time) = before {
            self.0.remove(&(time, customer.into()));
        }
        if let Some(time) = after {
            self.0.insert((time, customer.into()));
        }
    }

    /// Takes out the first customer due at `time`. After moving that customer on, give its new next
    /// time to [`Self::moved`].
    pub fn pop(&mut self, time: EventTime) -> Option<(EventTime, Box<str>)> {
        if self.0.first()?.0 > time {
            return None;
        }
        self.0.pop_first()
    }

    /// About how many bytes it holds: a tree is two thirds full as a rule, and a name takes 16.
    #[must_use]
    pub fn held(&self) -> u64 {
        let each = size_of::<(EventTime, Box<str>)>() * 3 / 2 + 16;
        (self.0.len() * each) as u64
    }

    /// How many customers have a next time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tests::given::at;

    #[test]
    fn what_is_due_comes_in_order_of_time_then_customer() {
        let mut due = DueTimes::new();
        due.moved("b", None, Some(at(5)));
        due.moved("a", None, Some(at(5)));
        due.moved("c", None, Some(at(9)));
        due.moved("c", Some(at(9)), Some(at(3)));
        due.moved("d", None, None);
        due.moved("e", None, Some(at(4)));
        due.moved("e", Some(at(4)), None);
        assert_eq!(due.len(), 3);
        assert_eq!(due.held(), 3 * (36 + 16));
        assert_eq!(due.pop(at(2)), None);
        let names: String =
            std::iter::from_fn(|| due.pop(at(5))).map(|(_, customer)| customer).collect();
        assert_eq!(names, "cab");
        assert!(due.is_empty() && due.held() == 0);
    }
}
