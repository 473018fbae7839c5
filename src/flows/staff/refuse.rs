//! What somebody at the console, or a program, was not let do is written down as well.

use serde_json::json;
use strum::IntoStaticStr;

use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::store::Tx;

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Refused {
    /// The role lacks the right.
    Role,
    /// It came from a page of another site.
    Origin,
    /// It did not carry the token of this session's pages.
    Token,
    /// The program's token does not open this.
    Scope,
    /// The program had no token that works.
    ApiToken,
}

impl Refused {
    /// Its word in the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Writes down a refused action: who, which route, why.
pub async fn record_refused(
    tx: &mut Tx,
    act: &Act,
    route: (&str, &str),
    why: Refused,
) -> Result<(), Error> {
    let (method, path) = route;
    let detail = json!({"method": method, "route": path, "why": why.as_str()});
    act.audit(tx, Action::Refused, &detail).await?;
    Ok(())
}
