//! What time it is in a story, for the programs that it starts: where its clock stands, and as much later
//! as has passed since it began. The machine's own time would end, in time, whatever has a date.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use assent::clock::Clock;
use assent::domain::timestamp::Timestamp;

use super::app::SETTINGS;
use super::http_client;
use super::poll;
use super::program::Served;
use super::smtp::program;

/// The moment at which every story begins.
const BEGINNING: &str = "2026-11-23T09:00:00Z";

/// A story's clock, and when the story began by the machine's.
struct StoryTime {
    clock: Clock,
    began: Instant,
}

/// Each story has a directory of its own, by which it is known.
static STORIES: LazyLock<Mutex<HashMap<PathBuf, StoryTime>>> = LazyLock::new(Mutex::default);

/// A clock that stands at the beginning of a story.
pub fn clock() -> Clock {
    Clock::manual(Timestamp::parse(BEGINNING).expect("a time"))
}

/// Begins the story in this directory. One that has no clock to move begins with its first program.
pub fn begin(dir: &Path, clock: Clock) {
    let story = StoryTime { clock, began: Instant::now() };
    STORIES.lock().expect("no panic").insert(dir.to_owned(), story);
}

fn now(dir: &Path) -> Timestamp {
    let mut stories = STORIES.lock().expect("no panic");
    let story = stories
        .entry(dir.to_owned())
        .or_insert_with(|| StoryTime { clock: clock(), began: Instant::now() });
    story.clock.now().plus(story.began.elapsed())
}

/// What a program's environment must hold for it to see the time of the story in this directory.
pub fn environment(dir: &Path) -> [(&'static str, OsString); 7] {
    environment_ahead(dir, Duration::ZERO)
}

/// The same for one whose clock is so much ahead.
pub fn environment_ahead(dir: &Path, by: Duration) -> [(&'static str, OsString); 7] {
    const LIBRARIES: [&str; 2] = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    ];
    let micros = now(dir).plus(by).micros();
    let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    [
        ("LD_PRELOAD", program("TEST_LIBFAKETIME", &LIBRARIES).into()),
        ("FAKETIME", format!("@{seconds}.{micros:06}").into()),
        // A database server has no part in it.
        ("ASSENT_DATABASE_CLOCK", "machine".into()),
        ("FAKETIME_FMT", "%s".into()),
        // The wall clock alone: neither what measures waiting nor the times of files.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("FAKETIME_FORCE_MONOTONIC_FIX", "0".into()),
        ("NO_FAKE_STAT", "1".into()),
    ]
}

/// Removes what libfaketime keeps in shared memory for a process, and leaves there when that is killed.
pub fn tidy_up_after(process: u32) {
    for name in ["sem.faketime_sem", "faketime_shm"] {
        // A process that ended by itself left nothing.
        let _ = fs::remove_file(format!("/dev/shm/{name}_{process}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_see_it_and_leave_nothing_behind() {
    async fn date(served: &Served) -> String {
        let answer = http_client::get(&format!("{}/livez", served.base)).await.expect("an answer");
        answer.headers()["date"].to_str().expect("ASCII").to_owned()
    }

    let dir = tempfile::tempdir().expect("a directory");
    let first = Served::start(dir.path(), &SETTINGS, &["serve", "--role", "web"]).await;
    let seen = date(&first).await;
    assert!(seen.starts_with("Mon, 23 Nov 2026 09:0"), "{seen}");
    poll::until("time to go on", || async { (date(&first).await > seen).then_some(()) }).await;
    let process = first.child.id();
    first.kill();
    for left in fs::read_dir("/dev/shm").expect("shared memory").flatten() {
        let name = left.file_name().into_string().expect("UTF-8");
        assert!(!name.ends_with(&format!("_{process}")), "{name}");
    }
    let second = Served::start(dir.path(), &SETTINGS, &["serve", "--role", "web"]).await;
    assert!(date(&second).await > seen, "time does not go back");

    let (dir, clock) = (tempfile::tempdir().expect("a directory"), clock());
    begin(dir.path(), clock.clone());
    clock.advance(Duration::from_hours(40 * 24));
    let later = Served::start(dir.path(), &SETTINGS, &["serve", "--role", "web"]).await;
    let seen = date(&later).await;
    assert!(seen.starts_with("Sat, 02 Jan 2027 09:0"), "{seen}");
}
