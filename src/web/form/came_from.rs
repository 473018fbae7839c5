//! Where the reader of a form of ours came from: its page's own address says so, for that is where the form posts.

use crate::domain::signup::signup_source::{PAGE_ORIGIN, SignupSource};
use crate::web::http::fields::Fields;
use crate::web::{App, origin};

/// What a query says of it. `elsewhere` is the origin of the page of somebody else that sent the form; a page of ours that
/// was begun there hands that on.
pub(in crate::web) fn came_from(app: &App, query: &str, elsewhere: Option<&str>) -> SignupSource {
    if !app.settings.signup_sources {
        return SignupSource::default();
    }
    let handed_on = || {
        let fields = Fields::parse(query.as_bytes());
        origin::known(app, fields.one(PAGE_ORIGIN))
    };
    let origin = elsewhere.map(str::to_owned).or_else(handed_on);
    SignupSource::from_query(query).on_page_of(origin)
}
