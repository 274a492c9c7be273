//! A disk that fails when it is told to, and of which it is known what a power cut may leave.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::ledger::file::disk::Disk;
use crate::ledger::file::error::{Problem, system};
use crate::ledger::file::format::SECTOR;

/// A folder on that disk. Each clone is the same one.
#[derive(Clone, Default)]
pub(super) struct Model(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    /// What the names were when they were last made durable, and after each change since. The last one is what is seen.
    names: Vec<BTreeMap<String, usize>>,
    files: Vec<Content>,
    operations: Vec<&'static str>,
    fault: Option<(usize, Fault)>,
    is_off: bool,
    /// Whether no file can become longer.
    is_full: bool,
}

#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// What was written to each sector since it was last made durable, each time.
    pending: BTreeMap<usize, Vec<Vec<u8>>>,
}

/// What happens at an operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The machine stops when this much of it is done, of a write or an extension; of others nothing is.
    Stop(Part),
    /// The machine stops when it is done, before anybody hears of it.
    StopAfter,
    /// It fails with this error when this much is done.
    Fail(Errno, Part),
    /// Of a write, this much is done, and that is no error.
    Short(Part),
    /// It fails, if it is to make something durable, and what was to be made durable is not, though it is still seen. This is
    /// what Linux does.
    Forget,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Nothing,
    Byte,
    Third,
    Sector,
    AllButOne,
}

impl Part {
    pub(super) const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Byte,
        Self::Third,
        Self::Sector,
        Self::AllButOne,
    ];

    /// A sector is written as a whole or not at all.
    fn of(self, length: usize) -> usize {
        let part = match self {
            Self::Nothing => 0,
            Self::Byte => 1,
            Self::Third => length / 3,
            Self::Sector => SECTOR.min(length - 1),
            Self::AllButOne => length - 1,
        };
        if length == SECTOR { 0 } else { part }
    }
}

impl Model {
    /// One with this ledger in it.
    pub(super) fn with(ledger: &[u8]) -> Self {
        let model = Self::default();
        let content = Content {
            seen: ledger.to_vec(),
            durable: ledger.to_vec(),
            pending: BTreeMap::new(),
        };
        model.state().files.push(content);
        model.state().names = vec![BTreeMap::from([("ledger".to_owned(), 0)])];
        model
    }

    /// What is seen of the ledger.
    pub(super) fn ledger(&self) -> Option<Vec<u8>> {
        self.file("ledger")
    }

    pub(super) fn file(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let index = *state.names.last()?.get(name)?;
        Some(state.files[index].seen.clone())
    }

    pub(super) fn fail_at(&self, operation: usize, fault: Fault) {
        self.state().fault = Some((operation, fault));
    }

    pub(super) fn fail_never(&self) {
        let mut state = self.state();
        state.fault = None;
        state.is_off = false;
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// What was done so far.
    pub(super) fn operations(&self) -> Vec<&'static str> {
        self.state().operations.clone()
    }

    pub(super) fn is_off(&self) -> bool {
        self.state().is_off
    }

