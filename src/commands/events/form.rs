//! The form in which events leave the store for use: today's, or as they are stored.

use std::borrow::Cow;

use super::sealing::{OpenOption, Sealing, left_closed};
use super::shown;
use crate::cli::Failure;
use crate::commands::Context;
use crate::customers;
use crate::events::content::BadContent;
use crate::events::tree::Tree;
use crate::events::{Content, Event, Unfit, Upcasters};

/// Options about the form of events.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FormArgs {
    /// Show events as they are stored, not in today's form
    #[arg(long, conflicts_with = "skip_unknown")]
    raw: bool,
    /// Leave out events of a version that this program does not know, and count them
    #[arg(long)]
    skip_unknown: bool,
    #[command(flatten)]
    open: OpenOption,
}

/// Brings events into a form.
pub struct Form {
    /// `None`: as they are stored.
    upcasters: Option<Upcasters>,
    skip: bool,
    skipped: u64,
    /// To open sealed fields, and how many stayed closed.
    sealing: Option<Sealing>,
    closed: usize,
}

/// The upcasters of this program and of the settings.
///
/// # Errors
/// Exit 3 for a rule that is none.
pub fn upcasters(context: &Context) -> Result<Upcasters, Failure> {
    let declared = &context.settings().events.upcasters;
    Upcasters::new(&[customers::KNOWN], declared)
        .map_err(|e| Failure::config("cannot use events.upcasters").because(&e))
}

/// Events with their contents in today's form. Their links are still those of the stored ones.
///
/// # Errors
/// Exit 1 for damaged bytes, and for a version that is not known.
pub fn renewed(upcasters: &Upcasters, mut events: Vec<Event>) -> Result<Vec<Event>, Failure> {
    for event in &mut events {
        let stored = event.content().map_err(|e| shown::damaged(event, &e))?;
        let version = stored.type_version;
        let current = upcasters.current(&event.aggregate, stored);
        let current = current.map_err(|unfit| shown::unfit(event, &unfit))?;
        if current.type_version != version {
            let envelope = current.envelope().map_err(|e| shown::damaged(event, &e))?;
            event.envelope = envelope;
        }
    }
    Ok(events)
}

impl Form {
    /// The form that the options ask for.
    ///
    /// # Errors
    /// As [`upcasters`].
    pub fn new(args: &FormArgs, context: &Context) -> Result<Self, Failure> {
        let upcasters = if args.raw { None } else { Some(upcasters(context)?) };
        let sealing = args.open.sealing(context)?;
        Ok(Self { upcasters, skip: args.skip_unknown, skipped: 0, sealing, closed: 0 })
    }

    /// An event's content; `None` for one that is left out.
    ///
    /// # Errors
    /// Exit 1 for damaged bytes, and for a version that is not known.
    pub fn content<'e>(&mut self, event: &'e Event) -> Result<Option<Content<'e>>, Failure> {
        let mut content = event.content().map_err(|e| shown::damaged(event, &e))?;
        if let Some(sealing) = &self.sealing {
            let damaged = |e: BadContent| shown::damaged(event, &e);
            let mut data = Tree::read(content.data.get()).map_err(damaged)?;
            let before = data.clone();
            self.closed += sealing.open(&event.aggregate, &mut data)?;
            if data != before {
                content.data = Cow::Owned(data.to_raw().map_err(damaged)?);
            }
        }
        let Some(upcasters) = &self.upcasters else { return Ok(Some(content)) };
        match upcasters.current(&event.aggregate, content) {
            Ok(content) => Ok(Some(content)),
            Err(Unfit::Version { .. }) if self.skip => {
                self.skipped += 1;
                Ok(None)
            }
            Err(unfit) => Err(shown::unfit(event, &unfit)
                .hint("Show it as it is stored: --raw; or leave such events out: --skip-unknown")),
        }
    }

    /// How many events were left out.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Says how many events were left out and how many fields stayed closed, if any.
    pub fn tell(&self, context: &Context) {
        left_out(self.skipped, context);
        if let Some(sealing) = &self.sealing {
            left_closed(self.closed, sealing, context);
        }
    }
}

/// Says how many events were left out, if any.
pub fn left_out(events: u64, context: &Context) {
    if events > 0 {
        context.ui.warning(format!("{events} events of unknown type or version were left out"));
    }
}
