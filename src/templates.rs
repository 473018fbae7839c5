//! Pages and mails as minijinja templates: those built in, and the operator's in their place. Strict:
//! a template that names what is not there fails instead of showing nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Output, State, UndefinedBehavior, Value, escape_formatter,
};
use mrml::prelude::parser::{ParserOptions, memory_loader::MemoryIncludeLoader};
use mrml::prelude::render::RenderOptions;
use serde::Serialize;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name)))),*]
    };
}

/// Every built-in template by the name an operator's file replaces it under.
const BUILT_IN: &[(&str, &str)] = built_in![
    "public/layout.html",
    "public/_form.html",
    "public/_record.html",
    "public/index.html",
    "public/report.html",
    "public/newsletters.html",
    "public/check_your_inbox.html",
    "public/came_back.html",
    "public/confirm.html",
    "public/confirmed.html",
    "public/not_me.html",
    "public/not_me_done.html",
    "public/download.html",
    "public/thank_you.html",
    "public/preferences_ask.html",
    "public/preferences.html",
    "public/erased.html",
    "public/unsubscribe.html",
    "public/unsubscribed.html",
    "public/my_data.html",
    "public/receipt.html",
    "public/renew.html",
    "public/renewed.html",
    "public/policy.html",
    "public/gone.html",
    "public/error.html",
    "dev/mailbox.html",
    "dev/mail.html",
    "mail/_head.mjml",
    "mail/confirm.mjml",
    "mail/confirm.txt",
    "mail/receipt.mjml",
    "mail/receipt.txt",
    "mail/download_link.mjml",
    "mail/download_link.txt",
    "mail/preferences_link.mjml",
    "mail/preferences_link.txt",
    "mail/change.mjml",
    "mail/change.txt",
    "mail/policy_notice.mjml",
    "mail/policy_notice.txt",
    "mail/renewal.mjml",
    "mail/renewal.txt",
    "mail/checkpoint.mjml",
    "mail/checkpoint.txt",
    "mail/test.mjml",
    "mail/test.txt",
];

const MAIL_HEAD: &str = "mail/_head.mjml";

/// The templates, ready to render.
#[derive(Clone)]
pub struct Templates(Arc<Environment<'static>>);

/// Why a template cannot be used; names the file and the line.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// An operator's template cannot be read.
    #[error("the template {0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    /// The mail's MJML is not well-formed.
    #[error("the mail template {0} is not valid MJML: {1}")]
    Mjml(String, String),
    /// The template is wrong, or names what is not there.
    #[error(transparent)]
    Template(#[from] minijinja::Error),
}

impl Templates {
    /// Loads and compiles every template; a file of the same name under `directory` wins. MJML is
    /// compiled to HTML once, its placeholders left in place.
    ///
    /// # Errors
    /// When one cannot be read or compiled: better at the start than in front of a reader.
    pub fn load(directory: Option<&Path>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match Path::new(name).extension() {
            Some(ending) if ending == "html" => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        environment.set_formatter(format_value);
        let head = source(directory, MAIL_HEAD)?;
        for (name, _) in BUILT_IN.iter().filter(|(name, _)| *name != MAIL_HEAD) {
            let text = source(directory, name)?;
            match name.strip_suffix(".mjml") {
                Some(mail) => {
                    let html = compile_mjml(name, &text, &head)?;
                    environment.add_template_owned(format!("{mail}.html"), html)?;
                }
                None => environment.add_template_owned((*name).to_owned(), text)?,
            }
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

fn source(directory: Option<&Path>, name: &str) -> Result<String, TemplateError> {
    if let Some(path) = directory.map(|directory| directory.join(name)) {
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(TemplateError::Read(path, error)),
        }
    }
    let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
    Ok(built_in.map_or_else(String::new, |(_, text)| (*text).to_owned()))
}

fn compile_mjml(name: &str, text: &str, head: &str) -> Result<String, TemplateError> {
    let failed =
        |error: &dyn std::fmt::Display| TemplateError::Mjml(name.to_owned(), error.to_string());
    let parser = ParserOptions {
        include_loader: Box::new(MemoryIncludeLoader::from(vec![("_head.mjml", head)])),
    };
    let parsed = mrml::parse_with_options(text, &parser).map_err(|error| failed(&error))?;
    // No fonts: the default set would fetch them from a third party.
    let options =
        RenderOptions { fonts: HashMap::new(), disable_comments: true, social_icon_origin: None };
    parsed.element.render(&options).map_err(|error| failed(&error))
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
        let page = directory.path().join("public/thank_you.html");
        std::fs::write(&page, "Thanks, {{ name }}").unwrap();
        let templates = Templates::load(Some(directory.path())).unwrap();
        let shown = templates.render("public/thank_you.html", json!({"name": "<b>"})).unwrap();
        assert_eq!(shown, "Thanks, &lt;b&gt;");
        assert!(templates.render("public/thank_you.html", json!({})).is_err());
        std::fs::write(&page, "{% if %}").unwrap();
        assert!(Templates::load(Some(directory.path())).is_err());
    }
}
