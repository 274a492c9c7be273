//! The commands: what each reads, does, prints and exits with.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;
use similar::TextDiff;

use crate::misfit::{Misfit, Pointer};
use crate::{
    USAGE, diff, document, files, fixups, generate, lower, repository, select, served, write,
};

/// The description that the raw client is generated from, as named in messages.
pub(crate) const SPEC: &str = "openapi/openapi.yaml";
/// The generated file, as named in messages.
pub(crate) const GENERATED: &str = "crates/openrouter-keys-raw/src/generated.rs";
/// What the emulator serves, as named in messages.
pub(crate) const SERVED: &str = "crates/openrouter-keys-emulator/openapi.yaml";

#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Codegen {
        spec: Option<PathBuf>,
        out: Option<PathBuf>,
        check: bool,
    },
    Pull {
        from: PathBuf,
        out: Option<PathBuf>,
    },
    Diff {
        other: PathBuf,
        json: bool,
        reverse: bool,
    },
    Lowered {
        spec: Option<PathBuf>,
    },
}

impl Command {
    pub(crate) fn from_args(mut args: lexopt::Parser) -> Result<Self, String> {
        use lexopt::prelude::{Long, Short, Value};

        let mut words = Vec::new();
        let (mut spec, mut out) = (None, None);
        let (mut check, mut json, mut reverse) = (false, false, false);
        let text = |error: lexopt::Error| error.to_string();
        while let Some(arg) = args.next().map_err(text)? {
            match arg {
                Long("help") | Short('h') => return Ok(Self::Help),
                Long("check") => check = true,
                Long("json") => json = true,
                Long("reverse") => reverse = true,
                Long("spec") => spec = Some(PathBuf::from(args.value().map_err(text)?)),
                Long("out") => out = Some(PathBuf::from(args.value().map_err(text)?)),
                Value(word) => words.push(word),
                other => return Err(text(other.unexpected())),
            }
        }
        // Each option belongs to some of the commands.
        let given = [
            ("--check", check),
            ("--json", json),
            ("--reverse", reverse),
            ("--spec", spec.is_some()),
            ("--out", out.is_some()),
        ];
        let only = |command: &str, known: &[&str]| {
            let stranger = given
                .iter()
                .find(|(name, set)| *set && !known.contains(name));
            stranger.map_or(Ok(()), |(name, _)| {
                Err(format!("'{command}' has no option {name}"))
            })
        };
        let names: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        let file = |index: usize| PathBuf::from(&words[index]);
        match names.iter().map(AsRef::as_ref).collect::<Vec<_>>()[..] {
            ["codegen"] => {
                only("codegen", &["--check", "--spec", "--out"])?;
                Ok(Self::Codegen { spec, out, check })
            }
            ["spec", "pull", _] => {
                only("spec pull", &["--out"])?;
                Ok(Self::Pull { from: file(2), out })
            }
            ["spec", "diff", _] => {
                only("spec diff", &["--json", "--reverse"])?;
                Ok(Self::Diff {
                    other: file(2),
                    json,
                    reverse,
                })
            }
            ["spec", "lowered"] | ["spec", "lowered", _] => {
                only("spec lowered", &[])?;
                let spec = (words.len() == 3).then(|| file(2));
                Ok(Self::Lowered { spec })
            }
            ["help"] => Ok(Self::Help),
            [] => Err("no command given".to_owned()),
            ["spec", "pull" | "diff", ..] => Err("expected one FILE".to_owned()),
            _ => Err(format!("there is no command '{}'", names.join(" "))),
        }
    }

    pub(crate) fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::Help => {
                print(&format!("{USAGE}\n"))?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Codegen { spec, out, check } => codegen(spec.as_deref(), out.as_deref(), check),
            Self::Pull { from, out } => pull(&from, out.as_deref()),
            Self::Diff {
                other,
                json,
                reverse,
            } => differences(&other, json, reverse),
            Self::Lowered { spec } => lowered(spec.as_deref()),
        }
    }
}

