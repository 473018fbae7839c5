//! What stories of lost links have in common: whoever types an address is answered the same, and a worker mails.

use crate::support::app::TestApp;
use crate::support::poll;

/// Waits until every wish for a lost link was answered.
pub async fn wishes_answered(app: &TestApp) {
    poll::until("no wish that waits", || async {
        (app.count("SELECT count(*) FROM link_request").await == 0).then_some(())
    })
    .await;
}

/// The same, and all mail that follows has gone.
pub async fn answered(app: &TestApp) {
    wishes_answered(app).await;
    app.mail_settled().await;
}

/// Types each of these addresses into the page that asks for one: all are told the same, and only these known ones are
/// mailed. The page that they are led to.
pub async fn told_the_same(app: &TestApp, path: &str, emails: &[&str], known: &[&str]) -> String {
    let mut seen = Vec::new();
    for email in emails {
        let before = app.inbox().len();
        let mut answer = app.post(path, &format!("email={email}")).await;
        assert_eq!((answer.status, answer.location()), (303, format!("{path}?word=sent").as_str()));
        let page = app.get(answer.location()).await.text();
        for name in ["date", "x-request-id"] {
            answer.headers.remove(name);
        }
        seen.push((answer.status, format!("{:?}", answer.headers), answer.body, page));
        answered(app).await;
        let mailed = app.inbox().len() - before;
        assert_eq!(mailed, usize::from(known.contains(email)), "{email}");
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]));
    seen.remove(0).3
}
