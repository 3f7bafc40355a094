//! Bytes round-trip; damaged ones are refused or are another whole value, never a panic.

use proptest::prelude::*;

use crate::recommend::tests::given::{activity, minute, rules, sessions, view};
use crate::recommend::{BytesFault, CustomerState, FinishedSession, Ring, SessionItem, TableKey};

fn state(acts: &[(usize, u8, i64)]) -> CustomerState {
    let (rules, mut state) = (rules(), CustomerState::default());
    for (product, kind, minutes) in acts {
        let (name, category) = (format!("ö{product}"), format!("k{kind}"));
        match kind {
            0 => state.activity(&activity("PURCHASE", &name, *minutes), &rules),
            1 => state.view(&view(&name, None, None, *minutes), &rules, &mut Vec::new()),
            _ => {
                let own = view(&name, Some(&category), Some(&category), *minutes);
                state.view(&own, &rules, &mut Vec::new());
            }
        }
    }
    state
}

proptest! {
    #[test]
    fn a_state_round_trips(
        acts in prop::collection::vec((0..9_usize, 0..6_u8, -50..500_i64), 0..40),
        more in prop::collection::vec((0..9_usize, 0..6_u8, 400..600_i64), 0..10),
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let own = state(&acts);
        let mut bytes = Vec::new();
        own.encode(&mut bytes);
        let read = CustomerState::decode(&bytes).unwrap();
        prop_assert_eq!(&read, &own);
        let (rules, mut finished, mut again) = (rules(), Vec::new(), Vec::new());
        let (mut live, mut restored) = (own, read);
        for (product, _, minutes) in more {
            let name = format!("ö{product}");
            live.view(&view(&name, None, None, minutes), &rules, &mut finished);
            restored.view(&view(&name, None, None, minutes), &rules, &mut again);
        }
        prop_assert_eq!((live, finished), (restored, again));
        for end in 0..bytes.len() {
            prop_assert!(CustomerState::decode(&bytes[..end]).is_err());
        }
        let at = flip.0.index(bytes.len());
        bytes[at] ^= flip.1;
        drop(CustomerState::decode(&bytes));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(CustomerState::decode(&bytes));
        drop(FinishedSession::decode(&bytes));
        drop(Ring::decode(&bytes));
    }

    #[test]
    fn a_finished_session_round_trips(sessions in sessions(5), none in any::<bool>()) {
        for (key, mut session) in sessions {
            if none {
                session.items.push(SessionItem { product: "\u{10ffff}".into(), category: None });
            }
            let mut bytes = Vec::new();
            session.encode(&mut bytes);
            prop_assert_eq!(FinishedSession::decode(&bytes), Ok(session));
            for end in 0..bytes.len() {
                prop_assert!(FinishedSession::decode(&bytes[..end]).is_err());
            }
            prop_assert_eq!(TableKey::decode(&key.encode()), Some(key));
        }
    }

    #[test]
    fn a_ring_goes_round(slots in 0..5_u32, steps in 0..20_u32) {
        let mut ring = Ring::default();
        for step in 0..steps {
            let key = ring.next(7, slots);
            prop_assert_eq!(key, TableKey { writer: 7, slot: step % slots.max(1) });
            let mut bytes = Vec::new();
            ring.encode(&mut bytes);
            prop_assert_eq!(Ring::decode(&bytes), Ok(ring));
        }
    }
}

#[test]
fn newer_bytes_are_refused_by_name() {
    let fault = CustomerState::decode(&[9]).unwrap_err();
    assert_eq!(fault, BytesFault::Version("a customer's recommendation state", 9, 1));
    assert!(fault.to_string().contains("format version 9; this program reads 1"));
    assert!(FinishedSession::decode(&[]).unwrap_err().to_string().contains("ends too early"));
    // A count that memory could not hold.
    let mut huge = vec![1, 0];
    huge.extend([0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert!(FinishedSession::decode(&huge).is_err());
    assert_eq!(TableKey::decode(&[0; 7]), None);
    assert_eq!(TableKey::decode(&[0; 9]), None);
    // A weight that is not a number.
    let (mut good, mut bytes) = (CustomerState::default(), Vec::new());
    good.view(&view("p", Some("c"), None, 0), &rules(), &mut Vec::new());
    good.encode(&mut bytes);
    let one = 1_f64.to_bits().to_le_bytes();
    let at = bytes.windows(8).position(|w| w == one).unwrap();
    bytes[at..at + 8].copy_from_slice(&f64::NAN.to_bits().to_le_bytes());
    assert!(CustomerState::decode(&bytes).is_err());
    assert_eq!(good.next_close(&rules()), Some(minute(30).plus_micros(1)));
}