fn codegen(spec: Option<&Path>, out: Option<&Path>, check: bool) -> Result<ExitCode, String> {
    let source = Source::read(spec)?;
    let selected = source.selected()?;
    if spec.is_none() {
        source.has_nothing_beside(&selected)?;
    }
    let mut files = vec![Fresh::new(out, GENERATED, source.generate(&selected)?)];
    // The emulator is about the project's own description, whatever else is tried.
    if spec.is_none() && out.is_none() {
        files.push(Fresh::new(None, SERVED, source.served()?));
    }
    if check {
        let mut code = ExitCode::SUCCESS;
        for file in &files {
            if !file.is_up_to_date()? {
                code = ExitCode::from(1);
            }
        }
        return Ok(code);
    }
    for Fresh { target, name, text } in &files {
        replace(target, name, text)?;
        print(&format!("{name}: written from {}\n", source.name))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a file should be.
struct Fresh {
    target: PathBuf,
    name: String,
    text: String,
}

impl Fresh {
    fn new(out: Option<&Path>, own: &str, text: String) -> Self {
        let (target, name) = target(out, own);
        Self { target, name, text }
    }

    /// Whether it is what is there, which is printed.
    fn is_up_to_date(&self) -> Result<bool, String> {
        let name = &self.name;
        let committed = files::read_if_there(&self.target)
            .map_err(|error| format!("{name} could not be read: {error}"))?
            .unwrap_or_default();
        let difference = difference(name, &committed, &self.text);
        print(&match &difference {
            None => format!("{name}: up to date\n"),
            Some(difference) => format!(
                "{difference}{name} is stale; run `cargo xtask codegen` and commit what it writes\n"
            ),
        })?;
        Ok(difference.is_none())
    }
}

fn pull(from: &Path, out: Option<&Path>) -> Result<ExitCode, String> {
    let source = Source::read(Some(from))?;
    let slice = source.selected()?;
    let text = document::to_yaml(&slice).map_err(|error| format!("{}: {error}", source.name))?;
    let theirs = lower::read(&slice).map_err(|misfit| source.error(&misfit))?;
    let (target, name) = target(out, SPEC);
    // What changes is what stands in the way; for a file of its own, what would change here.
    let before = if target.exists() {
        target.clone()
    } else {
        repository().join(SPEC)
    };
    let before = Source::read(Some(&before)).and_then(|before| before.description());
    let changes = match before {
        Ok(ours) => diff::as_text(&diff::differences(&ours, &theirs)),
        Err(error) => format!("nothing to compare it with: {error}\n"),
    };
    replace(&target, &name, &text)?;
    print(&format!("{changes}{name}: written from {}\n", source.name))?;
    Ok(ExitCode::SUCCESS)
}

fn differences(other: &Path, json: bool, reverse: bool) -> Result<ExitCode, String> {
    let ours = Source::read(None)?.description()?;
    let theirs = Source::read(Some(other))?.description()?;
    let differences = if reverse {
        diff::differences(&theirs, &ours)
    } else {
        diff::differences(&ours, &theirs)
    };
    if json {
        print(&format!("{:#}\n", diff::as_json(&differences)))?;
    } else {
        print(&diff::as_text(&differences))?;
    }
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

fn lowered(spec: Option<&Path>) -> Result<ExitCode, String> {
    print(&document::to_yaml(&Source::read(spec)?.lowered()?)?)?;
    Ok(ExitCode::SUCCESS)
}

/// A description, and the name of its file for messages.
pub(crate) struct Source {
    name: String,
    document: Value,
}

impl Source {
    /// The description in `file`, or the project's own.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, String> {
        let own = repository().join(SPEC);
        Ok(Self {
            name: file.map_or_else(|| SPEC.to_owned(), |file| file.display().to_string()),
            document: document::load(file.unwrap_or(&own))?,
        })
    }

    /// The part that is about the six operations.
    pub(crate) fn selected(&self) -> Result<Value, String> {
        select::select(&self.document).map_err(|misfit| self.error(&misfit))
    }

    /// What it says. An operation that is missing is no error here.
    fn description(&self) -> Result<crate::model::Description, String> {
        lower::read(&self.document).map_err(|misfit| self.error(&misfit))
    }

    /// What the generator is told.
    pub(crate) fn lowered(&self) -> Result<Value, String> {
        prepare(&self.selected()?).map_err(|misfit| self.error(&misfit))
    }

    /// The text of the generated file, of the part that [`Self::selected`] gives.
    pub(crate) fn generate(&self, selected: &Value) -> Result<String, String> {
        let lowered = prepare(selected).map_err(|misfit| self.error(&misfit))?;
        generate::generate(&lowered, &document::canonical_hash(selected))
            .map_err(|error| format!("{}: {error}", self.name))
    }

    /// What the emulator serves of the project's own description.
    fn served(&self) -> Result<String, String> {
        let text = files::read_text(&repository().join(SPEC))?;
        served::copy(&text).map_err(|error| format!("{}: {error}", self.name))
    }

    /// Makes sure that whatever stands in the project's own file is read: the raw crate's test relies on it when it
    /// computes the hash.
    pub(crate) fn has_nothing_beside(&self, selected: &Value) -> Result<(), String> {
        let place = select::left_out(&self.document, selected, &Pointer::root());
        place.map_or(Ok(()), |place| {
            Err(self.error(&place.misfit(
                "nothing but the six operations and what they reference",
                "take out what no operation reaches",
            )))
        })
    }

    fn error(&self, misfit: &Misfit) -> String {
        format!("{}: {misfit}", self.name)
    }

    #[cfg(test)]
    pub(crate) fn of(document: Value) -> Self {
        Self {
            name: "test".to_owned(),
            document,
        }
    }
}

/// The document that the generator is given, of the part of a description that is about the six operations.
pub(crate) fn prepare(selected: &Value) -> crate::misfit::Result<Value> {
    let plan = fixups::apply(lower::read(selected)?)?;
    Ok(write::document(&plan))
}

/// The file to be written, and its name for messages.
fn target(out: Option<&Path>, own: &str) -> (PathBuf, String) {
    match out {
        Some(out) => (out.to_path_buf(), out.display().to_string()),
        None => (repository().join(own), own.to_owned()),
    }
}

fn replace(target: &Path, name: &str, text: &str) -> Result<(), String> {
    files::write_atomically(target, text)
        .map_err(|error| format!("{name} could not be written: {error}"))
}

/// What would change in `committed`, as a unified diff; `None` if it is as it should be.
pub(crate) fn difference(name: &str, committed: &str, fresh: &str) -> Option<String> {
    if committed == fresh {
        return None;
    }
    let diff = TextDiff::from_lines(committed, fresh);
    let diff = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("{name} (committed)"), &format!("{name} (fresh)"))
        .to_string();
    Some(diff)
}

/// A reader that has seen enough may have closed the pipe; the exit code is what counts then.
fn print(text: &str) -> Result<(), String> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("the output could not be written: {error}"))
        }
        _ => Ok(()),
    }
}