    /// What may be on the disk when the machine is started again: everything that is possible, or `most` of it by chance.
    pub(super) fn after_power_cut(&self, most: usize, seed: u64) -> Vec<Self> {
        let state = self.state();
        let mut choices = vec![state.names.len().max(1)];
        for file in &state.files {
            choices.push(if file.durable.len() == file.seen.len() {
                1
            } else {
                3
            });
            choices.extend(file.pending.values().map(|versions| versions.len() + 1));
        }
        let all = choices
            .iter()
            .try_fold(1_usize, |all, choice| all.checked_mul(*choice))
            .filter(|all| *all <= most);
        let mut random = seed;
        let chosen = |index: usize| {
            let mut rest = index;
            let digits = choices.iter().map(|choice| {
                let digit = rest % choice;
                rest /= choice;
                digit
            });
            digits.collect::<Vec<_>>()
        };
        let mut results = Vec::new();
        for index in 0..all.unwrap_or(most) {
            let digits = match all {
                Some(_) => chosen(index),
                // All of it and none of it are among them.
                None if index == 0 => vec![0; choices.len()],
                None if index == 1 => choices.iter().map(|choice| choice - 1).collect(),
                None => choices
                    .iter()
                    .map(|choice| below(&mut random, *choice))
                    .collect(),
            };
            results.push(Self(Arc::new(Mutex::new(state.surviving(&digits)))));
        }
        results
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn begin(&self, name: &'static str) -> io::Result<(MutexGuard<'_, State>, Option<Fault>)> {
        let mut state = self.state();
        if state.is_off {
            return Err(io::Error::other("the machine is off"));
        }
        let number = state.operations.len();
        state.operations.push(name);
        let fault = state
            .fault
            .filter(|(at, _)| *at == number)
            .map(|(_, fault)| fault);
        Ok((state, fault))
    }

    /// An operation that is done or not.
    fn whole<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let (mut state, fault) = self.begin(name)?;
        match fault {
            None | Some(Fault::Short(_)) => work(&mut state),
            Some(Fault::Stop(_)) => state.stop(),
            Some(Fault::StopAfter) => {
                let _ = work(&mut state);
                state.stop()
            }
            Some(Fault::Fail(error, _)) => Err(error.into()),
            Some(Fault::Forget) => Err(Errno::IO.into()),
        }
    }

    /// An operation that may be done in part.
    fn part(
        &self,
        name: &'static str,
        length: usize,
        work: impl FnOnce(&mut State, usize),
    ) -> io::Result<usize> {
        let (mut state, fault) = self.begin(name)?;
        let done = match fault {
            None | Some(Fault::StopAfter) => length,
            Some(Fault::Stop(part) | Fault::Fail(_, part) | Fault::Short(part)) => part.of(length),
            Some(Fault::Forget) => 0,
        };
        work(&mut state, done);
        match fault {
            None => Ok(done),
            // None at all would be an error.
            Some(Fault::Short(_)) if done > 0 => Ok(done),
            Some(Fault::Short(_)) => Err(Errno::INTR.into()),
            Some(Fault::Stop(_) | Fault::StopAfter) => state.stop(),
            Some(Fault::Fail(error, _)) => Err(error.into()),
            Some(Fault::Forget) => Err(Errno::IO.into()),
        }
    }

    fn sync(&self, name: &'static str, file: usize, with_length: bool) -> io::Result<()> {
        let (mut state, fault) = self.begin(name)?;
        match fault {
            None | Some(Fault::Short(_)) => {
                state.files[file].sync(with_length);
                Ok(())
            }
            Some(Fault::Stop(_)) => state.stop(),
            Some(Fault::StopAfter) => {
                state.files[file].sync(with_length);
                state.stop()
            }
            // It was done after all.
            Some(Fault::Fail(error, Part::AllButOne)) => {
                state.files[file].sync(with_length);
                Err(error.into())
            }
            Some(Fault::Fail(error, _)) => Err(error.into()),
            Some(Fault::Forget) => {
                state.files[file].pending.clear();
                Err(Errno::IO.into())
            }
        }
    }
}

impl State {
    fn stop<T>(&mut self) -> io::Result<T> {
        self.is_off = true;
        Err(io::Error::other("the machine stops"))
    }

    fn change_names(&mut self, change: impl FnOnce(&mut BTreeMap<String, usize>)) {
        if self.names.is_empty() {
            self.names.push(BTreeMap::new());
        }
        let mut names = self.names.last().cloned().unwrap_or_default();
        change(&mut names);
        self.names.push(names);
    }

    fn surviving(&self, digits: &[usize]) -> Self {
        let mut digits = digits.iter().copied();
        let mut next = || digits.next().unwrap();
        let names = self.names.get(next()).cloned().unwrap_or_default();
        let mut files = Vec::new();
        for file in &self.files {
            let length = match next() {
                0 => file.durable.len(),
                1 => file.seen.len(),
                _ => {
                    (usize::midpoint(file.durable.len(), file.seen.len()) + 77).min(file.seen.len())
                }
            };
            let mut content = file.durable.clone();
            content.resize(content.len().max(file.seen.len()), 0);
            for (sector, versions) in &file.pending {
                if let Some(version) = next().checked_sub(1) {
                    let at = sector * SECTOR;
                    content[at..at + versions[version].len()].copy_from_slice(&versions[version]);
                }
            }
            content.truncate(length);
            files.push(Content {
                seen: content.clone(),
                durable: content,
                pending: BTreeMap::new(),
            });
        }
        Self {
            names: vec![names],
            files,
            ..Self::default()
        }
    }
}

