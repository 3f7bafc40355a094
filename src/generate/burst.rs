//! Planted fraud: sessions that a fraud report must find. The ids of the payments say what they
//! are, so that what was found can be compared with what was planted.

use crate::generate::Event;
use crate::generate::session::{Payment, Visit};

impl Visit<'_> {
    /// A session of fraud instead of an ordinary one.
    #[must_use]
    pub fn plant(mut self) -> Vec<Event> {
        match self.random.below(3) {
            0 => self.rapid(),
            1 => self.card_testing(),
            _ => self.unusual(),
        }
        self.events
    }

    /// 12 to 25 payments within four minutes.
    fn rapid(&mut self) {
        let count = self.random.between(12, 25);
        let instrument = self.customer.instrument(self.random);
        for _ in 0..count {
            let cents = self.customer.amount(self.random, self.customer.rate, 0.5);
            self.pay(&Payment {
                prefix: "PLANTED-RAPID",
                order: None,
                cents,
                currency: self.customer.currency,
                outcome: ("COMPLETED", None),
                method: self.customer.method,
                instrument: &instrument,
            });
            self.wait(1_000, 240_000 / count);
        }
    }

    /// Six to nine small payments with four stolen cards, declined within eight minutes.
    fn card_testing(&mut self) {
        let count = self.random.between(6, 9);
        for at in 0..count {
            let cents = self.random.between(50, 499);
            let instrument = format!("stolen-{:012x}-{}", self.random.next() >> 16, at % 4);
            self.pay(&Payment {
                prefix: "PLANTED-CARD-TESTING",
                order: None,
                cents,
                currency: self.customer.currency,
                outcome: ("DECLINED", Some("do_not_honor")),
                method: "CARD",
                instrument: &instrument,
            });
            self.wait(5_000, 480_000 / count);
        }
    }

    /// One payment of 15 to 25 times the usual amount; a report finds it once the customer has a
    /// history.
    fn unusual(&mut self) {
        let times = 15.0 + 10.0 * self.random.unit();
        let cents = self.customer.amount(self.random, self.customer.rate, times);
        let instrument = self.customer.instrument(self.random);
        self.pay(&Payment {
            prefix: "PLANTED-UNUSUAL-AMOUNT",
            order: None,
            cents,
            currency: self.customer.currency,
            outcome: ("COMPLETED", None),
            method: self.customer.method,
            instrument: &instrument,
        });
    }
}
