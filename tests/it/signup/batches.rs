//! Forms that arrive together are stored together, whatever their number.

use std::sync::Arc;

use assent::domain::catalog::notice::LANG;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::signup_source::SignupSource;
use assent::domain::signup::submitted_form::{DrawnBy, Method};
use assent::domain::text::Line;
use assent::flows::signup::sign_up::{SignUp, sign_up};
use assent::store::catalog::notices;
use assent::store::consent::events;
use assent::store::contacts::subject_access;
use assent::store::policy::versions;
use assent::store::signup::signups;
use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, TestApp};
use crate::support::both_databases;

/// Some are known to have come by a link, each by one of its own.
fn came_from(n: usize) -> SignupSource {
    let query =
        if n.is_multiple_of(3) { String::new() } else { format!("utm_source=s{n}&ref='\"?$1") };
    SignupSource::from_query(&query)
}

/// Below, at and beyond the powers of two, and what one statement takes on SQLite.
const SIZES: [usize; 9] = [1, 2, 3, 63, 64, 65, 137, 256, 300];

#[apply(both_databases!)]
async fn each_form_of_a_batch_of_any_size_is_stored_as_it_is(database: Database) {
    let app = TestApp::start(database).await;
    app.get(PATH).await;
    let policy = Arc::new(versions::list(&mut app.read().await, LANG).await.unwrap().remove(0));
    let notices: Vec<_> = notices::list(&mut app.read().await).await.unwrap();
    let notices: Vec<_> = notices.into_iter().map(Arc::new).collect();
    let at = app.core.moment();
    for size in SIZES {
        let forms: Vec<SignUp> = (0..size)
            .map(|n| SignUp {
                request_id: None,
                signup_id: at.new_id(),
                email: EmailAddress::parse(&format!("r{n}@of{size}.example")).unwrap(),
                // Some leave blank what others fill in, with all that a text may hold.
                name: Line::parse(&format!("N{n} \"'?$1")).unwrap().filter(|_| n % 3 > 0),
                organisation: None,
                job_title: Line::parse(&format!("J{n}")).unwrap().filter(|_| n % 2 > 0),
                report: None,
                policy: policy.clone(),
                choices: notices.iter().take(1 + n % notices.len()).cloned().collect(),
                form: None,
                unticked: vec![],
                source: format!("/page/{}", n % 5),
                method: Method::Form,
                drawn_by: DrawnBy::Ours,
                page: None,
                came_from: came_from(n),
                request: None,
                check: None,
                replaces: None,
            })
            .collect();
        let mut written = app.write().await;
        let tx = &mut written;
        sign_up(tx, &at, &app.core.flow_settings, &forms).await.unwrap();
        for form in &forms {
            let stored = signups::find(tx, form.signup_id).await.unwrap().unwrap();
            assert_eq!(stored.email, form.email);
            let text = |line: &Option<Line>| line.as_ref().map(|line| line.as_str().to_owned());
            assert_eq!((stored.name, stored.job_title), (text(&form.name), text(&form.job_title)));
            assert_eq!((stored.organisation, &stored.source), (None, &form.source));
            let chosen = events::list_choices(tx, form.signup_id).await.unwrap();
            let chosen: Vec<_> = chosen.into_iter().map(|choice| choice.notice_id).collect();
            let ticked: Vec<_> = form.choices.iter().map(|notice| notice.notice_id).collect();
            assert_eq!(chosen, ticked);
            let key = app.core.flow_settings.address_secret.key(&form.email);
            let held = subject_access::list_signups(tx, &key).await.unwrap().remove(0);
            assert_eq!(held.came_from, form.came_from);
        }
        written.commit().await.unwrap();
    }
    let all = i64::try_from(SIZES.iter().sum::<usize>()).unwrap();
    assert_eq!(app.count("SELECT count(*) FROM signup").await, all);
    let mails = "SELECT count(DISTINCT signup_id) FROM outbox WHERE kind = 'confirm'";
    assert_eq!(app.count(mails).await, all, "each is mailed about");
}

#[apply(both_databases!)]
async fn no_forms_are_no_trouble(database: Database) {
    let app = TestApp::start(database).await;
    let tx = &mut app.write().await;
    sign_up(tx, &app.core.moment(), &app.core.flow_settings, &[]).await.unwrap();
}