impl Content {
    fn write(&mut self, bytes: &[u8], at: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = at + bytes.len();
        self.seen.resize(self.seen.len().max(end), 0);
        self.seen[at..end].copy_from_slice(bytes);
        for sector in at / SECTOR..end.div_ceil(SECTOR) {
            let end = self.seen.len().min((sector + 1) * SECTOR);
            let version = self.seen[sector * SECTOR..end].to_vec();
            self.pending.entry(sector).or_default().push(version);
        }
    }

    fn sync(&mut self, with_length: bool) {
        if with_length {
            self.durable.resize(self.seen.len(), 0);
        }
        let length = self.durable.len();
        self.pending.retain(|sector, versions| {
            let at = sector * SECTOR;
            let last = versions.last().unwrap();
            let fits = at + last.len() <= length;
            if fits {
                self.durable[at..at + last.len()].copy_from_slice(last);
            }
            !fits
        });
    }
}

impl Disk for Model {
    type File = usize;

    fn open(&self, name: &str) -> Result<Option<usize>, Problem> {
        let opened = self.whole("open", |state| {
            Ok(state
                .names
                .last()
                .and_then(|names| names.get(name))
                .copied())
        });
        opened.map_err(system("opening the file"))
    }

    fn create(&self, name: &str) -> io::Result<usize> {
        self.whole("create", |state| {
            let index = state.files.len();
            state.files.push(Content::default());
            state.change_names(|names| assert!(names.insert(name.to_owned(), index).is_none()));
            Ok(index)
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.whole("rename", |state| {
            state.change_names(|names| {
                let index = names.remove(from).unwrap();
                names.insert(to.to_owned(), index);
            });
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.whole("remove", |state| {
            if state
                .names
                .last()
                .is_some_and(|names| names.contains_key(name))
            {
                state.change_names(|names| {
                    names.remove(name);
                });
            }
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.whole("sync_names", |state| {
            state.names = state.names.pop().into_iter().collect();
            Ok(())
        })
    }

    fn read(&self, file: &usize, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        self.whole("read", |state| {
            let seen = &state.files[*file].seen;
            let most = seen.len().min(usize::try_from(most).unwrap());
            Ok(Zeroizing::new(seen[..most].to_vec()))
        })
    }

    fn length(&self, file: &usize) -> io::Result<u64> {
        self.whole("length", |state| Ok(state.files[*file].seen.len() as u64))
    }

    fn write(&self, file: &usize, bytes: &[u8], at: u64) -> io::Result<usize> {
        let at = usize::try_from(at).unwrap();
        self.part("write", bytes.len(), |state, done| {
            state.files[*file].write(&bytes[..done], at);
        })
    }

    fn extend(&self, file: &usize, from: u64, to: u64) -> io::Result<()> {
        let length = usize::try_from(to - from).unwrap();
        let from = usize::try_from(from).unwrap();
        if self.state().is_full {
            return Err(Errno::NOSPC.into());
        }
        let extended = self.part("extend", length, |state, done| {
            let seen = &mut state.files[*file].seen;
            seen.resize(seen.len().max(from + done), 0);
        });
        // An extension that is short is an error.
        match extended {
            Ok(done) if done < length => Err(Errno::NOSPC.into()),
            extended => extended.map(|_| ()),
        }
    }

    fn sync_content(&self, file: &usize) -> io::Result<()> {
        self.sync("sync_content", *file, false)
    }

    fn sync_all(&self, file: &usize) -> io::Result<()> {
        self.sync("sync_all", *file, true)
    }
}

/// A number below this one, by the `SplitMix64` generator.
pub(super) fn below(state: &mut u64, limit: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    usize::try_from(mixed % limit as u64).unwrap()
}
