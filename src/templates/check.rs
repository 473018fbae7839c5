//! Every template rendered with sample data, in every state, before a reader sees it.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind};
use serde_json::Value;

use super::built_in::{BUILT_IN, MAIL_HEAD};
use super::page::Samples;
use super::source::{Problem, Source};
use super::{add, environment, mail_rules, mjml};
use crate::domain::nearest::nearest;
use crate::domain::time_zone::TimeZone;

/// What is wrong with a directory of templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is wrong with templates, by file and line.
    pub problems: BTreeSet<Problem>,
    /// Files that replace no template.
    pub strays: Vec<Problem>,
}

impl Findings {
    /// How many templates have problems.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.problems.iter().map(|problem| &problem.file).collect::<BTreeSet<_>>().len()
    }
}

/// Renders every template with every sample of it; a file of the same name under `directory` wins. What is found
/// does not end the search.
///
/// # Errors
/// When the directory itself cannot be read.
pub fn check(directory: Option<&Path>, samples: &Samples) -> std::io::Result<Findings> {
    let mut problems = BTreeSet::new();
    let mut sources = Vec::new();
    for built_in in BUILT_IN {
        sources.push(Source::read(directory, built_in).unwrap_or_else(|problem| {
            problems.insert(problem);
            Source::built_in(built_in)
        }));
    }
    problems.append(&mut check_sources(sources, samples));
    let mut strays = Vec::new();
    if let Some(directory) = directory {
        find_strays(directory, directory, &mut strays)?;
    }
    strays.sort();
    Ok(Findings { problems, strays })
}

/// The same, of these texts.
fn check_sources(sources: Vec<Source>, samples: &Samples) -> BTreeSet<Problem> {
    let mut environment = environment(&TimeZone::UTC);
    // Errors then say what they stumbled over.
    environment.set_debug(true);
    let mut check = Check { environment, sources, problems: BTreeSet::new() };
    check.compile();
    for built_in in BUILT_IN {
        for context in samples.of(built_in.name) {
            check.render(built_in.name, context);
        }
    }
    check.problems
}

struct Check {
    environment: Environment<'static>,
    sources: Vec<Source>,
    problems: BTreeSet<Problem>,
}

/// How often one rendering is mended to see what else is wrong.
const MOST_MENDED: usize = 200;

/// What is put where a name is not given: an empty list, which can stand nearly anywhere.
const BLANK: &str = "[]";

impl Check {
    /// Adds every template; the built-in text stands in for one that is none, so that the others are
    /// checked all the same.
    fn compile(&mut self) {
        for (at, built_in) in BUILT_IN.iter().enumerate() {
            let source = &self.sources[at];
            self.problems.extend(mjml::misnested(source));
            let Err(problem) = add(&mut self.environment, source, &self.sources) else { continue };
            self.problems.insert(problem);
            self.sources[at] = Source { file: source.file.clone(), ..Source::built_in(built_in) };
            let added = add(&mut self.environment, &self.sources[at], &self.sources);
            self.problems.extend(added.err());
        }
    }

    fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    fn has_problems(&self, source: &Source) -> bool {
        self.problems.iter().any(|problem| problem.file == source.file)
    }

    fn render(&mut self, name: &'static str, context: &Value) {
        let text = self.render_mending(name, context);
        let (Some(source), Some(head)) = (self.source(name), self.source(MAIL_HEAD)) else {
            return;
        };
        let problems = match name.rsplit_once('.') {
            Some((_, "txt")) => {
                text.map(|text| mail_rules::of_text(source, &text, context)).unwrap_or_default()
            }
            Some((mail, "mjml")) if name != MAIL_HEAD => {
                let html = self.environment.get_template(&format!("{mail}.html"));
                match html.and_then(|html| html.render(Serde(context))) {
                    Ok(html) => mail_rules::of_html(source, head, &html, context),
                    // The fault has been found in the MJML, or in the head.
                    Err(_) if text.is_none() || self.has_problems(head) => vec![],
                    Err(error) => {
                        let mend = "put conditions between elements into <mj-raw>";
                        let what = format!("its HTML cannot be rendered ({error}): {mend}");
                        vec![source.problem(None, what)]
                    }
                }
            }
            _ => vec![],
        };
        self.problems.extend(problems);
    }

    /// Renders; a name that is not given is noted and then left blank, so that the next is found too.
    fn render_mending(&mut self, name: &str, context: &Value) -> Option<String> {
        for _ in 0..MOST_MENDED {
            let template = self.environment.get_template(name);
            match template.and_then(|template| template.render(Serde(context))) {
                Ok(text) => return Some(text),
                Err(error) => {
                    let error = innermost(&error);
                    if written(error).is_some_and(|written| written.contains(BLANK)) {
                        return None;
                    }
                    self.problems.insert(self.problem(error, context));
                    self.mend(error)?;
                }
            }
        }
        None
    }

