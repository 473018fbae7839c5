//! `assent templates …`: the words and looks of pages and mails, as files of the operator's.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::opening::settings;
use super::outcome::{Error, Outcome, refuse};
use crate::template_samples::samples;
use crate::templates::{BUILT_IN, BuiltIn, check, nearest_template};

#[derive(Subcommand)]
pub(super) enum TemplatesCommand {
    /// Name every template, whether a file of `templates_dir` replaces it, and what it is for
    List,
    /// Write the built-in templates as files, to change them there; what is there already is left alone
    Export {
        /// Where to; set `templates_dir` to it for the program to use the files
        dir: PathBuf,
        /// Only these, by their names in `templates list`
        #[arg(long, value_name = "NAME", num_args = 1..)]
        only: Vec<String>,
    },
    /// Render every template with sample data in each of its states, and name what is wrong by file and line
    ///
    /// Finds what cannot be rendered and what breaks mails. That a page still has its form, its buttons and the
    /// words the law asks for is for you to look at.
    ///
    /// Needs no database. A running server reads its templates when it starts: restart it after a sound check.
    Check {
        /// The files to check; `templates_dir` if it is left out, and the built-in templates without one
        dir: Option<PathBuf>,
    },
}

impl TemplatesCommand {
    pub(super) fn run(self, config: Option<PathBuf>) -> Outcome {
        match self {
            Self::List => {
                list(settings(config)?.templates_dir.as_deref());
                Ok(())
            }
            Self::Export { dir, only } => export(&dir, &only),
            Self::Check { dir: Some(dir) } => check_all(Some(&dir)),
            Self::Check { dir: None } => check_all(settings(config)?.templates_dir.as_deref()),
        }
    }
}

fn list(directory: Option<&Path>) {
    for BuiltIn { name, about, .. } in BUILT_IN {
        let own = directory.map(|directory| directory.join(name)).filter(|path| path.exists());
        let origin = own.map_or_else(|| "built in".to_owned(), |path| path.display().to_string());
        println!("{name}\t{origin}\t{about}");
    }
}

fn export(directory: &Path, only: &[String]) -> Outcome {
    let wanted = chosen(only)?;
    let mut written = 0;
    for BuiltIn { name, text, .. } in wanted {
        let path = directory.join(name);
        let failed = |error: std::io::Error| {
            refuse(format!("{} cannot be written ({error})", path.display()))
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
            readable(folder, 0o755).map_err(failed)?;
        }
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).map_err(failed)?;
                readable(&path, 0o644).map_err(failed)?;
                written += 1;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                println!("{}: left as it is", path.display());
            }
            Err(error) => return Err(failed(error)),
        }
    }
    let written = counted(written, "template");
    println!(
        "{written} written to {}; keep what you change and delete the rest, so that updates to it still reach you",
        directory.display()
    );
    Ok(())
}

/// Templates are no secret, and the program may run as another user than whoever writes them.
fn readable(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// The built-in templates of these names; all when none is named.
fn chosen(only: &[String]) -> Result<Vec<&'static BuiltIn>, Error> {
    if only.is_empty() {
        return Ok(BUILT_IN.iter().collect());
    }
    let one = |name: &String| {
        BUILT_IN.iter().find(|built_in| built_in.name == name).ok_or_else(|| {
            let hint = nearest_template(name).map_or_else(
                || "`assent templates list` names them".to_owned(),
                |known| format!("did you mean {known}?"),
            );
            refuse(format!("there is no template {name}: {hint}"))
        })
    };
    only.iter().map(one).collect()
}

fn check_all(directory: Option<&Path>) -> Outcome {
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        let shown = directory.display();
        return Err(refuse(format!(
            "{shown} is not a directory: `assent templates export {shown}` makes it"
        )));
    }
    let findings = check(directory, &samples())?;
    for problem in findings.problems.iter().chain(&findings.strays) {
        println!("{problem}");
    }
    let (all, wrong, strays) = (BUILT_IN.len(), findings.wrong(), findings.strays.len());
    match (wrong, strays) {
        (0, 0) => {
            println!("{all} templates are sound");
            Ok(())
        }
        (0, strays) => Err(refuse(format!(
            "{} replaced nothing; {all} templates are sound",
            counted(strays, "file")
        ))),
        (wrong, 0) => Err(refuse(have_problems(wrong, all))),
        (wrong, strays) => {
            let strays = counted(strays, "file");
            Err(refuse(format!("{}, and {strays} replaced nothing", have_problems(wrong, all))))
        }
    }
}

fn have_problems(wrong: usize, all: usize) -> String {
    format!(
        "{wrong} of {all} templates {}",
        if wrong == 1 { "has problems" } else { "have problems" }
    )
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
