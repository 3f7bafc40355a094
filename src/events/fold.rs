//! The state of an aggregate: its events, one after the other.

use super::tree::Tree;
use super::upcast::{Unfit, Upcasters};
use super::{Aggregate, Content, Event, Link, Position};
use crate::domain::EventTime;

/// What an event tells its aggregate, in today's form.
#[derive(Debug)]
pub struct Told<'a> {
    /// The aggregate.
    pub aggregate: &'a Aggregate,
    /// What happened.
    pub content: &'a Content<'a>,
    /// When it happened.
    pub time: EventTime,
}

/// How the events of a type of aggregate make its state.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The form of the state, from 1: another number whenever the same events make another state.
    pub schema: u32,
    /// Takes an event into a state; leaves the state as it was if that is impossible.
    pub apply: fn(&mut Tree, &Told<'_>) -> Result<(), Unfit>,
}

/// The rules of an aggregate of which nothing else is known: the data of its events, merged as RFC
/// 7396 has it.
pub const MERGED: Rules = Rules { schema: 1, apply: merge };

fn merge(state: &mut Tree, told: &Told<'_>) -> Result<(), Unfit> {
    state.merge(&Tree::read(told.content.data.get())?);
    Ok(())
}

/// The state of an aggregate as of one of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The revision of that event.
    pub revision: u64,
    /// Its position.
    pub position: Position,
    /// Its link.
    pub link: Link,
    /// When it was stored.
    pub recorded_at: EventTime,
    /// When it happened.
    pub time: EventTime,
    /// Its type.
    pub event_type: String,
    /// What the events say together.
    pub data: Tree,
}

/// Takes one more event into a state.
///
/// # Errors
/// If the event cannot be brought to today's form, or means nothing here; the state is as before.
pub fn step(
    rules: &Rules,
    upcasters: &Upcasters,
    state: &mut Option<State>,
    event: &Event,
) -> Result<(), Unfit> {
    let content = upcasters.current(&event.aggregate, event.content()?)?;
    let time = content.time().unwrap_or(event.recorded_at);
    let told = Told { aggregate: &event.aggregate, content: &content, time };
    match state {
        Some(state) => (rules.apply)(&mut state.data, &told)?,
        None => {
            let mut data = Tree::default();
            (rules.apply)(&mut data, &told)?;
            *state = Some(at(event, data));
        }
    }
    seen(state, event, time, &content.event_type);
    Ok(())
}

/// Takes an event into a state as if it had changed nothing.
pub fn skip(state: &mut Option<State>, event: &Event) {
    let content = event.content().ok();
    let time = content.as_ref().and_then(Content::time).unwrap_or(event.recorded_at);
    state.get_or_insert_with(|| at(event, Tree::default()));
    seen(state, event, time, content.as_ref().map_or("", |c| &c.event_type));
}

fn seen(state: &mut Option<State>, event: &Event, time: EventTime, event_type: &str) {
    if let Some(state) = state {
        let data = std::mem::take(&mut state.data);
        *state = State { time, event_type: event_type.to_owned(), ..at(event, data) };
    }
}

fn at(event: &Event, data: Tree) -> State {
    State {
        revision: event.revision,
        position: event.position,
        link: event.link,
        recorded_at: event.recorded_at,
        time: event.recorded_at,
        event_type: String::new(),
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: u64, data: &str) -> Event {
        Event {
            position: Position { shard: 0, n: revision + 1 },
            aggregate: "order/1".parse().unwrap(),
            revision,
            recorded_at: EventTime::from_millis(1_795_550_400_000),
            link: Link::START,
            envelope: format!(r#"{{"id":"{revision}","type":"T{revision}","v":2,"time":1795550300000,"data":{data}}}"#)
                .into_bytes(),
        }
    }

    #[test]
    fn events_merge_into_a_state_with_their_last_one() {
        let none = Upcasters::default();
        let mut state = None;
        for (revision, data) in
            (0..).zip([r#"{"total":10.50,"a":{"x":1}}"#, r#"{"a":{"y":2},"z":1}"#, r#"{"z":null}"#])
        {
            step(&MERGED, &none, &mut state, &event(revision, data)).unwrap();
        }
        let state = state.unwrap();
        assert_eq!(state.data.to_json(), r#"{"a":{"x":1,"y":2},"total":10.50}"#);
        assert_eq!((state.revision, state.event_type.as_str()), (2, "T2"));
        assert_eq!(state.time.millis(), 1_795_550_300_000);
    }

    #[test]
    fn an_event_of_tomorrow_stops_and_may_be_skipped() {
        let rules = Upcasters::new(&[], &["T0 1: remove x".to_owned()]).unwrap();
        let mut state = None;
        step(&MERGED, &rules, &mut state, &event(0, r#"{"x":1,"y":2}"#)).unwrap();
        let first = state.clone();
        assert_eq!(first.as_ref().unwrap().data.to_json(), r#"{"x":1,"y":2}"#);
        let mut newer = event(1, "{}");
        newer.envelope = br#"{"id":"n","type":"T0","v":3,"data":{"x":5}}"#.to_vec();
        let unfit = step(&MERGED, &rules, &mut state, &newer).unwrap_err();
        assert!(matches!(unfit, Unfit::Version { version: 3, known: 2, .. }));
        assert_eq!(state, first);
        skip(&mut state, &newer);
        let after = state.unwrap();
        assert_eq!((after.revision, after.event_type.as_str()), (1, "T0"));
        assert_eq!(after.data, first.unwrap().data);
    }
}
