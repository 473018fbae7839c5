//! What Markdown may hold that goes into readers' pages.

use pulldown_cmark::{Event, Options, Parser, Tag};

/// How all Markdown here is read: with tables, as people expect them.
pub const OPTIONS: Options = Options::ENABLE_TABLES;

/// A text shows an image that does not lie on this site, which readers' browsers are not let load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The image {0} lies elsewhere, and readers’ pages load nothing from elsewhere: link to it instead"
)]
pub struct ForeignImage(String);

/// Refuses images from elsewhere.
///
/// # Errors
/// Names the first.
pub fn demand_own_images(markdown: &str) -> Result<(), ForeignImage> {
    for event in Parser::new_ext(markdown, OPTIONS) {
        if let Event::Start(Tag::Image { dest_url, .. }) = event
            && (!dest_url.starts_with('/') || dest_url.starts_with("//"))
        {
            return Err(ForeignImage(dest_url.chars().take(200).collect()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_this_site_alone_are_shown() {
        for own in [
            "",
            "![A cover](/reports/first/cover)",
            "[a link](https://b.test/x.png)",
            "`![x](https://b.test/x.png)`",
        ] {
            assert_eq!(demand_own_images(own), Ok(()), "{own}");
        }
        for foreign in [
            "![x](https://b.test/x.png)",
            "![x](//b.test/x.png)",
            "![x](x.png)",
            "![x](data:image/png;base64,AA)",
            "[![x](https://b.test/x.png)](/)",
            "![x][1]\n\n[1]: https://b.test/x.png",
            "| a |\n|---|\n| ![x](https://b.test/x.png) |",
        ] {
            assert!(demand_own_images(foreign).is_err(), "{foreign}");
        }
        let long = demand_own_images(&format!("![x](https://{})", "y".repeat(10_000))).unwrap_err();
        assert!(long.to_string().len() < 400);
    }
}
