//! Markdown that the operator wrote, as HTML that goes into a page.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, html};

use crate::domain::catalog::markdown::OPTIONS;

/// Renders Markdown. HTML in it is shown as text, headings begin below the page's own, and links and
/// images lead to web pages, mailboxes and places of this site only.
#[must_use]
pub(super) fn render(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, OPTIONS).map(|event| match event {
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

/// The words of Markdown as they are read, without its marks: a line for each paragraph, heading and item of a
/// list, blank lines between, and behind the words of a link where it leads.
#[must_use]
pub(super) fn as_text(markdown: &str) -> String {
    let mut out = String::new();
    // Of each list that is open, the number of its next item.
    let mut lists: Vec<Option<u64>> = Vec::new();
    let mut links: Vec<(String, usize)> = Vec::new();
    for event in Parser::new_ext(markdown, OPTIONS) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                out.push_str(&text);
            }
            Event::SoftBreak => out.push(' '),
            Event::HardBreak => out.push('\n'),
            Event::Start(Tag::List(first)) => {
                end_line(&mut out, lists.is_empty());
                lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                lists.pop();
                end_line(&mut out, lists.is_empty());
            }
            Event::Start(Tag::Item) => {
                end_line(&mut out, false);
                out.push_str(&"  ".repeat(lists.len().saturating_sub(1)));
                match lists.last_mut() {
                    Some(Some(number)) => {
                        out.push_str(&number.to_string());
                        out.push_str(". ");
                        *number += 1;
                    }
                    _ => out.push_str("• "),
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push((dest_url.to_string(), out.len()));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let (leads_to, begun) = links.pop().unwrap_or_default();
                let words = out.get(begun..).unwrap_or_default();
                let address = leads_to.strip_prefix("mailto:").unwrap_or(&leads_to);
                if address != words {
                    out.extend([" (", &leads_to, ")"]);
                }
            }
            Event::End(TagEnd::TableCell) => out.push_str(" | "),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                out.truncate(out.trim_end_matches([' ', '|']).len());
                end_line(&mut out, false);
            }
            Event::End(TagEnd::Table) => end_line(&mut out, true),
            Event::End(TagEnd::Item) => end_line(&mut out, false),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock) => {
                end_line(&mut out, lists.is_empty());
            }
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Ends the line that was begun; a block leaves a blank line behind it.
fn end_line(out: &mut String, is_block: bool) {
    if out.is_empty() {
        return;
    }
    let wanted = if is_block { "\n\n" } else { "\n" };
    while !out.ends_with(wanted) {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{as_text, render};

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

    #[test]
    fn words_are_read_without_marks() {
        let text = as_text(
            "# Privacy\n\nWe keep **little**,\nand `no` secrets.\n\n* Your name\n* Your [rights](/rights)\n  \
             1. to see\n  2. to leave\n\nWrite to <privacy@a.test>.\n\n***\n\n<b>End</b>",
        );
        assert_eq!(
            text,
            "Privacy\n\nWe keep little, and no secrets.\n\n• Your name\n• Your rights (/rights)\n  1. to see\n  \
             2. to leave\n\nWrite to privacy@a.test.\n\n<b>End</b>"
        );
        let table = "Before\n\n| What | How long |\n|---|---|\n| Name | 2 years |\n| *Mail* | `1` week |\n\nAfter";
        assert_eq!(
            as_text(table),
            "Before\n\nWhat | How long\nName | 2 years\nMail | 1 week\n\nAfter"
        );
        assert!(render(table).contains("<td>2 years</td>"));
        assert_eq!(as_text(""), "");
        assert_eq!(as_text(&"> ".repeat(10_000)), "");
    }
}
