//! What a process does of it all.

/// Which parts of the program run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Pages and work.
    All,
    /// Pages only; another process does the work.
    Web,
    /// Work only.
    Worker,
}
