//! Carrying a command out: load the customer, decide, append; if somebody else was faster, again.

use std::borrow::Cow;

use uuid::Uuid;

use super::given::WishArgs;
use crate::backends::redis::events::{Access, Loaded, Outcome, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::loading::{AsOf, Model, keep_if_due};
use crate::commands::events::open;
use crate::commands::events::sealing::Sealing;
use crate::customers::{CATEGORY, Command, Customer, CustomerEvent, Refusal, decide};
use crate::events::seal::{Sealed, keys_of};
use crate::events::tree::Tree;
use crate::events::{Aggregate, Content, Digest, Event, Expected, Position};
use crate::ui::{Cell, Report};

/// How often a command is decided anew when somebody else changed the customer meanwhile.
const TRIES: u32 = 10;

/// What a command came to.
struct Done {
    event_type: Option<&'static str>,
    revision: u64,
    position: Option<Position>,
    result: &'static str,
}

/// The aggregate of a customer.
///
/// # Errors
/// Exit 2 for an id that cannot be one.
pub fn aggregate(id: &str) -> Result<Aggregate, Failure> {
    Aggregate::new(CATEGORY, id)
        .map_err(|e| Failure::usage("cannot use this customer id").because(&e))
}

/// No such customer.
#[must_use]
pub fn missing(id: &str) -> Failure {
    Failure::failed(format!("there is no customer {id}"))
        .code("missing")
        .hint("See which there are: bss events list customer")
}

/// Carries a command out.
///
/// # Errors
/// Exit 1, 2 or 5 as the command is refused; exit 5 for a command id that was another command's, and
/// if others were faster each time.
pub async fn out(
    id: &str,
    command: &Command,
    wish: &WishArgs,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let aggregate = aggregate(id)?;
    let mut work = Work {
        model: Model::new(context, false)?,
        sealing: Sealing::new(context)?,
        tiers: &context.settings().customers.tiers,
        store: open(context, Access::Write).await?,
        aggregate: &aggregate,
        command,
        event_id: wish.command_id.clone().unwrap_or_else(|| Uuid::now_v7().to_string()),
        renew: false,
    };
    for _ in 0..TRIES {
        let done = work.attempt(wish, context).await?;
        if let Some(done) = done {
            if done.result == "stored" {
                let stored = (done.revision, 1);
                keep_if_due(context, &mut work.store, &aggregate, stored, work.renew).await;
            }
            return answer(&work, &done, context);
        }
    }
    Err(Failure::new(ExitStatus::Conflict, format!("could not change customer {id}"))
        .because(&std::io::Error::other(format!("others changed it {TRIES} times meanwhile")))
        .hint("Try again."))
}

struct Work<'a> {
    model: Model,
    sealing: Sealing,
    tiers: &'a [String],
    store: Store,
    aggregate: &'a Aggregate,
    command: &'a Command,
    event_id: String,
    /// Whether the snapshot that is there cannot be used.
    renew: bool,
}

