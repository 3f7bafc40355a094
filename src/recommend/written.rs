//! Recommendations and trends as JSON with their ids.

use crate::domain::{EventTime, ProductView, json};
use crate::recommend::recommender::{Parts, Reason, Recommendation, Suggestion};
use crate::recommend::trending::{TopProducts, TrendKey};

/// A written event: its deterministic id and its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The `ce_id`.
    pub id: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl Written {
    fn clear(&mut self) {
        self.id.clear();
        self.value.clear();
    }

    fn id_part(&mut self, part: &str) {
        self.id.extend_from_slice(part.as_bytes());
        self.id.push(b'/');
    }

    fn id_number(&mut self, number: i64) {
        self.id.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
}

/// A score or a share as thousandths; none of them is negative or large.
fn thousandths(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates; scores are small")]
    let whole = (value * 1000.0).round() as i64;
    whole
}

/// Scores are written in hundredths of the highest a session can give, to three decimals.
fn score_field(name: &str, score: f64, out: &mut Vec<u8>) {
    json::thousandths_field(name, thousandths(score * 100.0), out);
}

/// Writes what is recommended for `view`. The id is
/// `<customer>/[<session>/]<product>/<time in microseconds>`.
pub fn write_recommendation(
    view: &ProductView<'_>,
    recommendation: &Recommendation<'_>,
    out: &mut Written,
) {
    out.clear();
    out.id_part(&view.customer_id);
    if let Some(session) = &view.session_id {
        out.id_part(session);
    }
    out.id_part(&view.product_id);
    out.id_number(view.time.micros());
    let value = &mut out.value;
    value.extend_from_slice(b"{\"customerId\":");
    json::text(&view.customer_id, value);
    json::text_field("productId", &view.product_id, value);
    json::optional_field("category", view.category.as_deref(), value);
    json::optional_field("sessionId", view.session_id.as_deref(), value);
    json::key("recommendations", value);
    value.push(b'[');
    for (at, suggestion) in recommendation.products.iter().enumerate() {
        if at > 0 {
            value.push(b',');
        }
        write_suggestion(suggestion, value);
    }
    value.push(b']');
    json::thousandths_field("confidence", thousandths(recommendation.confidence), value);
    json::time_field("timestamp", view.time, value);
    value.push(b'}');
}

fn write_suggestion(suggestion: &Suggestion<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"productId\":");
    json::text(suggestion.product, out);
    score_field("score", suggestion.parts.score(), out);
    json::key("reason", out);
    write_reason(&suggestion.reason, &suggestion.parts, out);
    out.push(b'}');
}

/// `kind`, what it hangs on, and the parts of the score that are not 0.
fn write_reason(reason: &Reason<'_>, parts: &Parts, out: &mut Vec<u8>) {
    let (kind, product, category, sessions) = match *reason {
        Reason::Neighbours { product, sessions } => {
            ("similar-sessions", Some(product), None, Some(sessions))
        }
        Reason::Next { product, sessions } => ("seen-beside", Some(product), None, Some(sessions)),
        Reason::Beyond { product } => ("related", Some(product), None, None),
        Reason::PopularInCategory { category, sessions } => {
            ("popular-in-category", None, Some(category), Some(sessions))
        }
        Reason::Popular { sessions } => ("popular", None, None, Some(sessions)),
    };
    out.extend_from_slice(b"{\"kind\":");
    json::text(kind, out);
    json::optional_field("productId", product, out);
    json::optional_field("category", category, out);
    if let Some(sessions) = sessions {
        json::number_field("sessions", sessions, out);
    }
    for (name, part) in [
        ("similarSessions", parts.near),
        ("seenBeside", parts.next),
        ("related", parts.beyond),
        ("popular", parts.popular),
    ] {
        if part > 0.0 {
            score_field(name, part, out);
        }
    }
    if parts.interest > 1.0 {
        json::thousandths_field("interestFactor", thousandths(parts.interest), out);
    }
    out.push(b'}');
}

/// A window of trends.
#[derive(Clone, Copy, Debug)]
pub struct TrendWindow {
    /// Its first instant.
    pub start: EventTime,
    /// The first instant behind it.
    pub end: EventTime,
    /// 1 for its first result; each later one replaces those before.
    pub revision: u32,
}

/// Writes a window's ranking. The id is `all/<start>-<end>` or `category/<name>/<start>-<end>`,
/// times in microseconds, and `/r<revision>` from the second on.
pub fn write_trending(key: &TrendKey, window: TrendWindow, top: &TopProducts, out: &mut Written) {
    out.clear();
    let scope = match key {
        TrendKey::All => "all",
        TrendKey::Category(_) => "category",
    };
    out.id_part(scope);
    if let TrendKey::Category(name) = key {
        out.id_part(name);
    }
    out.id_number(window.start.micros());
    out.id.push(b'-');
    out.id_number(window.end.micros());
    if window.revision > 1 {
        out.id.extend_from_slice(b"/r");
        out.id_number(window.revision.into());
    }
    let value = &mut out.value;
    value.extend_from_slice(b"{\"scope\":");
    json::text(scope, value);
    json::text_field("category", key.name(), value);
    json::time_field("windowStart", window.start, value);
    json::time_field("windowEnd", window.end, value);
    json::key("products", value);
    value.push(b'[');
    for (at, ranked) in top.products().iter().enumerate() {
        value.extend_from_slice(if at > 0 { b",{\"rank\":" } else { b"{\"rank\":" });
        value.extend_from_slice(itoa::Buffer::new().format(at + 1).as_bytes());
        json::text_field("productId", &ranked.product, value);
        json::number_field("views", ranked.views, value);
        value.push(b'}');
    }
    value.push(b']');
    json::number_field("revision", window.revision, value);
    value.push(b'}');
}

/// Whether a window's ranking `counted` holds all that was `told` of it: each product with as many
/// views or more, or pushed out of the `most` places by others that have as many.
#[must_use]
pub fn ranks_no_less(counted: &[u8], told: &[u8], most: usize) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Ranked {
        product_id: String,
        views: u64,
    }
    #[derive(serde::Deserialize)]
    struct Ranking {
        products: Vec<Ranked>,
    }
    let read = |bytes| serde_json::from_slice::<Ranking>(bytes).ok();
    let Some((counted, told)) = read(counted).zip(read(told)) else { return false };
    let full = counted.products.len() >= most;
    let least = counted.products.iter().map(|p| p.views).min().unwrap_or(0);
    told.products.iter().all(|told| {
        let own = counted.products.iter().find(|p| p.product_id == told.product_id);
        own.map_or(full && least >= told.views, |own| own.views >= told.views)
    })
}
