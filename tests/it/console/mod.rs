//! Stories at the console.

mod guard;
mod sign_in;
