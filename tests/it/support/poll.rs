//! Waiting for what another task or process does, without guessing how long it takes.

use std::future::Future;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(20);

/// Long enough for a busy two-core machine; a test that passes never waits for it.
const DEADLINE: Duration = Duration::from_secs(20);

/// Asks `f` again and again until it answers `Some`. Panics with `what` after 20 seconds.
pub async fn until<T, F, Fut>(what: &str, f: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    within(DEADLINE, what, f).await
}

/// The same, with a deadline that the product promises.
///
/// The wait is real time, so a test must not pause tokio's clock around it.
pub async fn within<T, F, Fut>(deadline: Duration, what: &str, mut f: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(found) = f().await {
            return found;
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain: {what}");
        tokio::time::sleep(EVERY).await;
    }
}
