//! `/downloads/{token}`: the thank-you page and the file behind it.

mod held_grant;
mod others;
pub(super) mod page;
mod range;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use self::held_grant::{find, forgotten, gone, revoked};
use self::others::OtherReports;
use self::page::{AgreedWords, DownloadPage, GrantedReport};
use self::range::{Asked, asked};
use super::reports::cover_path;
use super::return_link::ReturnLink;
use crate::domain::catalog::report::readable_size;
use crate::domain::request_id::RequestId;
use crate::domain::signup::link::Link;
use crate::files::{Shelf, put_at};
use crate::flows::signup::send_fresh_link::fresh_download;
use crate::flows::signup::start_download::start_download;
use crate::store::consent::consents::CurrentConsent;
use crate::store::consent::{consents, events};
use crate::store::contacts::subscribers;
use crate::store::signup::download_grants::DownloadGrant;
use crate::web::cookie::JustConfirmed;
use crate::web::headers::UNLISTED;
use crate::web::http::validators::Validators;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/downloads/{token}", get(show))
        .route("/downloads/{token}/fresh", post(fresh))
        .route("/downloads/{token}/file", get(file).head(head))
        .merge(others::router())
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let (link, grant) = find(&app, &mut tx, &token).await?;
    if !grant.opens(app.clock.now(), link.generation) {
        return Err(gone(&app, &token, link, &grant));
    }
    let confirmed = events::list_confirmed(&mut tx, grant.signup_id).await?;
    let standing = consents::list(&mut tx, grant.subscriber_id).await?;
    let reader = subscribers::find(&mut tx, grant.subscriber_id).await?.ok_or_else(forgotten)?;
    drop(tx);
    let of_this_form =
        |standing: &&CurrentConsent| confirmed.iter().any(|c| c.purpose == standing.purpose);
    let alone = confirmed.iter().all(|confirmed| confirmed.purpose.is_privacy_policy());
    let address = grant.email.masked();
    let mut published = catalog.published().map(|offered| &offered.report);
    let report = published.find(|report| report.slug == grant.report_slug);
    let cover = report.and_then(cover_path);
    let format = grant.media_type.format;
    let just_confirmed = JustConfirmed::read(&app, &headers) == Some(grant.subscriber_id);
    app.page(&DownloadPage {
        token: &token,
        report: GrantedReport {
            title: &grant.report_title,
            slug: grant.report_slug.as_str(),
            format,
            size: readable_size(grant.byte_size),
            cover,
        },
        address,
        until: grant.expires_at,
        agreed: AgreedWords::from_consents(standing.iter().filter(of_this_form)),
        alone,
        return_to: ReturnLink::of_report(&app, &catalog, &grant.report_slug),
        others: OtherReports::new(&catalog, &grant.report_slug, (&reader, &standing)),
        manage_url: just_confirmed.then(|| JustConfirmed::manage_path(&app, grant.subscriber_id)),
    })
}

/// What a request for the file is answered by, before any of it is read.
enum Found {
    /// It may be sent.
    File { link: Link, grant: Box<DownloadGrant>, state: Validators },
    /// The reader has it already.
    Same(Response),
}

/// Finds the file as a GET or HEAD asks for it; both are refused alike.
async fn find_file(app: &App, token: &str, request: &HeaderMap) -> Result<Found, Error> {
    let mut tx = app.db.read().await?;
    let (link, grant) = find(app, &mut tx, token).await?;
    drop(tx);
    let now = app.clock.now();
    if !grant.opens(now, link.generation) {
        return Err(gone(app, token, link, &grant));
    }
    let state = Validators::of_file(&grant.sha256, put_at(&grant.file_key), now);
    let mut kept = state.headers();
    kept.extend(PRIVATE);
    Ok(match state.not_modified(request, &kept)? {
        Some(same) => Found::Same(same),
        None => Found::File { link, grant: Box::new(grant), state },
    })
}

/// HEAD says what GET would send, whole, for a range is asked of GET alone (RFC 9110 §14.2). It counts nothing.
async fn head(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let (grant, state) = match find_file(&app, &token, &request).await? {
        Found::File { grant, state, .. } => (grant, state),
        Found::Same(answer) => return Ok(answer),
    };
    let mut headers = file_headers(&grant, &state);
    headers.insert(header::CONTENT_LENGTH, grant.byte_size.into());
    Ok((headers, Body::empty()).into_response())
}

async fn file(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let (link, grant, state) = match find_file(&app, &token, &request).await? {
        Found::File { link, grant, state } => (link, grant, state),
        Found::Same(answer) => return Ok(answer),
    };
    let size = u64::try_from(grant.byte_size).unwrap_or(0);
    let (status, range) = match asked(&request, &state, size) {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Unsatisfiable => return Err(Error::RangeNotSatisfiable(size)),
    };
    // Opened first, so that a file store that is away costs nobody a download.
    let content = app.files.get(Shelf::Reports, &grant.file_key, range.clone()).await?;
    let at = app.moment();
    // What goes on writes nothing, and so waits for nobody who writes.
    if !grant.is_under_way(at.now, link.generation)
        && !app.db.run(|tx| Box::pin(start_download(tx, &at, link))).await?
    {
        return Err(gone(&app, &token, link, &grant));
    }
    let mut headers = file_headers(&grant, &state);
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    if status == StatusCode::PARTIAL_CONTENT {
        let sent = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
        headers.extend(HeaderValue::try_from(sent).ok().map(|sent| (header::CONTENT_RANGE, sent)));
    }
    Ok((status, headers, Body::from_stream(content)).into_response())
}

/// What keeps a file with whom it was sent to.
const PRIVATE: [(HeaderName, HeaderValue); 2] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")), UNLISTED];

fn file_headers(grant: &DownloadGrant, state: &Validators) -> HeaderMap {
    let ending = grant.media_type.ending;
    let name = format!("attachment; filename=\"{}.{ending}\"", grant.report_slug);
    let texts = [
        (header::CONTENT_TYPE, grant.media_type.name.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let valid = |(name, text)| Some((name, HeaderValue::try_from(text).ok()?));
    let mut headers = state.headers();
    headers.extend(PRIVATE);
    headers.extend(texts.into_iter().filter_map(valid));
    headers
}

async fn fresh(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
) -> Result<Response, Error> {
    let at = app.moment_of(request_id);
    let sent = app.db.run(|tx| {
        Box::pin(async {
            let (_, grant) = find(&app, tx, &token).await?;
            if grant.revoked_at.is_some() {
                return Err(revoked());
            }
            Ok(fresh_download(tx, &at, &app.settings, &grant).await?)
        })
    });
    sent.await?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/check-your-inbox?word=fresh")])
        .into_response())
}
