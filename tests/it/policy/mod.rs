//! Stories of privacy policies, and of what their changes ask of people.

mod changes;
mod console;
mod publishing;
