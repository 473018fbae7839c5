//! `/ledger/verify`: the page that checks receipts, promises and bundles in the reader's own browser. It is the file
//! of a release, which works by itself too, and needs nothing from anywhere: its policy lets its own script and style
//! run, by their hashes, and nothing else.

use std::sync::{Arc, LazyLock};

use assent_ledger::verifier_page::PAGE;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;

use crate::domain::ledger::verifier_page::VERIFIER_PATH;
use crate::web::http::ready::Ready;
use crate::web::{App, Error};

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| policy(PAGE));
static READY: LazyLock<Ready> =
    LazyLock::new(|| Ready::page(PAGE).with([(header::CONTENT_SECURITY_POLICY, POLICY.clone())]));

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route(VERIFIER_PATH, get(show))
}

async fn show(request: HeaderMap) -> Result<Response, Error> {
    READY.answer(&request).await
}

/// The policy that a page states itself, and what a page cannot state or might forget: that no other page frames it
/// (CSP 3 §3.3 has that ignored in a page), and that it sends nothing and leads nowhere. Of a page without a policy
/// nothing runs at all.
fn policy(page: &str) -> HeaderValue {
    let own = own_policy(page).unwrap_or_default();
    let own = own.split(';').map(|directive| directive.split_whitespace().collect::<Vec<_>>());
    let mut directives: Vec<String> =
        own.filter(|words| !words.is_empty()).map(|words| words.join(" ")).collect();
    for fixed in ["default-src", "base-uri", "form-action", "frame-ancestors"] {
        let named = |directive: &String| directive.split(' ').next() == Some(fixed);
        if !directives.iter().any(named) {
            directives.push(format!("{fixed} 'none'"));
        }
    }
    HeaderValue::try_from(directives.join("; "))
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// What stands in the page's `<meta http-equiv="Content-Security-Policy" content="…">`.
fn own_policy(page: &str) -> Option<&str> {
    let (_, after) = page.split_once("http-equiv=\"Content-Security-Policy\"")?;
    let (tag, _) = after.split_once('>')?;
    let (_, content) = tag.split_once("content=\"")?;
    content.split_once('"').map(|(content, _)| content)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;

    /// The first part of a page between tags of this name, as a policy names it by its hash, and the rest behind it.
    fn first<'a>(page: &'a str, tag: &str) -> Option<(String, &'a str)> {
        let (_, rest) = page.split_once(&format!("<{tag}"))?;
        let (_, rest) = rest.split_once('>')?;
        let (text, rest) = rest.split_once(&format!("</{tag}>"))?;
        Some((format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text))), rest))
    }

    /// What a directive of the policy allows.
    fn allowed<'a>(policy: &'a str, directive: &str) -> Vec<&'a str> {
        let words = policy.split("; ").map(|words| words.split(' '));
        let mut named = words.filter_map(|mut words| (words.next()? == directive).then_some(words));
        named.next().map_or(vec![], Iterator::collect)
    }

    #[test]
    fn the_page_runs_its_own_script_and_nothing_else() {
        let policy = POLICY.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        for lax in ["unsafe", "*", "http:", "https:", "'self'"] {
            assert!(!policy.contains(lax), "{lax}: {policy}");
        }
        let (script, rest) = first(PAGE, "script").unwrap();
        assert_eq!(allowed(policy, "script-src"), [script.as_str()]);
        assert!(!rest.contains("<script"), "there is one script");
        // Other styles may come with what the script shows in a frame.
        let (style, _) = first(PAGE, "style").unwrap();
        assert!(allowed(policy, "style-src").contains(&style.as_str()), "{style}: {policy}");
    }

    #[tokio::test]
    async fn the_page_is_packed_once_and_says_its_policy() {
        let mut asked = HeaderMap::new();
        asked.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut bodies = Vec::new();
        for _ in 0..2 {
            let answer = show(asked.clone()).await.unwrap();
            assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
            assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], *POLICY);
            bodies.push(axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap());
        }
        assert_eq!(bodies[0].as_ptr(), bodies[1].as_ptr(), "the same bytes, not such bytes");
    }

    #[test]
    fn a_policy_is_the_pages_own_and_no_page_frames_it() {
        let page = |policy: &str| {
            format!(
                "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\"\n content=\"{policy}\">"
            )
        };
        for (own, whole) in [
            (
                "default-src 'none';\n  script-src 'sha256-AA=';",
                "default-src 'none'; script-src 'sha256-AA='; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'",
            ),
            (
                "default-src 'none'; form-action 'none'; base-uri 'none'",
                "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
            ),
            (
                "img-src data:",
                "img-src data:; default-src 'none'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(policy(&page(own)), whole);
        }
        let nothing =
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        assert_eq!(policy("<p>No policy.</p>"), nothing);
    }
}
