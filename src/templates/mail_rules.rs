//! What a mail must hold to arrive and be read: rules beyond those of templates.

use serde_json::Value;

use super::source::{Problem, Source};

/// Subject, preheader and body of a rendered text; `None` when it does not begin with both lines.
#[must_use]
pub fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (subject, rest) = text.strip_prefix("Subject: ")?.split_once('\n')?;
    let (preheader, body) = rest.strip_prefix("Preheader: ")?.split_once('\n')?;
    Some((subject.trim(), preheader.trim(), body.trim_start_matches('\n')))
}

/// What is wrong with a mail's rendered text.
pub(super) fn of_text(source: &Source, text: &str, context: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (line, begins) in [(1, "Subject: "), (2, "Preheader: ")] {
        let written = text.lines().nth(line - 1).and_then(|line| line.strip_prefix(begins));
        if written.is_none_or(|words| words.trim().is_empty()) {
            let what = format!("write `{begins}…` in this line: each mail needs it");
            problems.push(source.problem(line, what));
        }
    }
    let body = parts(text).map_or(text, |(.., body)| body);
    for line in body.lines().filter(|line| url(line).is_some()) {
        if line.split_whitespace().count() > 1 || !line.trim_start().starts_with("http") {
            let line = line_of_url(source, url(line).unwrap_or_default(), context);
            let what = "put the link on a line of its own, so that mail programs keep it whole";
            problems.push(source.problem(line, what.to_owned()));
        }
    }
    problems.extend(confirm_link(source, body, context));
    problems
}

/// Mail 1 is there for its link, which is the first.
fn confirm_link(source: &Source, body: &str, context: &Value) -> Option<Problem> {
    let link = context["confirm_url"].as_str()?;
    let first = body.lines().find_map(url);
    if first == Some(link) {
        return None;
    }
    Some(match first.filter(|_| body.lines().filter_map(url).any(|url| url == link)) {
        Some(first) => {
            let at = line_of_url(source, first, context);
            source.problem(
                at,
                "move this link below `{{ confirm_url }}`, which comes first".to_owned(),
            )
        }
        None => source.problem(None, MISSING.to_owned()),
    })
}

const MISSING: &str = "put the link `{{ confirm_url }}` into it: without it nobody can confirm";

/// The first address of a text, up to the next space.
fn url(line: &str) -> Option<&str> {
    let at = line.find("http://").or_else(|| line.find("https://"))?;
    line[at..].split(|c: char| c.is_whitespace() || "<>\"".contains(c)).next()
}

/// Where an address was written: by itself, or as one of the names that stand for it. What stands alone on
/// its line is looked at last.
fn line_of_url(source: &Source, url: &str, context: &Value) -> Option<usize> {
    let names = names_of(url, context);
    let holds = |line: &str| line.contains("http") || words(line).any(|word| names.contains(&word));
    let alone = |line: &str| {
        line.starts_with("{{") && line.ends_with("}}") && line.matches("{{").count() == 1
    };
    let lines = || source.text.lines().enumerate().filter(|(_, line)| holds(line));
    let found = lines().find(|(_, line)| !alone(line.trim())).or_else(|| lines().next());
    found.map(|(at, _)| at + 1)
}

/// The names in a context that stand for this address: those of the longest that it holds, for one address
/// may begin as another does.
fn names_of<'a>(url: &str, context: &'a Value) -> Vec<&'a str> {
    let mut held = addresses(context);
    held.retain(|(_, address)| url.contains(address));
    let longest = held.iter().map(|(_, address)| address.len()).max();
    held.retain(|(_, address)| Some(address.len()) == longest);
    held.into_iter().map(|(name, _)| name).collect()
}

