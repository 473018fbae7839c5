//! Accounts are made, changed, entered and proved; tokens are issued; what was refused is written down.

pub mod add_staff;
pub mod add_webhook;
pub mod change_staff;
pub mod change_webhook;
pub mod invite_staff;
pub mod issue_token;
pub mod record_webhook_try;
pub mod refuse;
pub mod replay_webhook;
pub mod set_password;
pub mod sign_in;
pub mod use_two_factor;
