//! Stories of commands.

mod accounts;
mod check;
mod journey;
mod log;
mod purge;
mod refusals;
mod secrets;
mod tables;
mod usage;

use crate::support::app::Answer;
use crate::support::http_client::client;

async fn get(url: &str) -> Answer {
    Answer::read(client().get(url).send().await.unwrap()).await
}

async fn post(url: &str, body: String) -> Answer {
    let request =
        client().post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    Answer::read(request.send().await.unwrap()).await
}
