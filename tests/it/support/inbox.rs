//! Mail as its reader sees it.

use mail_parser::{MessageParser, MimeHeaders};

/// One mail, decoded.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub message_id: String,
    pub text: String,
    pub html: String,
    pub raw: String,
    /// The file of promises, where one is attached.
    pub promises: Option<String>,
}

impl Mail {
    pub fn parse(raw: &[u8]) -> Self {
        let message = MessageParser::default().parse(raw).expect("a mail that can be parsed");
        assert_eq!(message.to().map(|to| to.iter().count()), Some(1), "one recipient");
        let attached: Vec<_> = message.attachments().collect();
        let named = message.parts.iter().filter_map(|part| part.attachment_name());
        let expected = vec!["consent-promise.txt"; attached.len()];
        assert!(attached.len() <= 1 && named.eq(expected), "no attachment but one of promises");
        let promises = attached.first().map(|file| file.text_contents().expect("a text"));
        Self {
            to: message.to().and_then(|to| to.first()?.address()).unwrap_or_default().to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            raw: String::from_utf8_lossy(raw).into_owned(),
            promises: promises.map(ToOwned::to_owned),
        }
    }

    /// The links of the text part, in their order; each stands alone on its line.
    pub fn links(&self) -> Vec<String> {
        let lines = self.text.lines().map(str::trim);
        lines.filter(|line| line.starts_with("http")).map(ToOwned::to_owned).collect()
    }

    /// The signed lines of the file of promises, in their order; none where none is attached.
    pub fn promised(&self) -> Vec<&str> {
        let lines = self.promises.iter().flat_map(|file| file.lines());
        lines.filter(|line| line.starts_with("eyJ")).collect()
    }

    /// The code of mail 1; it stands alone on its line.
    pub fn code(&self) -> String {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        let found = self.text.lines().map(str::trim).find(is_code);
        found.unwrap_or_else(|| panic!("no code in:\n{}", self.text)).to_owned()
    }

    /// The first link that leads to `path`.
    pub fn link(&self, path: &str) -> String {
        let found = self.links().into_iter().find(|link| link.contains(path));
        found.unwrap_or_else(|| panic!("no link to {path} in:\n{}", self.text))
    }
}
