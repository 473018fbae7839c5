//! Whom the entries of the audit name.

use std::collections::HashMap;

use crate::domain::staff::member::actor;
use crate::store::staff::members;
use crate::web::{App, Error};

/// The address of each account, by how the audit names it.
pub(super) async fn addresses(app: &App) -> Result<HashMap<String, String>, Error> {
    let staff = members::list(&mut app.db.read().await?).await?;
    Ok(staff.into_iter().map(|one| (actor(one.staff_id), one.email.to_string())).collect())
}
