//! MJML to HTML, with errors by the operator's line.

use std::collections::HashMap;

use mrml::prelude::parser::memory_loader::MemoryIncludeLoader;
use mrml::prelude::parser::{Error, Origin, ParserOptions, Span};
use mrml::prelude::render::RenderOptions;

use super::source::{Problem, Source};

/// Compiles a mail's MJML, its placeholders left in place.
pub(super) fn compile(mail: &Source, head: &Source) -> Result<String, Problem> {
    let parser = ParserOptions {
        include_loader: Box::new(MemoryIncludeLoader::from(vec![(
            "_head.mjml",
            head.text.as_str(),
        )])),
    };
    let parsed = mrml::parse_with_options(&mail.text, &parser)
        .map_err(|error| misnested(mail).unwrap_or_else(|| problem(&error, mail, head)))?;
    // No fonts: the default set would fetch them from a third party.
    let options =
        RenderOptions { fonts: HashMap::new(), disable_comments: true, social_icon_origin: None };
    let failed = |error| mail.problem(None, format!("no HTML can be made from it: {error}"));
    parsed.element.render(&options).map_err(failed)
}

/// Whether the head that all mails share can be compiled.
pub(super) fn compile_head(head: &Source) -> Result<(), Problem> {
    let text = "<mjml><mj-head><mj-include path=\"_head.mjml\" /></mj-head><mj-body /></mjml>";
    compile(&Source { text: text.to_owned(), ..head.clone() }, head).map(drop)
}

fn problem(error: &Error, mail: &Source, head: &Source) -> Problem {
    let within = |origin: &Origin| match origin {
        Origin::Root => mail.clone(),
        Origin::Include { .. } => head.clone(),
    };
    let at = |origin: &Origin, span: &Span, what: &str| {
        let source = within(origin);
        let text = source.text.get(span.start..span.end).unwrap_or_default();
        let shown = text.trim().lines().next().unwrap_or_default();
        source.problem(source.line_at(span.start), format!("{what}: `{shown}`"))
    };
    match error {
        Error::UnexpectedElement { origin, position } => {
            at(origin, position, "MJML has no such element in this place")
        }
        Error::UnexpectedToken { origin, position } => {
            at(origin, position, "MJML expects something else in this place")
        }
        Error::MissingAttribute { name, origin, position } => {
            at(origin, position, &format!("this element wants the attribute `{name}`"))
        }
        Error::InvalidAttribute { origin, position }
        | Error::InvalidFormat { origin, position } => {
            at(origin, position, "MJML does not know this form")
        }
        Error::IncludeLoaderError { origin, position, .. } => {
            at(origin, position, "only `_head.mjml` can be included")
        }
        Error::ParserError { origin, source: error } => {
            let line = usize::try_from(error.pos().row).ok();
            within(origin).problem(
                line,
                format!("it is not well-formed MJML ({error}): close every tag and quote, and write a plain < as &lt;"),
            )
        }
        Error::EndOfStream { origin } => {
            let source = within(origin);
            source.problem(source.end(), "it ends too early: close every element".to_owned())
        }
        Error::SizeLimit { origin } => within(origin).problem(None, "it is too large".to_owned()),
        Error::NoRootNode => mail.problem(1, "it must begin with `<mjml>`".to_owned()),
    }
}

/// The first element of MJML whose end is missing or in the wrong place. The parser takes any end for
/// any beginning.
pub(super) fn misnested(source: &Source) -> Option<Problem> {
    source.name.strip_suffix(".mjml")?;
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    while let Some(next) = source.text[at..].find('<') {
        let start = at + next;
        let rest = &source.text[start..];
        if rest.starts_with("<!--") {
            at = start + rest.find("-->").unwrap_or(rest.len());
            continue;
        }
        let end = tag_end(rest);
        let (closes, inside) = match rest[1..end].strip_prefix('/') {
            Some(inside) => (true, inside),
            None => (false, &rest[1..end]),
        };
        at = start + end;
        let name = inside.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        if !name.starts_with("mj") {
            continue;
        }
        let line = source.line_at(start);
        match (closes, open.last()) {
            (false, _) if inside.ends_with('/') => {}
            (false, _) => open.push((name, line)),
            (true, Some((opened, _))) if *opened == name => drop(open.pop()),
            (true, Some((opened, began))) => {
                let what = format!(
                    "`</{name}>` stands where `<{opened}>` of line {began} is still open: write `</{opened}>` before it"
                );
                return Some(source.problem(line, what));
            }
            (true, None) => {
                let what = format!("`</{name}>` ends what never began: take it out");
                return Some(source.problem(line, what));
            }
        }
    }
    let (name, line) = open.last()?;
    Some(source.problem(*line, format!("`<{name}>` is never closed: write `</{name}>` behind it")))
}

/// Where the tag that `text` begins with ends: at its `>`, but not at one within quotes.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices().skip(1) {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '>' => return at,
            _ => {}
        }
    }
    text.len()
}
