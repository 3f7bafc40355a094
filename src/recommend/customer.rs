//! What is known of one customer: sessions that go on, interests, what was bought.
//!
//! Bounded: at most [`MAX_OPEN`] sessions of `session_items` products, 16 categories,
//! [`MAX_BOUGHT`] products bought within `bought_for`; all of it goes `customer_ttl` after the
//! last event.

use crate::domain::{ActivityEvent, EventTime, ProductView, heap};
use crate::recommend::bytes::{BytesFault, Reader, signed, text, varint};
use crate::recommend::profile::Profile;
use crate::recommend::rules::RecommendRules;
use crate::recommend::session::{FinishedSession, OpenSession, SessionItem};

/// The most sessions a customer has open; one more ends the one not used for longest.
pub const MAX_OPEN: usize = 4;
/// The most products kept as bought; the earliest goes first.
pub const MAX_BOUGHT: usize = 64;

/// A customer's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerState {
    /// Open sessions, the most recently used last.
    sessions: Vec<OpenSession>,
    profile: Profile,
    /// What was bought and when, in order of time, then product.
    pub(super) bought: Vec<(EventTime, Box<str>)>,
    pub(super) latest: Option<EventTime>,
}

impl CustomerState {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        let sessions = self.sessions.iter().map(OpenSession::heap).sum::<usize>();
        let bought = self.bought.iter().map(|(_, product)| heap::text(product)).sum::<usize>();
        heap::list(&self.sessions)
            + sessions
            + self.profile.heap()
            + heap::list(&self.bought)
            + bought
    }

    /// Takes a view in; sessions that end by it go to `finished`. A view that is older than its
    /// session by more than the gap counts for the interests only.
    pub fn view(
        &mut self,
        view: &ProductView<'_>,
        rules: &RecommendRules,
        finished: &mut Vec<FinishedSession>,
    ) {
        self.close_up_to(view.time, rules, finished);
        self.latest = self.latest.max(Some(view.time));
        if let Some(category) = &view.category {
            self.profile.add(category, rules.view_weight, view.time, rules.half_life);
        }
        let name = view.session_id.as_deref();
        let Some(at) = self.sessions.iter().position(|s| s.name.as_deref() == name) else {
            if self.sessions.len() >= MAX_OPEN {
                finished.extend(self.sessions.remove(0).finish());
            }
            self.sessions.push(OpenSession::begin(view));
            return;
        };
        let gap = rules.session_gap;
        let session = &mut self.sessions[at];
        if view.time.plus_micros(gap) < session.start {
            return;
        }
        session.put(view, rules.session_items);
        self.sessions[at..].rotate_left(1);
    }

    /// Takes an activity in: interests by its weight, and what was bought. Views are counted by
    /// [`Self::view`] alone, so a type without a weight of its own counts for nothing here.
    pub fn activity(&mut self, event: &ActivityEvent<'_>, rules: &RecommendRules) {
        self.latest = self.latest.max(Some(event.time));
        let weight = rules.weights.get(&*event.activity_type).copied().unwrap_or(0.0);
        if let Some(category) = event.category.as_deref().filter(|_| weight > 0.0) {
            self.profile.add(category, weight, event.time, rules.half_life);
        }
        let Some(product) = &event.product_id else { return };
        if rules.bought.iter().any(|kind| *kind == event.activity_type) {
            self.buy(product, event.time, rules);
        }
    }

    fn buy(&mut self, product: &str, time: EventTime, rules: &RecommendRules) {
        let earlier = self.bought.iter().position(|(_, own)| **own == *product);
        let time = earlier.map_or(time, |at| self.bought.remove(at).0.max(time));
        let entry = (time, Box::from(product));
        let at = self.bought.partition_point(|own| *own < entry);
        self.bought.insert(at, entry);
        let latest = self.latest.unwrap_or(time);
        self.bought.retain(|(at, _)| latest.micros_since(*at) < rules.bought_for);
        let over = self.bought.len().saturating_sub(MAX_BOUGHT);
        self.bought.drain(..over);
    }

    /// Ends the sessions that nothing can join at `time` any more.
    pub fn close_up_to(
        &mut self,
        time: EventTime,
        rules: &RecommendRules,
        finished: &mut Vec<FinishedSession>,
    ) {
        let over = |s: &mut OpenSession| s.end.plus_micros(rules.session_gap) < time;
        finished.extend(self.sessions.extract_if(.., over).filter_map(OpenSession::finish));
    }

    /// The first instant at which [`Self::close_up_to`] ends something.
    #[must_use]
    pub fn next_close(&self, rules: &RecommendRules) -> Option<EventTime> {
        let end = self.sessions.iter().map(|s| s.end).min()?;
        Some(end.plus_micros(rules.session_gap).plus_micros(1))
    }

    /// Whether it may be forgotten at `time`: no open session, nothing heard for `customer_ttl`.
    #[must_use]
    pub fn is_forgotten(&self, time: EventTime, rules: &RecommendRules) -> bool {
        let quiet = |latest: EventTime| time.micros_since(latest) > rules.customer_ttl;
        self.sessions.is_empty() && self.latest.is_none_or(quiet)
    }

    /// What was looked at in the session of `view`, the view itself included; empty if it joined
    /// none.
    #[must_use]
    pub fn session_of(&self, view: &ProductView<'_>) -> &[SessionItem] {
        let name = view.session_id.as_deref();
        let own = self.sessions.iter().find(|s| s.name.as_deref() == name);
        let items = own.map(OpenSession::items).unwrap_or_default();
        let joined = items.iter().any(|i| *i.product == *view.product_id);
        if joined { items } else { &[] }
    }

    /// What was bought within `bought_for` before `time`, or after it.
    #[must_use]
    pub fn bought_at(&self, time: EventTime, rules: &RecommendRules) -> Vec<&str> {
        let recent = |at: EventTime| time.micros_since(at) < rules.bought_for;
        self.bought.iter().filter(|(at, _)| recent(*at)).map(|(_, product)| &**product).collect()
    }

    /// The customer's interests.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The sessions that go on, the most recently used last.
    #[must_use]
    pub fn open_sessions(&self) -> &[OpenSession] {
        &self.sessions
    }
}

