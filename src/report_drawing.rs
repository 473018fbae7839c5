//! Page 1 of a report's PDF, drawn as its cover. A file may come from anywhere and what reads it may fail in any way, so
//! it is read in a process of its own, which the system ends when it takes more than 10 seconds or 256 MiB.

mod page;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use rustix::process::{Resource, Rlimit, setrlimit};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;

use page::{PAGES, REPORT, draw_in};

/// The command by which the program draws.
pub const COMMAND: &str = "draw-report";

/// Seconds of a processor.
const TIME: u64 = 10;
const MEMORY: u64 = 256 * 1024 * 1024;
/// A file of more bytes would leave no memory to draw in.
pub const LARGEST: u64 = MEMORY / 2;

/// What was drawn of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// How many pages it has; `None` where they could not be counted.
    pub pages: Option<i64>,
    /// Its first page; `None` where that could not be drawn.
    pub pictures: Option<Pictures>,
}

/// The first page of a report, as JPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// As small as pages show it, at twice their pixels.
    pub cover: Bytes,
    /// 1200 × 630 pixels, as social networks show it (The Open Graph protocol, `og:image`).
    pub card: Bytes,
}

/// Starts the processes that draw.
#[derive(Clone, Debug)]
pub struct ReportDrawer {
    program: PathBuf,
}

impl ReportDrawer {
    /// One that starts the program that runs.
    ///
    /// # Errors
    /// When the system does not say where that lies.
    pub fn of_this_program() -> io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?))
    }

    /// One that starts this program.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program }
    }

    /// Draws a PDF. What cannot be drawn, within the time and the memory there is, has no pictures.
    ///
    /// # Errors
    /// When the file does not come, the disk does not take it, or the program cannot be started.
    pub async fn draw(
        &self,
        mut pdf: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> io::Result<Drawing> {
        let folder = TempDir::with_prefix("assent-drawing-")?;
        let mut file = tokio::fs::File::create(folder.path().join(REPORT)).await?;
        while let Some(piece) = pdf.try_next().await? {
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        drop(file);
        let mut program = Command::new(&self.program);
        program.arg(COMMAND).arg(folder.path()).env_clear();
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = spawn_blocking(move || program.status()).await.map_err(io::Error::other)??;
        read_back(folder.path(), status.success())
    }
}

/// What the process left. Pages are counted first, and stay where the drawing of the first failed.
fn read_back(folder: &Path, drawn: bool) -> io::Result<Drawing> {
    let pages = std::fs::read_to_string(folder.join(PAGES)).ok();
    let pages = pages.and_then(|text| text.parse().ok()).filter(|pages| *pages > 0);
    if !drawn {
        return Ok(Drawing { pages, pictures: None });
    }
    let read = |name| std::fs::read(folder.join(name)).map(Bytes::from);
    let pictures = Pictures { cover: read(page::COVER)?, card: read(page::CARD)? };
    Ok(Drawing { pages, pictures: Some(pictures) })
}

/// What the process itself does: draws the report in this folder, within the memory that it leaves itself.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw_here(folder: &Path) -> Result<(), page::Undrawable> {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, limit(MEMORY)).map_err(io::Error::from)?;
    setrlimit(Resource::Cpu, limit(TIME)).map_err(io::Error::from)?;
    // A core would hold the report.
    setrlimit(Resource::Core, limit(0)).map_err(io::Error::from)?;
    draw_in(folder)
}
