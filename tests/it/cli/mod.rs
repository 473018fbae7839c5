//! Stories of commands.

mod accounts;
mod check;
mod journey;
mod log;
mod purge;
mod refusals;
mod secrets;
mod usage;

use crate::support::app::Answer;

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn get(url: &str) -> Answer {
    Answer::read(client().get(url).send().await.unwrap()).await
}

async fn post(url: &str, body: String) -> Answer {
    let request =
        client().post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    Answer::read(request.send().await.unwrap()).await
}
