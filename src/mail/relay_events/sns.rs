//! Messages of Amazon SNS, which Amazon SES publishes its events through.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;

use super::amazon::{Amazon, AmazonError};
use super::unproved::{Unproved, is_recent};
use crate::domain::timestamp::Timestamp;

/// A topic of Amazon SNS, and the one host that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    arn: String,
    host: String,
}

impl Topic {
    /// Reads `arn:aws:sns:REGION:ACCOUNT:NAME`.
    #[must_use]
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts[..] else { return None };
        let ending = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            "aws-eusc" => "amazonaws.eu",
            _ => return None,
        };
        let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = !region.is_empty()
            && region.chars().all(is_region)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=256).contains(&name.len())
            && name.chars().all(is_name);
        fits.then(|| Self { arn: arn.to_owned(), host: format!("sns.{region}.{ending}") })
    }

    /// Where the certificate lies that signed a message of this topic, if this is such an address.
    fn certificate(&self, address: &str) -> Option<Url> {
        let url = self.address(address)?;
        let name = url.path().strip_prefix("/SimpleNotificationService-")?.strip_suffix(".pem")?;
        let named =
            (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (named && url.query().is_none()).then_some(url)
    }

    /// Where a subscription to this topic is confirmed, if this is such an address.
    fn confirmation(&self, address: &str) -> Option<Url> {
        let url = self.address(address)?;
        let has = |name: &str, value: &str| url.query_pairs().any(|(n, v)| n == name && v == value);
        let confirms =
            url.path() == "/" && has("Action", "ConfirmSubscription") && has("TopicArn", &self.arn);
        confirms.then_some(url)
    }

    /// An address of the one host, over https and without anything unusual.
    fn address(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let plain = url.scheme() == "https"
            && url.host_str() == Some(self.host.as_str())
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        plain.then_some(url)
    }
}

/// What Amazon SNS says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Something was published: this text.
    Published(String),
    /// The subscription stands from now on.
    Confirmed,
    /// The subscription ended.
    Ended,
}

/// Why it is not listened to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unheard {
    /// It is no message of SNS.
    #[error("no message of Amazon SNS")]
    Malformed,
    /// It is not proved to be our topic's.
    #[error(transparent)]
    Unproved(#[from] Unproved),
    /// Amazon could not be asked.
    #[error("Amazon SNS could not be asked")]
    Away(#[source] AmazonError),
}

impl From<AmazonError> for Unheard {
    fn from(error: AmazonError) -> Self {
        // An address that leads to nothing is a forgery's as well as Amazon's mistake; who is away is asked again.
        if error.is_final() { Self::Unproved(Unproved::Wrong) } else { Self::Away(error) }
    }
}

/// A message as it is posted.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    certificate_url: String,
}

impl Message {
    /// What is signed: these fields in the order of their names, each name and each value on a line.
    fn signed(&self) -> Option<String> {
        let mut fields = vec![("Message", &self.message), ("MessageId", &self.message_id)];
        match self.kind.as_str() {
            "Notification" => {
                fields.extend(self.subject.as_ref().map(|subject| ("Subject", subject)));
                fields.push(("Timestamp", &self.timestamp));
            }
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                fields.push(("SubscribeURL", self.subscribe_url.as_ref()?));
                fields.push(("Timestamp", &self.timestamp));
                fields.push(("Token", self.token.as_ref()?));
            }
            _ => return None,
        }
        fields.extend([("TopicArn", &self.topic_arn), ("Type", &self.kind)]);
        let lines = fields.into_iter().flat_map(|(name, value)| [name, "\n", value, "\n"]);
        Some(lines.collect())
    }
}

