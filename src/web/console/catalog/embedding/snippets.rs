//! What is pasted into a page elsewhere, so that a form stands there.

use serde::Serialize;

use crate::domain::slug::Slug;
use crate::web::form::form_context::form_slug;
use crate::web::form::frame::Frame;

/// Each way, as it is pasted.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Snippets {
    /// By the form's name; none where the newsletters' form has the name of this report.
    pub(super) named: Option<NamedSnippets>,
    plain: String,
    link: String,
}

/// What names the form, and draws it there.
#[derive(Clone, Debug, Serialize)]
pub(super) struct NamedSnippets {
    frame: String,
    element: String,
    wordpress: String,
}

/// Whose form is meant: a report's, by its short name and title, or that for newsletters alone.
pub(super) type Meant<'a> = Option<(&'a Slug, &'a str)>;

impl Snippets {
    /// For the form of this report, of the program at this address.
    pub(super) fn new(base_url: &str, meant: Meant<'_>) -> Self {
        let slug = meant.map(|(slug, _)| slug);
        let frame = Frame::new(slug, None);
        let (title, words, name) = match meant {
            Some((slug, title)) => {
                (format!("Get the report: {title}"), "Get the report", format!("report=\"{slug}\""))
            }
            None => ("Newsletters".to_owned(), "Sign up", "newsletters".to_owned()),
        };
        let title = escaped(&title);
        let page = format!("{base_url}{}", frame.form_path);
        let link = format!("<a href=\"{page}\">{words}</a>");
        let is_meant = slug
            .is_none_or(|slug| form_slug(slug.as_str()).is_ok_and(|of| of.as_ref() == Some(slug)));
        let named = NamedSnippets {
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
        };
        Self {
            named: is_meant.then_some(named),
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
        let named = snippets.named.unwrap();
        assert!(named.frame.contains("src=\"https://reports.example.org/embed/digital-councils\""));
        let title =
            "title=\"Get the report: A &amp; B &quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"";
        assert!(named.frame.contains(title), "{}", named.frame);
        assert!(named.element.contains("<assent-form report=\"digital-councils\"><a href="));
        assert_eq!(named.wordpress, "[assent report=\"digital-councils\"]");
        let action = "action=\"https://reports.example.org/reports/digital-councils/begin\"";
        assert!(snippets.plain.contains(action), "{}", snippets.plain);

        let snippets = Snippets::new("https://reports.example.org", None);
        let named = snippets.named.unwrap();
        assert!(named.frame.contains("/embed/newsletters\" title=\"Newsletters\""));
        assert!(named.element.contains("<assent-form newsletters><a"));
        assert_eq!(named.wordpress, "[assent newsletters]");
        assert!(snippets.plain.contains("https://reports.example.org/newsletters/begin"));
    }
    #[test]
    fn a_report_of_the_name_of_the_newsletters_form_is_named_nowhere() {
        let slug: Slug = "newsletters".parse().unwrap();
        let snippets =
            Snippets::new("https://reports.example.org", Some((&slug, "Newsletters today")));
        assert!(snippets.named.is_none());
        assert!(snippets.plain.contains("https://reports.example.org/reports/newsletters/begin"));
        assert!(snippets.link.contains("https://reports.example.org/reports/newsletters\""));
    }
}
