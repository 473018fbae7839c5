//! Pages and mails as minijinja templates: those built in, and the operator's in their place. Strict:
//! a template that names what is not there fails instead of showing nothing.

pub mod page;

mod built_in;
mod check;
mod mail_rules;
mod mjml;
mod moments;
mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Output, State, UndefinedBehavior, Value, escape_formatter,
};
use serde::Serialize;

pub use built_in::{BUILT_IN, BuiltIn, MAIL_HEAD};
pub use check::{Findings, check, nearest_template};
pub use mail_rules::parts;
pub use source::Problem;

use source::Source;

use crate::domain::time_zone::TimeZone;

/// The templates, ready to render.
#[derive(Clone)]
pub struct Templates(Arc<Environment<'static>>);

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The operator's directory is not there.
    #[error("templates_dir {0} is not a directory: make it, or leave the setting out")]
    Directory(PathBuf),
    /// A template is wrong; names its file and line.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// It could not be rendered.
    #[error(transparent)]
    Render(#[from] minijinja::Error),
}

impl Templates {
    /// Loads and compiles every template, whose filters write moments in this zone; a file of the same name under `directory` wins. MJML is
    /// compiled to HTML once, its placeholders left in place.
    ///
    /// # Errors
    /// When one cannot be read or compiled: better at the start than in front of a reader.
    pub fn load(directory: Option<&Path>, timezone: &TimeZone) -> Result<Self, TemplateError> {
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            return Err(TemplateError::Directory(directory.to_owned()));
        }
        let read = |built_in| Source::read(directory, built_in);
        let sources: Vec<Source> = BUILT_IN.iter().map(read).collect::<Result<_, Problem>>()?;
        let mut environment = environment(timezone);
        for source in &sources {
            add(&mut environment, source, &sources)?;
        }
        Ok(Self(Arc::new(environment)))
    }

    /// Renders one template.
    ///
    /// # Errors
    /// When the template names what `context` does not hold.
    pub fn render(&self, name: &str, context: impl Serialize) -> Result<String, TemplateError> {
        Ok(self.0.get_template(name)?.render(Serde(context))?)
    }
}

/// Where templates are rendered: strict, escaping what becomes HTML, and writing moments in this zone.
fn environment(timezone: &TimeZone) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match Path::new(name).extension() {
        Some(ending) if ending == "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.set_formatter(format_value);
    moments::add_filters(&mut environment, timezone);
    environment
}

/// Adds a template. To a mail's MJML comes the HTML made from it; the MJML itself is kept as a template too,
/// for errors in it name the operator's line.
fn add(
    environment: &mut Environment<'static>,
    source: &Source,
    sources: &[Source],
) -> Result<(), Problem> {
    let added = environment.add_template_owned(source.name, source.text.clone());
    added.map_err(|error| {
        let what = error.detail().map_or_else(|| error.to_string(), ToOwned::to_owned);
        let mend = "close each `{% … %}` and `{{ … }}` that is open before";
        source.problem(error.line(), format!("it is not a template ({what}): {mend}"))
    })?;
    let Some(mail) = source.name.strip_suffix(".mjml") else { return Ok(()) };
    if source.name == MAIL_HEAD {
        return mjml::compile_head(source);
    }
    let head = sources.iter().find(|source| source.name == MAIL_HEAD).unwrap_or(source);
    let html = mjml::compile(source, head)?;
    let added = environment.add_template_owned(format!("{mail}.html"), html);
    added.map_err(|error| source.problem(None, format!("its HTML is not a template: {error}")))
}

/// Escapes HTML as minijinja does, but leaves `/` alone: an escaped slash is valid in an address, and
/// breaks the many tools that look for links in mails.
fn format_value(
    out: &mut Output,
    state: &mut State,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let text = match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => text,
        _ => return escape_formatter(out, state, value),
    };
    for part in text.split_inclusive(['<', '>', '&', '"', '\'']) {
        let plain = part.trim_end_matches(['<', '>', '&', '"', '\'']);
        let escaped = match &part[plain.len()..] {
            "<" => "&lt;",
            ">" => "&gt;",
            "&" => "&amp;",
            "\"" => "&quot;",
            "'" => "&#39;",
            _ => "",
        };
        out.write_str(plain)?;
        out.write_str(escaped)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn escapes_all_that_html_reads() {
        let mut environment = Environment::new();
        environment.set_formatter(format_value);
        environment.add_template("a.html", "{{ x }}").unwrap();
        let hostile = json!({"x": "<a href='/x'>\"&\"</a>"});
        let shown = environment.get_template("a.html").unwrap().render(Serde(hostile)).unwrap();
        assert_eq!(shown, "&lt;a href=&#39;/x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }

    #[test]
    fn an_operators_file_wins_and_a_broken_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("public")).unwrap();
        let page = directory.path().join("public/not_me_done.html");
        std::fs::write(&page, "Thanks, {{ site.name }}").unwrap();
        let context = json!({"site": {"name": "<b>"}});
        let templates = Templates::load(Some(directory.path()), &TimeZone::UTC).unwrap();
        let shown = templates.render("public/not_me_done.html", context).unwrap();
        assert_eq!(shown, "Thanks, &lt;b&gt;");
        std::fs::write(&page, "Thanks\n{% if %}").unwrap();
        let error =
            Templates::load(Some(directory.path()), &TimeZone::UTC).err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("{}:2: it is not a template (", page.display())),
            "{error}"
        );
        let nowhere = directory.path().join("nowhere");
        assert!(Templates::load(Some(&nowhere), &TimeZone::UTC).is_err());
    }
}