    fn problem(&self, error: &minijinja::Error, context: &Value) -> Problem {
        let name = error.name().unwrap_or_default();
        let file = self.source(name).map_or_else(|| name.to_owned(), |source| source.file.clone());
        let detail = error.detail().map_or_else(|| error.to_string(), ToOwned::to_owned);
        let what = match missing(error) {
            Some(missing) if error.kind() == ErrorKind::InvalidOperation => {
                format!(
                    "`{missing}` is not in the template that it is imported from: keep it there"
                )
            }
            Some(missing) => {
                let hint = nearest_name(&missing, context).map_or_else(
                    || {
                        "take it out, or write one of the names that the built-in template uses"
                            .to_owned()
                    },
                    |known| format!("did you mean `{known}`?"),
                );
                format!("`{missing}` is not known here: {hint}")
            }
            None => {
                format!("it cannot be rendered ({detail}): write it as the built-in template does")
            }
        };
        Problem { file, line: error.line(), what }
    }

    /// Blanks a name that is not given; `None` when it is not seen in that line.
    fn mend(&mut self, error: &minijinja::Error) -> Option<()> {
        if error.kind() != ErrorKind::UndefinedError {
            return None;
        }
        let (missing, line) = (missing(error)?, error.line()?);
        let at = self.sources.iter().position(|source| Some(source.name) == error.name())?;
        let text = &self.sources[at].text;
        let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        let of_name = |c: char| c.is_alphanumeric() || c == '_';
        let (found, _) = text[start..end].match_indices(&missing).find(|(found, _)| {
            let (before, after) = (&text[..start + found], &text[start + found + missing.len()..]);
            !before.ends_with(|c| of_name(c) || c == '.') && !after.starts_with(of_name)
        })?;
        let (before, after) = text.split_at(start + found);
        // What hangs on it goes with it.
        let after = after[missing.len()..].trim_start_matches(|c| of_name(c) || c == '.');
        self.sources[at].text = format!("{before}{BLANK}{after}");
        // The head lies in every mail.
        let again =
            if self.sources[at].name == MAIL_HEAD { at..self.sources.len() } else { at..at + 1 };
        for source in &self.sources[again] {
            add(&mut self.environment, source, &self.sources).ok()?;
        }
        Some(())
    }
}

/// Where it really happened: an error in what a page includes comes wrapped.
fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.map_or(error, innermost)
}

/// What the error stumbled over, as it is written.
fn written(error: &minijinja::Error) -> Option<&str> {
    error.template_source()?.get(error.range()?)
}

/// The name that is not given: of what is shown, or of what is called.
fn missing(error: &minijinja::Error) -> Option<String> {
    let named = error.detail().and_then(|detail| detail.split('`').nth(1));
    let called = || error.detail().is_some_and(|detail| detail.contains("not callable"));
    let missing = match error.kind() {
        ErrorKind::UndefinedError => named.or_else(|| written(error)),
        ErrorKind::InvalidOperation if called() => named,
        _ => None,
    };
    missing.map(ToOwned::to_owned)
}

/// The name in the context that is most like a missing one.
fn nearest_name(missing: &str, context: &Value) -> Option<String> {
    let (path, last) = missing.rsplit_once('.').map_or(("", missing), |(path, last)| (path, last));
    let names = names(context);
    let known = nearest(last, names.iter().map(String::as_str))?;
    Some(if path.is_empty() { known.to_owned() } else { format!("{path}.{known}") })
}

/// Every name in a context, at any depth.
fn names(context: &Value) -> BTreeSet<String> {
    match context {
        Value::Object(fields) => {
            fields.keys().cloned().chain(fields.values().flat_map(names)).collect()
        }
        Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => BTreeSet::new(),
    }
}

fn find_strays(root: &Path, directory: &Path, strays: &mut Vec<Problem>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            find_strays(root, &path, strays)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if BUILT_IN.iter().all(|built_in| built_in.name != name) {
            let hint = nearest_template(&name).map_or_else(
                || "take it out, or see `assent templates list`".to_owned(),
                |known| format!("did you mean {known}?"),
            );
            let what = format!("it replaces no template: {hint}");
            strays.push(Problem { file: path.display().to_string(), line: None, what });
        }
    }
    Ok(())
}

/// The template that was meant by this name, if any is much like it: folders and endings alike make nothing
/// alike.
#[must_use]
pub fn nearest_template(name: &str) -> Option<&'static str> {
    let stem = |name: &str| {
        let file = Path::new(name).file_stem();
        file.map(|file| file.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let wanted = stem(name);
    let names = || BUILT_IN.iter().map(|built_in| built_in.name);
    let stems: Vec<String> = names().map(stem).collect();
    let known = nearest(&wanted, stems.iter().map(String::as_str))?;
    nearest(name, names().filter(|name| stem(name) == known))
}
