//! A form that asks for a bot check.

use super::{ADA, Article};

const ON: [(&str, &str); 1] = [("ASSENT_BOT_CHECK", "on")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_element_does_the_work_before_it_sends() {
    let mut article = Article::with("sample", &ON).await;
    article.reader.rules.requests += 2;
    article.signs_up(ADA).await;
    assert_eq!(article.app.count("SELECT count(*) FROM solved_check").await, 1);
    assert_eq!(article.app.count("SELECT count(*) FROM signup").await, 1);
    article.kept_to_the_policy().await;
}
