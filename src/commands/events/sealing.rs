//! Personal fields on their way into the store and, for whoever may see them, out of it.

use std::borrow::Cow;
use std::path::PathBuf;

use super::form::upcasters;
use super::personal::{Seen, look};
use crate::backends::keys::{Held, Keys};
use crate::backends::redis::events::Store;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::content::BadContent;
use crate::events::seal::{self, Fingerprint, Key, Personal};
use crate::events::tree::{Fields, Tree};
use crate::events::{Aggregate, Content, Upcasters};

/// The code of a failure for a subject that was erased.
pub const ERASED: &str = "erased";

/// Which fields are personal, and where the keys are.
pub struct Sealing {
    personal: Personal,
    keys: Keys,
    upcasters: Upcasters,
}

impl Sealing {
    /// That of the settings.
    ///
    /// # Errors
    /// Exit 3 for a field that cannot be named so.
    pub fn new(context: &Context) -> Result<Self, Failure> {
        let events = &context.settings().events;
        let personal = Personal::parse(&events.personal).map_err(|bad| {
            Failure::config(format!("cannot use events.personal: {bad:?} is no TYPE.FIELD"))
        })?;
        Ok(Self { personal, keys: Keys::new(folder(context)), upcasters: upcasters(context)? })
    }

    /// Where the keys are.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Which fields are personal.
    #[must_use]
    pub const fn personal(&self) -> &Personal {
        &self.personal
    }

    /// The personal fields that a content has in the clear, as it is or in today's form.
    ///
    /// # Errors
    /// Exit 2 for data that cannot be read.
    pub fn clear(&self, of: &Aggregate, content: &Content<'_>) -> Result<Vec<String>, Failure> {
        if self.personal.of(of).next().is_none() {
            return Ok(Vec::new());
        }
        let fields = |content: &Content<'_>| {
            let data = Tree::read(content.data.get()).map_err(|e| {
                Failure::usage(format!("cannot read the event {}", content.id)).because(&e)
            })?;
            Ok::<_, Failure>(self.personal.clear(of, &data.into_fields()))
        };
        let mut found = fields(content)?;
        // What nobody knows today has no other form.
        if let Ok(current) = self.upcasters.current(of, content.clone()) {
            found.extend(fields(&current)?);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Refuses what looks sealed and was not sealed here: nobody could open or erase it.
    ///
    /// # Errors
    /// Exit 2 for such a content.
    pub fn none_sealed(&self, of: &Aggregate, content: &Content<'_>) -> Result<(), Failure> {
        let unreadable = |e: BadContent| {
            Failure::usage(format!("cannot read the event {}", content.id)).because(&e)
        };
        let mut data = Tree::read(content.data.get()).map_err(unreadable)?;
        if self.open(of, &mut data)? == 0 {
            return Ok(());
        }
        let what = format!("cannot append the event {}: a field of it looks sealed", content.id);
        Err(Failure::usage(what).hint("Give it as it is: it is sealed when it is stored."))
    }

    /// The content with its personal fields sealed; as it is if it has none.
    ///
    /// # Errors
    /// Exit 5 if the subject was erased; a key that cannot be had.
    pub fn seal(
        &self,
        of: &Aggregate,
        content: Content<'static>,
    ) -> Result<Content<'static>, Failure> {
        if self.personal.of(of).next().is_none() {
            return Ok(content);
        }
        let unusable = |e: &(dyn std::error::Error + 'static)| {
            Failure::usage(format!("cannot seal the event {}", content.id)).because(e)
        };
        let mut data = Tree::read(content.data.get()).map_err(|e| unusable(&e))?.into_fields();
        let sealed = if self.seal_fields(of, &content.id, &mut data)? {
            let data = Tree::Object(data).to_raw().map_err(|e| unusable(&e))?;
            Content { data: Cow::Owned(data), ..content }
        } else {
            content
        };
        let left = self.clear(of, &sealed)?;
        if left.is_empty() {
            return Ok(sealed);
        }
        let (fields, kind) = (left.join(", "), of.kind());
        let what = format!("refused to store the event {} in the clear", sealed.id);
        Err(Failure::usage(what)
            .because(&std::io::Error::other(format!(
                "version {} of {} has {fields} under another name, which events.upcasters changes",
                sealed.type_version, sealed.event_type
            )))
            .hint(format!("Declare the older names in events.personal too: {kind}.NAME")))
    }

    /// Seals the personal fields that are in the clear; whether there were any.
    fn seal_fields(&self, of: &Aggregate, event: &str, data: &mut Fields) -> Result<bool, Failure> {
        let clear = self.personal.clear(of, data);
        if clear.is_empty() {
            return Ok(false);
        }
        let Held::Key(key) = self.keys.take(of)? else { return Err(erased(of, &clear)) };
        for name in &clear {
            let Some(value) = data.get_mut(name) else { continue };
            *value = key.seal(of, event, name, &value.to_json()).map_err(|e| {
                Failure::failed(format!("could not seal {name} of {of}")).because(&e)
            })?;
        }
        Ok(true)
    }

