//! What is said of all calls together: who the site is, and what any call of a kind may be answered.

use utoipa::OpenApi as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr};

use super::problem::{KIND, ProblemDocument};
use crate::web::Error;

/// What stands in examples for the address of the site.
const BASE: &str = "BASE";
/// Where examples stand, for those tools that show them.
const SAMPLES: &str = "x-codeSamples";
/// Where routes say theirs.
const CURL: &str = "x-curl";

/// What may be answered to every call of a kind.
pub(super) struct Shared {
    /// To which, as a heading.
    pub to: &'static str,
    /// Status and meaning.
    pub answers: &'static [(&'static str, &'static str)],
}

const TO_ALL: Shared = Shared {
    to: "Whatever is asked for",
    answers: &[
        ("400", "The request is not whole, or names no host or several"),
        ("421", "The host is not that of this site"),
        (
            "422",
            "What was sent, or the query, cannot be used as it is: `errors` says what is wrong where",
        ),
        ("500", "A mistake of this site, which its log names"),
        ("501", "The body comes in a transfer coding other than `chunked`"),
        ("503", "Nothing can be stored or read just now: ask again"),
    ],
};
const TO_BODIES: Shared = Shared {
    to: "Where something is sent",
    answers: &[
        ("408", "The body did not arrive within ten seconds"),
        ("413", "The body is too large"),
    ],
};
const TO_TOKENS: Shared = Shared {
    to: "Where a token is asked for",
    answers: &[
        ("401", "No token, or none that works"),
        ("403", "A token that was made for something else"),
        ("429", "Too many tokens that do not work came from this network"),
    ],
};
const TO_PAGES: Shared = Shared {
    to: "Where pages of other sites may call",
    answers: &[("403", "A page calls whose site is not in `embed_origins`")],
};
const TO_READERS: Shared = Shared {
    to: "Where the answer is the same for all",
    answers: &[
        ("304", "It is what was named in `If-None-Match`"),
        ("412", "It is not what was named in `If-Match`"),
    ],
};

/// All of them, in the order in which people are told.
pub(super) const SHARED: [Shared; 5] = [TO_ALL, TO_BODIES, TO_TOKENS, TO_PAGES, TO_READERS];

/// What programs do here.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "assent", description = "Forms for reports and newsletters, and the contacts who agreed to be written \
                                          to. Errors are problem documents (RFC 9457)."),
    tags(
        (name = "forms", description = "Forms that stand elsewhere. No token is asked for, and pages of the sites in \
                                        `embed_origins` may call this too."),
        (name = "site", description = "What is offered, and by which policy. No token is asked for."),
        (name = "contacts", description = "Who agreed, and who left. An admin makes a token at `/console/tokens`, and a \
                                           program sends it as `Authorization: Bearer …`."),
        (name = "returned mail", description = "For mail servers and relays: which mail came back.")
    ),
    components(schemas(ProblemDocument))
)]
struct Begun;

/// The document without its calls.
pub(super) fn begin(base_url: &str) -> OpenApi {
    let mut document = Begun::openapi();
    document.info.contact = None;
    document.servers = Some(vec![Server::new(base_url)]);
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "A token of the console, of which each opens only what it was made for: the words beside a call.",
    ));
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    document
}

/// Adds what pages of other sites are answered besides.
pub(super) fn add_answers_to_pages(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add(operation, &TO_PAGES);
        }
    }
}

/// Adds what is answered besides by calls whose answer is the same for all.
pub(super) fn add_answers_to_readers(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add(operation, &TO_READERS);
        }
    }
}

/// Adds what each call shares with others, and has every example and every refusal in full.
pub(super) fn complete(document: &mut OpenApi, base_url: &str) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add(operation, &TO_ALL);
            if operation.request_body.is_some() {
                add(operation, &TO_BODIES);
            }
            if operation.security.is_some() {
                add(operation, &TO_TOKENS);
            }
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    tell_refusal(status, response);
                }
            }
            show_example(operation, base_url);
        }
    }
}

/// Those of an address.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, delete, .. } = item;
    [get, post, delete].into_iter().flatten()
}

/// Adds answers, unless the call says more of them itself.
fn add(operation: &mut Operation, shared: &Shared) {
    for (status, words) in shared.answers {
        let known = &mut operation.responses.responses;
        known
            .entry((*status).to_owned())
            .or_insert_with(|| ResponseBuilder::new().description(*words).build().into());
    }
}

/// Every refusal is a problem document, and some say when to come back.
fn tell_refusal(status: &str, response: &mut Response) {
    if !(status.starts_with('4') || status.starts_with('5')) {
        return;
    }
    let schema = Ref::from_schema_name("Problem");
    response.content.insert(KIND.to_owned(), Content::new(Some(schema)).into());
    let mut tell = |name: &str, kind, words: &str| {
        let header =
            HeaderBuilder::new().schema(Some(Object::with_type(kind))).description(Some(words));
        response.headers.insert(name.to_owned(), header.build().into());
    };
    match status {
        "401" => tell("WWW-Authenticate", Type::String, "What is asked for"),
        "429" | "503" => tell("Retry-After", Type::Integer, "When to ask again, in seconds"),
        _ => {}
    }
}

/// The example of a call, for this site and where tools look for it.
fn show_example(operation: &mut Operation, base_url: &str) {
    let Some(extensions) = operation.extensions.as_mut() else { return };
    let Some(line) = extensions.remove(CURL) else { return };
    let line = line.as_str().unwrap_or_default().replace(BASE, base_url);
    let sample = serde_json::json!([{"lang": "Shell", "label": "curl", "source": line}]);
    extensions.insert(SAMPLES.to_owned(), sample);
}

/// The example of a call, as one line for a shell.
pub(super) fn example(operation: &serde_json::Value) -> &str {
    operation[SAMPLES][0]["source"].as_str().unwrap_or_default()
}

/// The document as it is sent and printed.
///
/// # Errors
/// Only our own mistake: when it has no JSON form.
pub(super) fn text(document: &OpenApi) -> Result<String, Error> {
    let text = document.to_pretty_json().map_err(|error| {
        tracing::error!(error = ?error, "the description of the calls could not be written down");
        Error::Internal
    })?;
    Ok(text + "\n")
}
