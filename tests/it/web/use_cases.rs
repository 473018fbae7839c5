//! Use cases are run one way: what one wrote stands with what follows from it, or nothing does.

use assent::domain::text::Line;
use assent::flows::catalog::add_newsletter::add_newsletter;
use assent::flows::{Act, Error};
use assent::store::catalog::newsletters;
use assent::store::catalog::newsletters::NewNewsletter;
use assent::store::{Db, Tx};
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

async fn add(tx: &mut Tx, act: &Act) -> Result<bool, Error> {
    let (slug, name) = ("second".parse().unwrap(), Line::parse("Second").unwrap().unwrap());
    let new = NewNewsletter { slug: &slug, name: &name, description: None, offered: true };
    Ok(add_newsletter(tx, act, new).await?.is_some())
}

async fn is_added(db: &Db) -> bool {
    let all = newsletters::list(&mut db.read().await.unwrap()).await.unwrap();
    all.iter().any(|newsletter| newsletter.slug.as_str() == "second")
}

#[apply(both_databases!)]
async fn what_is_refused_or_given_up_leaves_nothing_and_tells_nobody(database: Database) {
    let app = TestApp::start(database).await;
    let (db, act) = (&app.core.db, app.act());
    let before = db.signals().catalog_edition();
    let refused = db.run(|tx| {
        Box::pin(async {
            assert!(add(tx, &act).await?);
            Err::<(), _>(Error::Tree)
        })
    });
    assert!(matches!(refused.await, Err(Error::Tree)));
    let given_up = db.run(|tx| {
        Box::pin(async {
            assert!(add(tx, &act).await?, "what was refused is not there");
            tx.give_up();
            Ok::<_, Error>("given up")
        })
    });
    assert_eq!(given_up.await.unwrap(), "given up");
    assert!(!is_added(db).await);
    assert_eq!(db.signals().catalog_edition(), before);
    assert!(db.run(|tx| Box::pin(add(tx, &act))).await.unwrap());
    assert!(is_added(db).await);
    assert_ne!(db.signals().catalog_edition(), before);
}
