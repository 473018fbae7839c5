//! Accounts are made, changed, entered and proved; tokens are issued; what was refused is written down.

pub mod add_staff;
pub mod change_staff;
pub mod invite_staff;
pub mod issue_token;
pub mod refuse;
pub mod set_password;
pub mod sign_in;
pub mod use_two_factor;
