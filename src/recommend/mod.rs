//! What to recommend to a customer, and what trends.
//!
//! Pure. A customer's state holds the sessions that go on, interests that fade and what was
//! bought. A session that ends is written to a table that every process reads whole; the index
//! over its newest sessions is the model, and learns with every session. A view is answered at
//! once from the index as it is known everywhere at the view's event time. Start with
//! [`Recommender::answer`]; how candidates are scored is in `ranker`.

mod bytes;
mod candidates;
mod customer;
mod deadlines;
mod index;
mod moment;
mod popular;
mod profile;
mod ranker;
mod reach;
mod readable;
mod recommender;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod trending;
mod written;

pub use bytes::BytesFault;
pub use customer::{CustomerState, MAX_BOUGHT, MAX_OPEN};
pub use deadlines::Deadlines;
pub use index::{Bounds, SessionIndex};
pub use moment::Moments;
pub use popular::{Popular, PopularProduct};
pub use profile::{MAX_CATEGORIES, Profile, decay};
pub use reach::too_few_sessions;
pub use recommender::{
    Parts, Question, Reason, Recommendation, Recommender, Suggestion, moment_of,
};
pub use rules::{RecommendRules, RuleFault};
pub use session::{FinishedSession, OpenSession, Ring, SessionItem, TableKey};
pub use trending::{Ranked, TopProducts, TrendKey, ViewCount};
pub use written::{TrendWindow, Written, ranks_no_less, write_recommendation, write_trending};