impl Work<'_> {
    /// One attempt; `None` if somebody else was faster.
    async fn attempt(
        &mut self,
        wish: &WishArgs,
        context: &Context,
    ) -> Result<Option<Done>, Failure> {
        if wish.command_id.is_some()
            && let Some(done) = self.repeated().await?
        {
            return Ok(Some(done));
        }
        let found = self.model.state(&mut self.store, self.aggregate, AsOf::Newest).await?;
        if !self.renew {
            found.warn(self.aggregate, context);
        }
        self.renew = found.unusable.is_some();
        let (decided, expected) = match &found.state {
            Some(state) => (self.decide(Some(&state.data))?, Expected::Exact(state.revision)),
            None => (self.decide(None)?, Expected::NoStream),
        };
        let event = match decided {
            Ok(Some(event)) => event,
            nothing => {
                // The same command may have been carried out since it was looked for.
                if wish.command_id.is_some()
                    && let Some(done) = self.repeated().await?
                {
                    return Ok(Some(done));
                }
                nothing.map_err(|why| self.refused(&why))?;
                let revision = found.state.map_or(0, |state| state.revision);
                let result = "unchanged";
                return Ok(Some(Done { event_type: None, revision, position: None, result }));
            }
        };
        let content = self.content(&event, wish)?;
        let append = self.store.prepare(self.aggregate, expected, &[content])?;
        let event_type = Some(event.event_type());
        let done = |revision, position, result| {
            Some(Done { event_type, revision, position: Some(position), result })
        };
        Ok(match self.store.append(&append).await.map_err(|e| self.lost(e))? {
            Outcome::Stored { revision, position, .. } => done(revision, position, "stored"),
            Outcome::Known { revision, position } => done(revision, position, "known"),
            Outcome::Conflict { .. } => None,
            Outcome::Other { revision, .. } => return Err(self.taken(revision)),
            Outcome::Mixed { .. } => return Err(self.taken(0)),
        })
    }

    fn lost(&self, error: crate::backends::BackendError) -> Failure {
        let unknown = error.transient;
        let failure = Failure::from(error);
        if !unknown {
            return failure;
        }
        failure.hint(format!(
            "Nobody knows whether it is stored; the same command with --command-id {} tells and does it once.",
            self.event_id
        ))
    }

    /// Opens what is personal.
    fn open(&self, data: &mut Tree) -> Result<(), Failure> {
        let mut sealed = Vec::new();
        keys_of(data, &mut sealed);
        self.sealing.has_keys(self.aggregate, &sealed)?;
        self.sealing.open(self.aggregate, data).map(drop)
    }

    /// What the command comes to on a state, or why it is refused.
    fn decide(
        &self,
        state: Option<&Tree>,
    ) -> Result<Result<Option<CustomerEvent>, Refusal>, Failure> {
        let mut state = state.cloned();
        if let Some(state) = &mut state {
            self.open(state)?;
        }
        let customer = state.and_then(|state| Customer::from_state(self.aggregate, &state));
        let decided = decide(customer.as_ref(), self.command, self.tiers);
        // A command comes to one event at most: its id is that of the command.
        Ok(decided.map(|events| events.into_iter().next()))
    }

    fn refused(&self, why: &Refusal) -> Failure {
        let id = self.aggregate.id();
        let (status, code, hint) = match why {
            Refusal::Missing => return missing(id),
            Refusal::Exists(_) => (
                ExitStatus::Conflict,
                "exists",
                format!(
                    "Look at it: bss customers show {id}; change it: bss customers update {id}"
                ),
            ),
            Refusal::Closed => (
                ExitStatus::Conflict,
                "closed",
                format!("See its history: bss events read {}", self.aggregate),
            ),
            Refusal::Erased => {
                (ExitStatus::Conflict, "erased", "Whoever comes back gets a new id.".to_owned())
            }
            Refusal::Tier { .. } => (
                ExitStatus::Usage,
                "usage",
                "Give one of customers.tiers; bss config show tells where they are set.".to_owned(),
            ),
            Refusal::Field { field, .. } => {
                (ExitStatus::Usage, "usage", format!("Give another value of {field}."))
            }
        };
        let what = match self.command {
            Command::Create(_) => format!("refused to create customer {id}"),
            _ => format!("refused to change customer {id}"),
        };
        Failure::new(status, what).code(code).because(why).hint(hint)
    }

    fn content(&self, event: &CustomerEvent, wish: &WishArgs) -> Result<Content<'static>, Failure> {
        let unusable = |e: &(dyn std::error::Error + 'static)| {
            Failure::usage(format!("cannot store {}", event.event_type())).because(e)
        };
        let own = |text: &Option<String>| text.clone().map(Cow::Owned);
        let content = Content {
            id: Cow::Owned(self.event_id.clone()),
            event_type: Cow::Borrowed(event.event_type()),
            type_version: event.version(),
            time_ms: None,
            correlation_id: own(&wish.correlation),
            causation_id: own(&wish.causation),
            actor: own(&wish.actor),
            data: Cow::Owned(event.data().to_raw().map_err(|e| unusable(&e))?),
            metadata: None,
        };
        content.check().map_err(|e| unusable(&e))?;
        self.sealing.seal(self.aggregate, content)
    }

    /// What a command of this id did, if it was carried out before. It is the same command if it
    /// comes to the same event on the customer as it was then.
    async fn repeated(&mut self) -> Result<Option<Done>, Failure> {
        let any = Digest::of(self.aggregate, b"");
        let asked = [(self.aggregate, self.event_id.as_str(), any)];
        let Some(known) = self.store.known(&asked).await?.into_iter().next().flatten() else {
            return Ok(None);
        };
        let revision = known.revision;
        let part = self.store.load(self.aggregate, revision, Some(revision)).await?;
        let event = match part.loaded.into_iter().next() {
            Some(Loaded::Event(event)) => event,
            Some(Loaded::Trimmed { .. }) => {
                let why = format!("what it did then, revision {revision}, was archived");
                return Err(self.conflict(&why));
            }
            None => return Err(self.taken(revision)),
        };
        let before = match revision.checked_sub(1) {
            None => None,
            Some(last) => {
                let as_of = AsOf::Revision(last);
                self.model.state(&mut self.store, self.aggregate, as_of).await?.state
            }
        };
        let before = before.map(|state| state.data);
        let Ok(Some(decided)) = self.decide(before.as_ref())? else {
            return Err(self.taken(revision));
        };
        if !self.is_same(&event, &decided, before)? {
            return Err(self.taken(revision));
        }
        Ok(Some(Done {
            event_type: Some(decided.event_type()),
            revision,
            position: Some(event.position),
            result: "known",
        }))
    }

    /// Whether a stored event is what was decided on the state before it; of an erased customer, in
    /// what is not personal.
    fn is_same(
        &self,
        event: &Event,
        decided: &CustomerEvent,
        before: Option<Tree>,
    ) -> Result<bool, Failure> {
        let Ok(content) = event.content() else { return Ok(false) };
        let Ok(mut data) = Tree::read(content.data.get()) else { return Ok(false) };
        let mut before = before.unwrap_or_default();
        self.open(&mut data)?;
        self.open(&mut before)?;
        let (mut there, mut wanted) = (data.into_fields(), decided.data().into_fields());
        let before = before.into_fields();
        // What nobody can open any more cannot be compared.
        let closed = |value: Option<&Tree>| value.is_some_and(|v| Sealed::read(v).is_some());
        wanted.retain(|name, _| !closed(there.get(name)) && !closed(before.get(name)));
        there.retain(|name, value| !closed(Some(value)) && !closed(before.get(name)));
        Ok(content.event_type == decided.event_type() && there == wanted)
    }

    fn conflict(&self, why: &str) -> Failure {
        let what = format!("refused the command {} on {}", self.event_id, self.aggregate);
        Failure::new(ExitStatus::Conflict, what)
            .code("conflict")
            .because(&std::io::Error::other(why.to_owned()))
    }

    fn taken(&self, revision: u64) -> Failure {
        let aggregate = self.aggregate;
        self.conflict(&format!("another command has this id: it is revision {revision}"))
            .hint(format!("bss events read {aggregate} --from-revision {revision} --limit 1"))
            .hint("Give each command an id of its own.")
    }
}

fn answer(work: &Work<'_>, done: &Done, context: &Context) -> Result<ExitStatus, Failure> {
    let id = work.aggregate.id();
    let mut report = Report::new(format!("Customer {id} in {}", work.store.place()))
        .column("customerId", "ID")
        .column("type", "TYPE")
        .column("eventId", "EVENT ID")
        .number("revision", "REVISION")
        .column("position", "POSITION")
        .column("result", "RESULT");
    report.push(vec![
        id.into(),
        Cell::text_or_null(done.event_type),
        Cell::text_or_null(done.event_type.map(|_| work.event_id.as_str())),
        done.revision.into(),
        Cell::text_or_null(done.position.map(|position| position.to_string())),
        done.result.into(),
    ]);
    context.ui.report(&report)?;
    if done.result == "unchanged" {
        context.ui.status(format!("Nothing to do: customer {id} is so already."));
    }
    Ok(ExitStatus::Done)
}