/// Every address in a context with its name, at any depth.
fn addresses(context: &Value) -> Vec<(&str, &str)> {
    match context {
        Value::Object(fields) => {
            let own =
                fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
            let own = own.filter(|(_, value)| value.starts_with("http"));
            own.chain(fields.values().flat_map(addresses)).collect()
        }
        Value::Array(items) => items.iter().flat_map(addresses).collect(),
        _ => vec![],
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// What is wrong with a mail's HTML: it must load nothing, for that tells when and where a mail is read, and
/// what MJML does not know does nothing.
pub(super) fn of_html(mail: &Source, head: &Source, html: &str, context: &Value) -> Vec<Problem> {
    let mut problems: Vec<Problem> = loads(html)
        .into_iter()
        .map(|loaded| {
            let names = names_of(loaded, context);
            let by_name = names.iter().find_map(|name| mail.line_with(name));
            let (source, line) = [mail, head]
                .into_iter()
                .find_map(|source| source.line_with(loaded).map(|line| (source, Some(line))))
                .unwrap_or((mail, by_name.or_else(|| line_with_icons(mail))));
            source.problem(
                line,
                format!("it loads {loaded}: mails must show without loading anything"),
            )
        })
        .collect();
    if let Some(at) = html.find("<mj-") {
        let name = html[at..].split([' ', '>', '/', '\n']).next().unwrap_or_default();
        let what = format!("MJML knows no element `{name}>` in this place");
        problems.push(mail.problem(mail.line_with(name), what));
    }
    if context["confirm_url"]
        .as_str()
        .is_some_and(|link| !html.contains(&format!("href=\"{link}\"")))
    {
        problems.push(mail.problem(None, MISSING.to_owned()));
    }
    problems
}

/// Elements whose icons come from elsewhere unless they are named.
fn line_with_icons(mail: &Source) -> Option<usize> {
    ["<mj-social", "<mj-accordion", "<mj-carousel"].iter().find_map(|name| mail.line_with(name))
}

/// What this HTML would load: all but links, and pictures that lie in it.
fn loads(html: &str) -> Vec<&str> {
    // The same length, so that places are the same too.
    let lower = html.to_ascii_lowercase();
    let mut loaded: Vec<&str> = Vec::new();
    for begins in [" src=", " srcset=", " background=", " poster=", "url(", "@import "] {
        for (at, _) in lower.match_indices(begins) {
            loaded.push(value(&html[at + begins.len()..]));
        }
    }
    for (at, _) in lower.match_indices("<link") {
        let end = lower[at..].find('>').unwrap_or(lower.len() - at);
        if let Some(href) = lower[at..at + end].find(" href=") {
            loaded.push(value(&html[at + href + " href=".len()..]));
        }
    }
    loaded.retain(|url| !url.is_empty() && !url.starts_with("data:") && !url.starts_with("url("));
    loaded.sort_unstable();
    loaded.dedup();
    loaded
}

/// The value that a text begins with, quoted or not.
fn value(text: &str) -> &str {
    let text = text.trim_start();
    let text = text.strip_prefix("&quot;").unwrap_or(text).trim_start_matches(['"', '\'']);
    let end = text.find(['"', '\'', ' ', ')', '>', ';', '\n']);
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_all_that_html_loads() {
        for (html, loaded) in [
            ("<a href=\"https://x.example\">x</a> https://y.example", None),
            ("<img alt='' src=\"data:image/png;base64,AA\">", None),
            ("<IMG SRC='//x.example/p.png'>", Some("//x.example/p.png")),
            ("<img src=logo.png>", Some("logo.png")),
            ("<td background=\"http://x.example/b\">", Some("http://x.example/b")),
            ("<p style=\"background: url( 'https://x.example/b' )\">", Some("https://x.example/b")),
            (
                "<p style=\"background:url(&quot;https://x.example/b)\">",
                Some("https://x.example/b"),
            ),
            (
                "<style>@import \"https://x.example/f.css\";</style>",
                Some("https://x.example/f.css"),
            ),
            (
                "<style>@import url(https://x.example/f.css);</style>",
                Some("https://x.example/f.css"),
            ),
            ("<link rel=stylesheet href='https://x.example/f'>", Some("https://x.example/f")),
        ] {
            assert_eq!(loads(html).first().copied(), loaded, "{html}");
        }
    }
}