/// Reads what is posted to an address that is subscribed to this topic, and confirms the subscription where that is
/// asked for. What costs nothing is looked at first.
pub(super) async fn hear(
    topic: &Topic,
    amazon: &Amazon,
    body: &[u8],
    now: Timestamp,
) -> Result<Said, Unheard> {
    let message: Message = serde_json::from_slice(body).map_err(|_| Unheard::Malformed)?;
    let signed = message.signed().ok_or(Unheard::Malformed)?;
    if message.topic_arn != topic.arn {
        return Err(Unproved::Topic.into());
    }
    let at = Timestamp::parse(&message.timestamp).ok_or(Unheard::Malformed)?;
    if !is_recent(at, now) {
        return Err(Unproved::Old.into());
    }
    let address = topic.certificate(&message.certificate_url).ok_or(Unproved::Address)?;
    let signature = STANDARD.decode(&message.signature).map_err(|_| Unproved::Wrong)?;
    let certificate = amazon.certificate(&address, now).await?;
    if !certificate.signed(&message.signature_version, signed.as_bytes(), &signature) {
        return Err(Unproved::Wrong.into());
    }
    match message.kind.as_str() {
        "Notification" => Ok(Said::Published(message.message)),
        "SubscriptionConfirmation" => {
            let address = message.subscribe_url.as_deref().unwrap_or_default();
            let address = topic.confirmation(address).ok_or(Unproved::Address)?;
            // Whatever Amazon answers but yes, it asks again.
            amazon.fetch(address).await.map_err(Unheard::Away)?;
            Ok(Said::Confirmed)
        }
        _ => Ok(Said::Ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sns:eu-central-1:123456789012:bounces";

    #[test]
    fn a_topic_is_written_as_its_arn() {
        let host = |arn: &str| Topic::parse(arn).map(|topic| topic.host);
        assert_eq!(host(ARN).as_deref(), Some("sns.eu-central-1.amazonaws.com"));
        let china = host("arn:aws-cn:sns:cn-north-1:123456789012:b_1");
        assert_eq!(china.as_deref(), Some("sns.cn-north-1.amazonaws.com.cn"));
        let europe = host("arn:aws-eusc:sns:eusc-de-east-1:123456789012:b");
        assert_eq!(europe.as_deref(), Some("sns.eusc-de-east-1.amazonaws.eu"));
        for wrong in [
            "",
            "bounces",
            "arn:aws:sqs:eu-central-1:123456789012:bounces",
            "arn:aws:sns::123456789012:bounces",
            "arn:aws:sns:evil.example/:123456789012:bounces",
            "arn:aws:sns:eu.evil:123456789012:bounces",
            "arn:aws:sns:eu-central-1:1234:bounces",
            "arn:aws:sns:eu-central-1:123456789012:",
            "arn:aws:sns:eu-central-1:123456789012:bounces:subscription",
            "arn:other:sns:eu-central-1:123456789012:bounces",
        ] {
            assert_eq!(Topic::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_the_host_of_the_topic_is_asked() {
        let topic = Topic::parse(ARN).unwrap();
        let host = "sns.eu-central-1.amazonaws.com";
        let certificate = |address: &str| topic.certificate(address).is_some();
        assert!(certificate(&format!("https://{host}/SimpleNotificationService-0af1.pem")));
        assert!(certificate(&format!("https://{host}:443/SimpleNotificationService-0af1.pem")));
        for wrong in [
            format!("http://{host}/SimpleNotificationService-0af1.pem"),
            format!("https://{host}:8443/SimpleNotificationService-0af1.pem"),
            format!("https://user@{host}/SimpleNotificationService-0af1.pem"),
            format!("https://{host}@evil.example/SimpleNotificationService-0af1.pem"),
            format!("https://{host}.evil.example/SimpleNotificationService-0af1.pem"),
            format!("https://{host}/SimpleNotificationService-0af1.pem?x"),
            format!("https://{host}/SimpleNotificationService-0af1.pem#x"),
            format!("https://{host}/SimpleNotificationService-.pem"),
            format!("https://{host}/SimpleNotificationService-../../x.pem"),
            format!("https://{host}/SimpleNotificationService-a%2fb.pem"),
            format!("https://{host}/other.pem"),
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0af1.pem".to_owned(),
            "https://bucket.s3.amazonaws.com/SimpleNotificationService-0af1.pem".to_owned(),
            "file:///etc/passwd".to_owned(),
            String::new(),
        ] {
            assert!(!certificate(&wrong), "{wrong}");
        }
        let confirms = |query: &str| topic.confirmation(&format!("https://{host}/?{query}"));
        let token = "Token=2336412f37fb";
        assert!(confirms(&format!("Action=ConfirmSubscription&TopicArn={ARN}&{token}")).is_some());
        assert!(confirms(&format!("Action=DeleteTopic&TopicArn={ARN}&{token}")).is_none());
        let other = "arn:aws:sns:eu-central-1:123456789012:other";
        assert!(confirms(&format!("Action=ConfirmSubscription&TopicArn={other}")).is_none());
    }

    #[test]
    fn what_is_signed_stands_in_the_order_of_names() {
        let mut message = Message {
            kind: "Notification".to_owned(),
            message_id: "id".to_owned(),
            topic_arn: ARN.to_owned(),
            subject: None,
            message: "two\nlines".to_owned(),
            timestamp: "2026-11-23T09:00:00.000Z".to_owned(),
            token: Some("token".to_owned()),
            subscribe_url: Some("https://a.example/".to_owned()),
            signature_version: "2".to_owned(),
            signature: String::new(),
            certificate_url: String::new(),
        };
        let time = "Timestamp\n2026-11-23T09:00:00.000Z\n";
        let begin = "Message\ntwo\nlines\nMessageId\nid\n";
        let whole = format!("{begin}{time}TopicArn\n{ARN}\nType\nNotification\n");
        assert_eq!(message.signed(), Some(whole));
        message.subject = Some("Hello".to_owned());
        let whole = format!("{begin}Subject\nHello\n{time}TopicArn\n{ARN}\nType\nNotification\n");
        assert_eq!(message.signed(), Some(whole));
        message.kind = "SubscriptionConfirmation".to_owned();
        let whole = format!(
            "{begin}SubscribeURL\nhttps://a.example/\n{time}Token\ntoken\nTopicArn\n{ARN}\n\
             Type\nSubscriptionConfirmation\n"
        );
        assert_eq!(message.signed(), Some(whole));
        message.token = None;
        assert_eq!(message.signed(), None);
        message.kind = "Other".to_owned();
        assert_eq!(message.signed(), None);
    }
}
