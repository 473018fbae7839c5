//! Stories at the console.

mod guard;
mod screens;
mod sign_in;
