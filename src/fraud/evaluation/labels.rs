//! What is known of payments: labels from a file, one a payment.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, missing, optional, required};
use crate::domain::{EventTime, Reason, Reject};

/// What a payment turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Whether it was fraud.
    pub fraud: bool,
    /// Which kind of fraud, if the label says so.
    pub scenario: Option<String>,
    /// When it became known, if the label says so.
    pub known_at: Option<EventTime>,
}

/// What a payment is that no label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// Genuine: the labels list the frauds.
    Genuine,
    /// Not known: it counts for nothing.
    Unknown,
}

/// A verdict on a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it was fraud.
    pub fraud: bool,
    /// Which kind: a place in [`Labels::scenarios`].
    pub scenario: Option<usize>,
    /// When it became known, if the label says so.
    pub known_at: Option<EventTime>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    verdict: Verdict,
    line: u64,
    /// Whether another label says otherwise, without a time that would tell which stands.
    disputed: bool,
}

/// All labels.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    known: HashMap<Box<str>, Known>,
    scenarios: Vec<String>,
    repeated: u64,
    /// Whether any label says itself what it is, so that a genuine payment can be told from an
    /// unknown one.
    says: bool,
}

impl Labels {
    /// Takes in a label of `line`. Of two that disagree the one that was known later stands, if
    /// both say when.
    ///
    /// # Errors
    /// [`Reason::Conflicting`] where they do not: the payment then counts as one without a label.
    pub fn learn(&mut self, line: u64, payment: &str, label: Label) -> Result<(), Reject> {
        let scenario = label.scenario.map(|name| self.scenario(name));
        let verdict = Verdict { fraud: label.fraud, scenario, known_at: label.known_at };
        let mut known = match self.known.entry(payment.into()) {
            Entry::Vacant(place) => {
                place.insert(Known { verdict, line, disputed: false });
                return Ok(());
            }
            Entry::Occupied(known) => known,
        };
        let before = *known.get();
        let same = |v: Verdict| (v.fraud, v.scenario);
        match (before.verdict.known_at, verdict.known_at) {
            _ if before.disputed => {}
            _ if same(before.verdict) == same(verdict) => {
                self.repeated += 1;
                // It was known from the first word on.
                let first = before.verdict.known_at.min(verdict.known_at);
                known.get_mut().verdict.known_at = first.or(before.verdict.known_at);
                return Ok(());
            }
            (Some(a), Some(b)) if a != b => {
                if b > a {
                    known.insert(Known { verdict, line, disputed: false });
                }
                return Ok(());
            }
            _ => known.get_mut().disputed = true,
        }
        let says = |v: Verdict| match (v.fraud, v.scenario) {
            (true, Some(at)) => format!("fraud of scenario {}", self.scenarios[at]),
            (true, None) => "fraud".to_owned(),
            (false, _) => "genuine".to_owned(),
        };
        let shown: String = payment.chars().take(64).collect();
        let detail = format!(
            "payment {shown} is {} here and {} in line {}; it counts as unlabelled",
            says(verdict),
            says(before.verdict),
            before.line
        );
        Err(Reject::new(Reason::Conflicting, "fraud", detail))
    }

    fn scenario(&mut self, name: String) -> usize {
        self.scenarios.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.scenarios.push(name);
            self.scenarios.len() - 1
        })
    }

    /// Notes that labels of this form say themselves whether a payment was fraud.
    pub const fn say_themselves(&mut self) {
        self.says = true;
    }

    /// What a payment is that none of them names, by their form: genuine where they only list
    /// frauds.
    #[must_use]
    pub const fn unlisted(&self) -> Unlisted {
        if self.says { Unlisted::Unknown } else { Unlisted::Genuine }
    }

    /// The verdict on a payment; none if it is unlabelled.
    #[must_use]
    pub fn verdict(&self, payment: &str, unlisted: Unlisted) -> Option<Verdict> {
        match self.known.get(payment) {
            Some(known) if known.disputed => None,
            Some(known) => Some(known.verdict),
            None if unlisted == Unlisted::Genuine => {
                Some(Verdict { fraud: false, scenario: None, known_at: None })
            }
            None => None,
        }
    }

    /// The payments that they call fraud.
    pub fn frauds(&self) -> impl Iterator<Item = &str> {
        let frauds = self.known.iter().filter(|(_, k)| k.verdict.fraud && !k.disputed);
        frauds.map(|(id, _)| id.as_ref())
    }

    /// The kinds of fraud, as first named.
    #[must_use]
    pub fn scenarios(&self) -> &[String] {
        &self.scenarios
    }

    /// The kinds of fraud by name, each with its place in [`Self::scenarios`].
    #[must_use]
    pub fn by_name(&self) -> Vec<(usize, &str)> {
        let mut kinds: Vec<(usize, &str)> =
            self.scenarios.iter().map(String::as_str).enumerate().collect();
        kinds.sort_unstable_by_key(|(_, name)| *name);
        kinds
    }

    /// How many payments they name.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many only repeated another one.
    #[must_use]
    pub const fn repeated(&self) -> u64 {
        self.repeated
    }
}

