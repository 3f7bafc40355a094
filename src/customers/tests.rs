//! Given what happened, when something is asked, then this happens.

use proptest::prelude::*;

use super::*;
use crate::domain::EventTime;
use crate::events::fold::{self, State};
use crate::events::tree::{Fields, Tree};
use crate::events::{Aggregate, Content, Event, Link, Position, Unfit, Upcasters};

const START: i64 = 1_795_550_400_000;

fn tiers() -> Vec<String> {
    ["BRONZE", "SILVER", "GOLD"].map(str::to_owned).to_vec()
}

fn fields(json: &str) -> Fields {
    Tree::read(json).unwrap().into_fields()
}

fn created(json: &str) -> CustomerEvent {
    CustomerEvent::Created(fields(json))
}

fn updated(json: &str) -> CustomerEvent {
    CustomerEvent::Updated(fields(json))
}

fn to_tier(tier: &str, previous: Option<&str>) -> CustomerEvent {
    let previous = previous.map(str::to_owned);
    CustomerEvent::TierChanged { tier: tier.to_owned(), previous, reason: None }
}

const CLOSED: CustomerEvent = CustomerEvent::Closed { reason: None };

fn change_tier(tier: &str) -> Command {
    Command::ChangeTier { tier: tier.to_owned(), reason: None }
}

fn given(events: &[CustomerEvent]) -> Option<Customer> {
    let times = (0..).map(|i| EventTime::from_millis(START + 1000 * i));
    let evolve = |before, (event, time)| Some(Customer::evolve(before, "c-1", event, time));
    events.iter().zip(times).fold(None, evolve)
}

fn when(history: &[CustomerEvent], command: &Command) -> Result<Vec<CustomerEvent>, Refusal> {
    decide(given(history).as_ref(), command, &tiers())
}

#[test]
fn a_customer_is_created_once() {
    let ada = r#"{"name":"Ada","tier":"gold","region":"EU","email":"ada@example.com"}"#;
    let stored = r#"{"name":"Ada","tier":"GOLD","region":"EU","email":"ada@example.com"}"#;
    let create = Command::Create(fields(ada));
    assert_eq!(when(&[], &create), Ok(vec![created(stored)]));
    let again = when(&[created(stored)], &create).unwrap_err();
    assert_eq!(again.to_string(), "the customer was created at 2026-11-24T20:00:00Z");
    assert!(matches!(when(&[created(stored), CLOSED], &create), Err(Refusal::Exists(_))));
}

