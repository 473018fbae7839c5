//! Which addresses may be asked.

use url::Url;

use crate::domain::base_url::is_this_machine;

/// Why an address can't be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No address of the web.
    #[error("write an address such as https://witness.example.org")]
    Form,
    /// In the clear.
    #[error("write https://: in the clear, whoever stands between could answer in its place")]
    Clear,
    /// In the clear, to a host that the operator did not name.
    #[error("write https://, or have the operator name its host in webhooks.allowed_hosts")]
    NotAllowed,
    /// With a name and a password, which alarms and logs would show.
    #[error("write the address without a name and a password")]
    Password,
    /// With what no path can be put behind.
    #[error("write the address without a ? or a #")]
    Query,
    /// To a machine or a network that is not everybody's.
    #[error(
        "write an address that everybody can reach, or have the operator name its host in webhooks.allowed_hosts"
    )]
    NotPublic,
}

/// Reads an address that is asked over `https`, or in the clear on this machine alone.
///
/// # Errors
/// Says what to write.
pub fn read_address(text: &str) -> Result<Url, AddressError> {
    let url = read_any_address(text)?;
    if url.scheme() == "https" || is_this_machine(&url) {
        Ok(url)
    } else {
        Err(AddressError::Clear)
    }
}

/// Reads an address that may be asked in the clear anywhere.
///
/// # Errors
/// Says what to write.
pub fn read_any_address(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text.trim()).map_err(|_| AddressError::Form)?;
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if !has_host || !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Form);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Password);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_clear_only_this_machine_is_asked() {
        for (text, read) in [
            ("https://witness.example/a", None),
            ("http://127.0.0.1:9", None),
            ("http://[::1]:9", None),
            ("http://localhost:9", None),
            ("http://witness.example", Some(AddressError::Clear)),
            ("http://localhost.example", Some(AddressError::Clear)),
            ("http://10.0.0.1", Some(AddressError::Clear)),
            ("https://ada:hunter2@witness.example", Some(AddressError::Password)),
            ("https://ada@witness.example", Some(AddressError::Password)),
            ("file:///etc/passwd", Some(AddressError::Form)),
            ("witness.example", Some(AddressError::Form)),
            ("", Some(AddressError::Form)),
        ] {
            assert_eq!(read_address(text).err(), read, "{text}");
        }
        assert!(read_any_address("http://stamps.example/tsa?p=1").is_ok());
    }
}
