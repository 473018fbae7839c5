//! What is pasted into a page elsewhere, so that a form stands there.

use serde::Serialize;

use crate::domain::slug::Slug;
use crate::web::form::frame::Frame;

/// Each way, as it is pasted.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Snippets {
    frame: String,
    element: String,
    wordpress: String,
    plain: String,
    link: String,
}

/// Whose form is meant: a report's, by its short name and title, or that for newsletters alone.
pub(super) type Meant<'a> = Option<(&'a Slug, &'a str)>;

impl Snippets {
    /// For the form of this report, of the program at this address.
    pub(super) fn new(base_url: &str, meant: Meant<'_>) -> Self {
        let frame = Frame::new(meant.map(|(slug, _)| slug), None);
        let (title, words, name) = match meant {
            Some((slug, title)) => {
                (format!("Get the report: {title}"), "Get the report", format!("report=\"{slug}\""))
            }
            None => ("Newsletters".to_owned(), "Sign up", "newsletters".to_owned()),
        };
        let title = escaped(&title);
        let page = format!("{base_url}{}", frame.form_path);
        let link = format!("<a href=\"{page}\">{words}</a>");
        Self {
            frame: format!(
                "<iframe src=\"{base_url}{}\" title=\"{title}\" width=\"100%\" height=\"850\" loading=\"lazy\" \
                 referrerpolicy=\"strict-origin-when-cross-origin\" style=\"border:0;min-height:20rem\"></iframe>\n\
                 <script src=\"{base_url}/frame.js\" async></script>",
                frame.path
            ),
            element: format!(
                "<script src=\"{base_url}/embed.js\" async></script>\n\
                 <assent-form {name}>{link}</assent-form>"
            ),
            wordpress: format!("[assent {name}]"),
            plain: format!(
                "<form method=\"post\" action=\"{page}/begin\">\n\
                 <label>E-mail address <input type=\"email\" name=\"email\" autocomplete=\"email\"></label> \
                 <button>{words}</button>\n\
                 </form>"
            ),
            link,
        }
    }
}

/// A text between the quotation marks of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_names_the_form_and_hostile_titles_stay_words() {
        let slug: Slug = "digital-councils".parse().unwrap();
        let title = "A & B \"><script>alert(1)</script>";
        let snippets = Snippets::new("https://reports.example.org", Some((&slug, title)));
        assert!(
            snippets.frame.contains("src=\"https://reports.example.org/embed/digital-councils\"")
        );
        let title =
            "title=\"Get the report: A &amp; B &quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"";
        assert!(snippets.frame.contains(title), "{}", snippets.frame);
        assert!(snippets.element.contains("<assent-form report=\"digital-councils\"><a href="));
        assert_eq!(snippets.wordpress, "[assent report=\"digital-councils\"]");
        let action = "action=\"https://reports.example.org/reports/digital-councils/begin\"";
        assert!(snippets.plain.contains(action), "{}", snippets.plain);

        let snippets = Snippets::new("https://reports.example.org", None);
        assert!(snippets.frame.contains("/embed/newsletters\" title=\"Newsletters\""));
        assert!(snippets.element.contains("<assent-form newsletters><a"));
        assert_eq!(snippets.wordpress, "[assent newsletters]");
        assert!(snippets.plain.contains("https://reports.example.org/newsletters/begin"));
    }
}