/// Version 1: the version byte; the latest time (0 or 1, then the time); open sessions, interests
/// and what was bought, each with its count.
const VERSION: u8 = 1;

impl CustomerState {
    /// Appends the state's bytes, as the changelog keeps them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        varint(u64::from(self.latest.is_some()), out);
        let latest = self.latest.unwrap_or_default();
        if self.latest.is_some() {
            signed(latest.micros(), out);
        }
        varint(self.sessions.len() as u64, out);
        for session in &self.sessions {
            session.encode(out);
        }
        self.profile.encode(out);
        varint(self.bought.len() as u64, out);
        for (time, product) in &self.bought {
            signed(latest.micros_since(*time), out);
            text(product, out);
        }
    }

    /// Reads a state back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, BytesFault> {
        let mut from = Reader::new(bytes, "a customer's recommendation state", VERSION)?;
        let latest = match from.varint()? {
            0 => None,
            1 => Some(from.time()?),
            _ => return Err(from.corrupt()),
        };
        let count = from.count()?;
        if count > MAX_OPEN {
            return Err(from.corrupt());
        }
        let sessions =
            (0..count).map(|_| OpenSession::decode(&mut from)).collect::<Result<_, _>>()?;
        let profile = Profile::decode(&mut from)?;
        let count = from.count()?;
        if count > MAX_BOUGHT {
            return Err(from.corrupt());
        }
        let end = latest.unwrap_or_default();
        let mut bought = Vec::with_capacity(count);
        for _ in 0..count {
            let time = end.plus_micros(from.signed()?.saturating_neg());
            bought.push((time, from.text()?.into()));
        }
        from.end()?;
        Ok(Self { sessions, profile, bought, latest })
    }
}
