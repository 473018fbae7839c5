//! A member of staff gets an account.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::ExposeSecret;
use serde_json::json;

use super::Error;
use crate::domain::email_address::EmailAddress;
use crate::domain::staff::{Password, Role};
use crate::random::Moment;
use crate::store::{Tx, audit_entries, staff};

/// The password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

/// Hashes a password with Argon2id at OWASP's first recommendation (19 MiB, two passes), as a PHC
/// string. Slow on purpose: never call it inside a transaction.
///
/// # Errors
/// When the machine cannot give it the memory.
pub fn hash_password(at: &Moment, password: &Password) -> Result<String, HashError> {
    let failed = |error: &dyn std::fmt::Display| HashError(error.to_string());
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| failed(&e))?;
    let salt = at.new_salt();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password.secret().expose_secret().as_bytes(), &salt[..16])
        .map(|hash| hash.to_string())
        .map_err(|e| failed(&e))
}

/// Adds an account; `false` when the address has one.
///
/// # Errors
/// When the database does not take it.
pub async fn add_staff(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    email: &EmailAddress,
    role: Role,
    password_hash: &str,
) -> Result<bool, Error> {
    let added = staff::insert(tx, at, email, role, password_hash).await?;
    if added {
        audit_entries::append(tx, at, actor, "staff.add", &json!({"role": role.as_str()})).await?;
    }
    Ok(added)
}