#[test]
fn nothing_is_done_to_one_that_is_not_there_or_left() {
    for command in [
        Command::Update(fields(r#"{"region":"EU"}"#)),
        change_tier("GOLD"),
        Command::Close { reason: None },
    ] {
        assert_eq!(when(&[], &command), Err(Refusal::Missing));
        let left = when(&[created(r#"{"name":"A","tier":"GOLD"}"#), CLOSED], &command);
        match command {
            Command::Close { .. } => assert_eq!(left, Ok(Vec::new())),
            _ => assert_eq!(left, Err(Refusal::Closed)),
        }
    }
}

#[test]
fn nobody_knows_who_was_erased() {
    let ada = r#"{"name":"Ada","tier":"GOLD","email":"a@b.c","credit":7,"iban":"DE1"}"#;
    let there = [created(ada), CustomerEvent::Erased(fields(r#"{"name":null,"iban":null}"#))];
    let erased = given(&there).unwrap();
    assert_eq!((erased.status, erased.tier()), (Status::Erased, Some("GOLD".to_owned())));
    assert_eq!(erased.fields.keys().collect::<Vec<_>>(), ["credit", "tier"]);
    let state = Customer::from_state(&"customer/c-1".parse().unwrap(), &erased.to_state());
    assert_eq!(state, Some(erased));
    assert_eq!(when(&there, &change_tier("SILVER")), Err(Refusal::Erased));
    assert_eq!(when(&there, &Command::Close { reason: None }), Ok(Vec::new()));
    assert!(matches!(when(&there, &Command::Create(fields(ada))), Err(Refusal::Exists(_))));
}

/// What is personal by the settings that come with the program is what a state forgets.
#[test]
fn the_settings_seal_what_is_personal() {
    let settings = include_str!("../config/default.toml");
    let table: toml::Table = settings.parse().unwrap();
    let personal = table["events"]["personal"].as_array().unwrap().iter();
    let personal: Vec<&str> = personal.map(|text| text.as_str().unwrap()).collect();
    assert_eq!(personal, PERSONAL.map(|field| format!("{CATEGORY}.{field}")));
}

#[test]
fn an_update_tells_only_what_changes() {
    let there = [created(r#"{"name":"A","tier":"GOLD","region":"EU"}"#)];
    let update = |json| when(&there, &Command::Update(fields(json)));
    assert_eq!(
        update(r#"{"name":"A","region":"US","phone":"+48 1 23"}"#),
        Ok(vec![updated(r#"{"region":"US","phone":"+48 1 23"}"#)])
    );
    assert_eq!(update(r#"{"region":null,"email":null}"#), Ok(vec![updated(r#"{"region":null}"#)]));
    assert_eq!(update(r#"{"name":"A"}"#), Ok(Vec::new()));
}

#[test]
fn a_tier_is_one_of_the_configured_and_the_same_is_nothing() {
    let there = [created(r#"{"name":"A","tier":"GOLD"}"#)];
    assert_eq!(when(&there, &change_tier("gold")), Ok(Vec::new()));
    let silver = to_tier("SILVER", Some("GOLD"));
    assert_eq!(when(&there, &change_tier("Silver")), Ok(vec![silver.clone()]));
    assert_eq!(when(&[there[0].clone(), silver], &change_tier("silver")), Ok(Vec::new()));
    let none = when(&there, &change_tier("PEARL")).unwrap_err();
    assert_eq!(none.to_string(), "PEARL is no tier: BRONZE, SILVER, GOLD");
}

#[test]
fn a_field_that_cannot_be_is_named() {
    let refused = |json: &str| match when(&[], &Command::Create(fields(json))).unwrap_err() {
        Refusal::Field { field, .. } => field,
        other => panic!("{other}"),
    };
    for email in ["a", "a@b", "@b.c", "a@b.c@d.e", "a b@c.d", "a@b..c", "Ada <a@b.c>", "a@b.c,"] {
        assert_eq!(refused(&format!(r#"{{"email":"{email}"}}"#)), "email", "{email}");
    }
    for good in ["a@b.c", "x.y+z@mail.example.co.uk", "ü@ö.de", "o'neil@b.ie"] {
        let json = format!(r#"{{"email":"{good}"}}"#);
        assert!(when(&[], &Command::Create(fields(&json))).is_ok(), "{good}");
    }
    assert_eq!(refused(r#"{"phone":"call me"}"#), "phone");
    assert_eq!(refused(r#"{"name":" "}"#), "name");
    assert_eq!(refused(r#"{"name":"a\u0007"}"#), "name");
    assert_eq!(refused(&format!(r#"{{"address":"{}"}}"#, "x".repeat(1001))), "address");
    assert_eq!(refused(&format!(r#"{{"name":"sealed:1:{}"}}"#, "A".repeat(66))), "name");
    let there = [created(r#"{"name":"A","tier":"GOLD"}"#)];
    assert!(when(&there, &Command::Update(fields(r#"{"name":null}"#))).is_err());
}

fn stored(revision: u64, event_type: &str, version: u32, data: &str) -> Event {
    let time = START + 1000 * i64::try_from(revision).unwrap();
    let envelope = format!(
        r#"{{"id":"{revision}","type":"{event_type}","v":{version},"time":{time},"data":{data}}}"#
    );
    Event {
        position: Position { shard: 0, n: revision + 1 },
        aggregate: "customer/c-1".parse().unwrap(),
        revision,
        recorded_at: EventTime::from_millis(START),
        link: Link::START,
        envelope: envelope.into_bytes(),
    }
}

fn folded(events: &[Event]) -> Result<Option<State>, Unfit> {
    let upcasters = Upcasters::new(&[KNOWN], &[]).unwrap();
    let mut state = None;
    for event in events {
        fold::step(&RULES, &upcasters, &mut state, event)?;
    }
    Ok(state)
}

#[test]
fn what_earlier_systems_wrote_is_understood() {
    let events = [
        stored(
            0,
            "CustomerCreated",
            1,
            r#"{"customerId":"c-1","email":"a@b.c","name":"A","tier":"Gold"}"#,
        ),
        stored(1, "CustomerUpdated", 1, r#"{"customerId":"c-1","email":null,"name":"B"}"#),
        stored(
            2,
            "CustomerTierChanged",
            1,
            r#"{"customerId":"c-1","oldTier":"Gold","newTier":"Silver"}"#,
        ),
        stored(3, "CustomerUpdated", 2, r#"{"email":null,"credit":10.50}"#),
    ];
    let state = folded(&events).unwrap().unwrap();
    assert_eq!(
        state.data.to_json(),
        r#"{"createdAt":"2026-11-24T20:00:00Z","credit":10.50,"customerId":"c-1","name":"B","status":"OPEN","tier":"SILVER","updatedAt":"2026-11-24T20:00:03Z"}"#
    );
    let unknown = folded(&[stored(0, "CustomerSneezed", 1, "{}")]).unwrap_err();
    assert!(matches!(unknown, Unfit::Type { .. }), "{unknown}");
    assert!(matches!(folded(&[stored(0, "CustomerClosed", 2, "{}")]), Err(Unfit::Version { .. })));
}

fn any_command() -> impl Strategy<Value = Command> {
    let field = |name: &'static str, values: &'static [&'static str]| {
        prop::option::of(prop::sample::select(values)).prop_map(move |v| v.map(|v| (name, v)))
    };
    let given = (
        field("name", &["\"A\"", "\"B\"", "null", "\"\""]),
        field("tier", &["\"GOLD\"", "\"silver\"", "\"PEARL\"", "null"]),
        field("region", &["\"EU\"", "\"US\"", "null"]),
        field("email", &["\"a@b.c\"", "\"no\"", "null"]),
    )
        .prop_map(|(a, b, c, d)| {
            let pairs = [a, b, c, d].into_iter().flatten();
            let read = |(name, json): (&str, &str)| (name.to_owned(), Tree::read(json).unwrap());
            pairs.map(read).collect::<Fields>()
        });
    let tier = prop::sample::select(&["GOLD", "SILVER", "bronze", "PEARL"][..]);
    prop_oneof![
        2 => given.clone().prop_map(Command::Create),
        4 => given.prop_map(Command::Update),
        3 => tier.prop_map(change_tier),
        1 => Just(Command::Close { reason: None }),
    ]
}

proptest! {
    #[test]
    fn no_run_of_commands_breaks_a_rule(commands in prop::collection::vec(any_command(), 0..30)) {
        let aggregate: Aggregate = "customer/c-1".parse().unwrap();
        let upcasters = Upcasters::new(&[KNOWN], &[]).unwrap();
        let mut history: Vec<CustomerEvent> = Vec::new();
        let mut state: Option<State> = None;
        for command in &commands {
            let customer = state.as_ref().and_then(|s| Customer::from_state(&aggregate, &s.data));
            prop_assert_eq!(customer.is_some(), !history.is_empty());
            let Ok(events) = decide(customer.as_ref(), command, &tiers()) else { continue };
            for event in &events {
                let revision = u64::try_from(history.len()).unwrap();
                let data = event.data().to_json();
                let entry = stored(revision, event.event_type(), event.version(), &data);
                let content: Content<'_> = entry.content().unwrap();
                prop_assert_eq!(&CustomerEvent::read(&content).unwrap(), event);
                fold::step(&RULES, &upcasters, &mut state, &entry).unwrap();
                history.push(event.clone());
            }
            // Asked again, the same is so already, unless it creates.
            let now = state.as_ref().and_then(|s| Customer::from_state(&aggregate, &s.data));
            if !matches!(command, Command::Create(_)) {
                prop_assert_eq!(decide(now.as_ref(), command, &tiers()), Ok(Vec::new()));
            }
        }
        let creations = history.iter().filter(|e| matches!(e, CustomerEvent::Created(_))).count();
        prop_assert!(creations <= 1);
        if let Some(first) = history.first() {
            prop_assert!(matches!(first, CustomerEvent::Created(_)));
        }
        let closings = history.iter().position(|e| *e == CLOSED);
        prop_assert!(closings.is_none_or(|at| at + 1 == history.len()));
        let customer = given(&history);
        let folded = state.and_then(|s| Customer::from_state(&aggregate, &s.data));
        prop_assert_eq!(&folded, &customer);
        if let Some(customer) = customer {
            prop_assert!(customer.tier().is_none_or(|t| tiers().contains(&t)));
            prop_assert!(customer.fields.values().all(|v| !v.is_null()));
            prop_assert_eq!(Customer::from_state(&aggregate, &customer.to_state()), Some(customer));
        }
    }
}
