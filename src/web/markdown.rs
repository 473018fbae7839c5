//! Markdown that the operator wrote, as HTML that goes into a page.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, html};

/// Renders Markdown. HTML in it is shown as text, headings begin below the page's own, and links and
/// images lead to web pages, mailboxes and places of this site only.
#[must_use]
pub(super) fn render(markdown: &str) -> String {
    let events = Parser::new(markdown).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: below(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = safe(dest_url);
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let dest_url = safe(dest_url);
            Event::Start(Tag::Image { link_type, dest_url, title, id })
        }
        event => event,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

fn safe(address: CowStr<'_>) -> CowStr<'_> {
    let allowed = ["https://", "http://", "mailto:", "/", "#"];
    let lower = address.to_ascii_lowercase();
    if allowed.iter().any(|start| lower.starts_with(start)) { address } else { CowStr::from("#") }
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn keeps_words_and_drops_danger() {
        let html = render(
            "# Top\n\n<script>alert(1)</script>\n\nSee [us](https://a.test) or <b>not</b> \
             [this](javascript:alert(1)) [that](JaVaScRiPt:x) ![p](data:text/html,x)",
        );
        assert!(html.contains("<h2>Top</h2>") && html.contains("href=\"https://a.test\""));
        for bad in ["<script", "<b>", "avascript:", "aVaScRiPt:", "data:"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
    }
}
