//! The program, in this process, on a database of its own, reached over real HTTP.

mod answer;
mod commands;
mod exports;
mod mail;
mod readers;
mod requests;
mod samples;
mod start;
mod stored;
mod time;

use std::net::SocketAddr;
use std::sync::LazyLock;

use assent::app::Core;
use assent::clock::Clock;
use assent::web::{Asset, site_stylesheet};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::answer::Answer;
pub use self::readers::form;
pub(super) use self::start::{hex, seals_soon};
pub use self::stored::{count, open_db, tamper};

/// Which database a story is told on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// What the sample report's file holds.
pub const REPORT: &[u8] =
    b"%PDF-1.7\nThe sample report: not much to read, but every byte counts.\n%%EOF\n";
pub const SLUG: &str = "sample";
pub const PATH: &str = "/reports/sample";
pub const POLICY: &str = "2026-11";
/// What every change of the policy in stories changes for people.
pub const WHAT_CHANGES: &str = "We keep your details for one year, no longer for two.";
pub const NEWSLETTER: &str = "weekly";

/// What readers' pages look like without a brand.
pub static STYLES: LazyLock<Asset> = LazyLock::new(|| site_stylesheet(""));

/// The settings of every story, before its own.
pub const SETTINGS: [(&str, &str); 8] = [
    ("ASSENT_SECRET_KEY", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I="),
    ("ASSENT_CONTROLLER_NAME", "Sample Press"),
    ("ASSENT_CONTROLLER_ADDRESS", "1 Sample Street, Sampleton"),
    ("ASSENT_CONTROLLER_CONTACT", "privacy@sample.example"),
    ("ASSENT_LIMIT_SIGNUPS_PER_IP", "off"),
    ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off"),
    // A process for each sample would take longer than most stories.
    ("ASSENT_DRAW_COVERS", "false"),
    // No name server is asked but one of a story.
    ("ASSENT_MAIL_CHECK_DOMAINS", "false"),
];

/// A running program, and what its readers can do with it.
pub struct TestApp {
    pub core: Core,
    pub clock: Clock,
    pub base: String,
    pub address: SocketAddr,
    pub dir: TempDir,
    pub(super) database_url: Option<String>,
    client: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
}