/// Which column of a CSV file of labels holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelColumns {
    count: usize,
    payment: usize,
    fraud: Option<usize>,
    scenario: Option<usize>,
    known_at: Option<usize>,
}

impl LabelColumns {
    /// Reads a header row: camelCase or `snake_case` names in any order. Other columns are read
    /// over.
    ///
    /// # Errors
    /// What is wrong with the header, for a person.
    pub fn from_header(names: &[String]) -> Result<Self, String> {
        let column = |spellings: &[&str]| {
            let mut own = names.iter().enumerate().filter(|(_, n)| spellings.contains(&n.as_str()));
            let first = own.next().map(|(at, _)| at);
            match own.next() {
                Some((_, again)) => Err(format!("the header names {again} twice")),
                None => Ok(first),
            }
        };
        let payment = column(&["paymentId", "payment_id"])?
            .ok_or_else(|| format!("the header lacks paymentId; it has {}", names.join(", ")))?;
        Ok(Self {
            count: names.len(),
            payment,
            fraud: column(&["fraud"])?,
            scenario: column(&["scenario"])?,
            known_at: column(&["labelledAt", "labelled_at"])?,
        })
    }

    /// Whether each row says whether its payment was fraud; else the file lists frauds.
    #[must_use]
    pub const fn say_themselves(&self) -> bool {
        self.fraud.is_some()
    }

    /// Reads a row: the payment and its label.
    ///
    /// # Errors
    /// The first fault.
    pub fn read<'a>(&self, row: &[Cow<'a, str>]) -> Result<(Cow<'a, str>, Label), Reject> {
        if row.len() != self.count {
            let detail = format!("{} columns; the header has {}", row.len(), self.count);
            return Err(Reject::new(Reason::BrokenCsv, "", detail));
        }
        let field = |at: Option<usize>| at.map(|at| row[at].clone());
        let payment = required(field(Some(self.payment)), "paymentId")?;
        let fraud = match self.fraud {
            Some(at) => Some(verdict(&row[at])?),
            None => None,
        };
        let label = label(fraud, field(self.scenario), field(self.known_at))?;
        Ok((payment, label))
    }
}

/// `true`, `yes` or `1` and their opposites; nothing that merely looks like it.
fn verdict(text: &str) -> Result<bool, Reject> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        "" => Err(missing("fraud")),
        _ => {
            let shown: String = text.chars().take(32).collect();
            let detail = format!("`{shown}` is none of true, false, yes, no, 1 and 0");
            Err(Reject::new(Reason::WrongType, "fraud", detail))
        }
    }
}

/// A label of its texts. A scenario of 0 is none: without a verdict the payment is genuine.
fn label(
    fraud: Option<bool>,
    scenario: Option<Cow<'_, str>>,
    known_at: Option<Cow<'_, str>>,
) -> Result<Label, Reject> {
    let given = scenario.is_some();
    let scenario = optional(scenario.map(trimmed), "scenario")?;
    if fraud.is_none() && given && scenario.is_none() {
        return Err(missing("scenario"));
    }
    let scenario = scenario.filter(|name| name != "0").map(Cow::into_owned);
    let fraud = fraud.unwrap_or(!given || scenario.is_some());
    let known_at = optional(known_at.map(trimmed), "labelledAt")?
        .map(|text| EventTime::from_event_text(&text))
        .transpose()
        .map_err(|fault| Reject { field: "labelledAt", ..fault })?;
    Ok(Label { fraud, scenario: scenario.filter(|_| fraud), known_at })
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow, alias = "payment_id")]
    payment_id: Option<Text<'a>>,
    #[serde(borrow)]
    fraud: Option<&'a RawValue>,
    #[serde(borrow)]
    scenario: Option<Text<'a>>,
    #[serde(borrow, alias = "labelled_at", alias = "timestamp")]
    labelled_at: Option<&'a RawValue>,
}

/// Reads a JSON label, plain or as the data of a structured CloudEvent: the payment, its label, and
/// whether it says itself whether the payment was fraud. Fields that are not named here are let be.
///
/// # Errors
/// The first fault.
pub fn from_json(bytes: &[u8]) -> Result<(Cow<'_, str>, Label, bool), Reject> {
    fields::event(
        bytes,
        fields::json_fault,
        |w: &Wire<'_>| w.payment_id.is_some(),
        |wire, envelope_time| {
            let payment = required(wire.payment_id.map(|t| t.0), "paymentId")?;
            let fraud = match digits(wire.fraud, "fraud") {
                Ok(text) => text.map(|text| verdict(&text)).transpose()?,
                // `digits` takes texts and numbers; the words of JSON are left.
                Err(_) => wire.fraud.map(|raw| verdict(raw.get())).transpose()?,
            };
            let scenario = wire.scenario.map(|t| t.0);
            if fraud.is_none() && scenario.is_none() {
                return Err(missing("fraud"));
            }
            let own = optional(digits(wire.labelled_at, "labelledAt")?, "labelledAt")?;
            let label = label(fraud, scenario, own.or(envelope_time))?;
            Ok((payment, label, fraud.is_some()))
        },
    )
}