    /// The subject's key, if it is here.
    ///
    /// # Errors
    /// Keys that cannot be read.
    pub fn key(&self, of: &Aggregate) -> Result<Option<Key>, Failure> {
        Ok(match self.keys.find(of)? {
            Held::Key(key) => Some(key),
            Held::Nothing | Held::Erased(_) => None,
        })
    }

    /// Opens what can be opened of a value; how many fields stay closed.
    ///
    /// # Errors
    /// Keys that cannot be read.
    pub fn open(&self, of: &Aggregate, value: &mut Tree) -> Result<usize, Failure> {
        let mut sealed = Vec::new();
        seal::keys_of(value, &mut sealed);
        // Most have nothing sealed, and need no look into the folder.
        if sealed.is_empty() { Ok(0) } else { Ok(seal::open(self.key(of)?.as_ref(), of, value)) }
    }

    /// How many of these keys are not here; a key that was erased here is.
    ///
    /// # Errors
    /// Keys that cannot be read.
    pub fn elsewhere(&self, of: &Aggregate, sealed: &[Fingerprint]) -> Result<usize, Failure> {
        if sealed.is_empty() {
            return Ok(0);
        }
        let here = match self.keys.find(of)? {
            Held::Key(key) => Some(key.fingerprint()),
            Held::Erased(print) => Some(print),
            Held::Nothing => None,
        };
        Ok(sealed.iter().filter(|print| Some(**print) != here).count())
    }

    /// Before contents are sealed: where that would make the first key here of an aggregate that has
    /// events, looks whether they were sealed with another one.
    ///
    /// # Errors
    /// As [`Self::has_keys`].
    pub async fn ready(
        &self,
        store: &mut Store,
        of: &Aggregate,
        contents: &[Content<'_>],
    ) -> Result<(), Failure> {
        let mut personal = false;
        for content in contents {
            personal |= !self.clear(of, content)?.is_empty();
        }
        if personal && self.keys.find(of)? == Held::Nothing && store.events_of(of).await? > 0 {
            self.has_keys(of, &look(store, None, of, self).await?.keys)?;
        }
        Ok(())
    }

    /// Where no key is here and events were archived, nobody knows whether these are sealed.
    ///
    /// # Errors
    /// Exit 1 for such an aggregate.
    pub fn knows(&self, of: &Aggregate, seen: &Seen) -> Result<(), Failure> {
        if seen.archived == 0 {
            return Ok(());
        }
        let folder = self.keys.folder().display();
        let why = format!(
            "{folder} has no key of it, and {} of its events were archived: they may be sealed with one \
             that is elsewhere",
            seen.archived
        );
        Err(Failure::failed(format!("refused to erase {of}"))
            .code("key")
            .because(&std::io::Error::other(why))
            .hint("Look at them too: --archive DIR; or name the folder of the keys: --set events.keys_dir=DIR"))
    }

    /// Refuses to go on where something is sealed with a key that is not here: a second key would
    /// make personal fields that `erase` does not reach.
    ///
    /// # Errors
    /// Exit 1 for a key that is elsewhere.
    pub fn has_keys(&self, of: &Aggregate, sealed: &[Fingerprint]) -> Result<(), Failure> {
        if self.elsewhere(of, sealed)? == 0 {
            return Ok(());
        }
        let folder = self.keys.folder().display();
        let why = format!("the key of its personal fields is not in {folder}");
        Err(Failure::failed(format!("refused to go on with {of}"))
            .code("key")
            .because(&std::io::Error::other(why))
            .hint("Name the folder that has it: --set events.keys_dir=DIR"))
    }
}

/// Where the keys are by the settings.
fn folder(context: &Context) -> PathBuf {
    let set = &context.settings().events.keys_dir;
    if !set.as_os_str().is_empty() {
        return set.clone();
    }
    // One each for the stores of different contexts: who is erased in one is not in the other.
    let name = context.resolved.context.as_ref().map_or("default", |selected| &selected.name);
    context.environment.data_dir().join("keys").join(name)
}

/// Nothing personal is stored of a subject that was erased.
fn erased(of: &Aggregate, fields: &[String]) -> Failure {
    let fields = fields.join(", ");
    Failure::new(ExitStatus::Conflict, format!("refused to store {fields} of {of}"))
        .code(ERASED)
        .because(&std::io::Error::other("its personal fields were erased for good"))
        .hint("Whoever comes back gets a new id.")
        .hint(format!("Was it stored before? bss events read {of}"))
}

/// The option to see what is sealed.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct OpenOption {
    /// Open sealed personal fields whose keys are in events.keys_dir
    #[arg(long)]
    open: bool,
}

impl OpenOption {
    /// The way to open, if it is wished.
    ///
    /// # Errors
    /// As [`Sealing::new`].
    pub fn sealing(self, context: &Context) -> Result<Option<Sealing>, Failure> {
        self.open.then(|| Sealing::new(context)).transpose()
    }
}

/// Says how many fields stayed closed, if any.
pub fn left_closed(fields: usize, sealing: &Sealing, context: &Context) {
    if fields > 0 {
        let folder = sealing.keys().folder().display();
        context.ui.status(format!(
            "{fields} personal fields stay sealed: their keys were erased, or are not in {folder}."
        ));
    }
}
