//! Stories of commands.

mod check;
mod commands;
