//! The words by which servers say why they refuse a mail, as [`super::verdict`] hears them: in lower case, without
//! apostrophes, a space between any two words and at both ends. So a space at the end of a phrase is the end of a
//! word, and without one longer words count too.

/// What a mailbox is called where it is said to be missing.
pub(super) const MAILBOXES: [&str; 8] =
    ["user", "users", "recipient", "recipients", "mailbox", "address", "account", "alias"];

/// How one is said to be missing, `{}` standing for what it is called.
pub(super) const MISSING: [&str; 17] = [
    " {} unknown ",
    " {} is unknown ",
    " {} not known ",
    " unknown {} ",
    " unknown or illegal {} ",
    " {} not found ",
    " {} was not found ",
    " {} wasnt found ",
    " {} could not be found ",
    " {} couldnt be found ",
    " {} does not exist ",
    " {} doesnt exist ",
    " {} not exist ",
    " {} no longer exists ",
    " no such {} ",
    " not a known {} ",
    " not a valid {} ",
];

/// Other ways to say that a mailbox, or its domain, is not there.
pub(super) const GONE: [&str; 36] = [
    // The mailbox. An address may also be called invalid because of the sender's, so that is not here.
    " no such local user ",
    " unknown local user ",
    " unknown local part ",
    " invalid user ",
    " invalid userid ",
    " invalid final delivery userid ",
    " invalid recipient ",
    " invalid recipients ",
    " invalid mailbox ",
    " user doesnt have a ",
    " user does not have a ",
    " recipient no longer on server ",
    " recipient name is not recognized ",
    " recipnotfound ",
    " recipientnotfound ",
    " no mailbox here by that name ",
    " no mailbox by that name ",
    " nobody here by that name ",
    " no such person ",
    " address you entered couldnt be found ",
    " account that you tried to reach does not exist ",
    // Its domain.
    " host unknown ",
    " unknown host ",
    " no such host ",
    " no such domain ",
    " domain not found ",
    " domain name not found ",
    " domain does not exist ",
    " domain doesnt exist ",
    " host or domain name not found ",
    " host not found ",
    " couldnt find any host named ",
    " bad destination ",
    " domain does not accept mail ",
    " nullmx ",
    " nxdomain ",
];

/// How Exim says that it knows no way to an address, at the door of its own domain too.
pub(super) const UNROUTABLE: [&str; 4] = [
    " unrouteable address ",
    " unroutable address ",
    " unrouteable mail domain ",
    " unroutable mail domain ",
];

/// Of these [`SOMETHING_ELSE`] would take a part for another matter.
pub(super) const WHOLE: [&str; 4] = [
    // Sendmail.
    " host unknown name server host not found ",
    " host unknown authoritative answer from name server ",
    // Notes.
    " not listed in public name ",
    " wasnt found at ",
];

/// What Microsoft 365 says with 5.4.1 of a recipient whom it does not know.
pub(super) const NOT_IN_DIRECTORY: [&str; 2] =
    [" recipient address rejected access denied ", " recipient addresses rejected access denied "];

/// What Outlook.com says with 5.5.0 of a mailbox that is not there. RFC 5321 §4.2.3 has the same words for policy.
pub(super) const UNAVAILABLE: &str = " mailbox unavailable ";

/// Who is meant, where an answer calls them that.
pub(super) const RECIPIENT: [&str; 5] =
    [" mailbox ", " recipient ", " user ", " customer ", " account "];

/// What Google and Microsoft write to people, above what another server answered.
pub(super) const TO_PEOPLE: [&str; 4] = [
    " address not found ",
    " address couldnt be found ",
    " address could not be found ",
    " wasnt found at ",
];

/// What Google adds to that where it cannot tell from a refusal for other reasons.
pub(super) const OR_UNABLE: &str = " unable to receive mail ";

/// Words about anything but a mailbox that is not there: then it may well be.
pub(super) const SOMETHING_ELSE: [&str; 154] = [
    // Policy, and what filters say.
    " policy",
    " policies",
    " spam",
    " junk",
    " unsolicited",
    " bulk",
    " ube ",
    " uce ",
    " black list",
    " blacklist",
    " block",
    " dnsbl",
    " rbl ",
    " listed ",
    " reputation",
    " banned",
    " dmarc",
    " spf ",
    " dkim",
    " authenticat",
    " unauthenticated",
    " authoriz",
    " authoris",
    " unauthoriz",
    " unauthoris",
    " permission",
    " permitted",
    " not allowed",
    " denied",
    " deny ",
    " prohibit",
    " forbidden",
    " administrativ",
    " restrict",
    " filter",
    " content",
    " virus",
    " malware",
    " infected",
    " attachment",
    " phish",
    " abuse",
    " complain",
    " suspicious",
    " greylist",
    " graylist",
    " whitelist",
    " allowlist",
    " moderat",
    " members only",
    " not a member",
    " relay",
    // Who sends.
    " sender",
    " sending ",
    " originat",
    " envelope",
    " return path",
    " reverse path",
    " return address",
    " from address",
    " in reply to mail from ",
    " after mail from ",
    " after initial connection ",
    " accept mail from ",
    " accepting mail from ",
    " accept messages from ",
    " from your",
    " your domain",
    " your server",
    " your mail server",
    " your host",
    " your network",
    " client host ",
    " ip ",
    " ptr ",
    " reverse dns ",
    " rdns ",
    " helo ",
    " ehlo ",
    " starttls",
    " tls ",
    " ssl ",
    " encrypt",
    " certificate",
    // How much, how often, how long.
    " rate ",
    " too many ",
    " too much ",
    " too fast ",
    " too quickly ",
    " too often ",
    " too large ",
    " too big ",
    " frequen",
    " limit",
    " exceed",
    " quota",
    " overquota",
    " full ",
    " storage",
    " disk ",
    " space ",
    " insufficient",
    " size ",
    " tempor",
    " later ",
    " host not found try again ",
    " currently",
    " at this time ",
    " at the moment ",
    " delay",
    " defer",
    " busy ",
    " overload",
    " timed out ",
    " timeout",
    " expired",
    " in the queue too long ",
    // Servers and the network.
    " unreachable",
    " no route",
    " connection refused ",
    " not connect",
    " unable to connect ",
    " unable to contact",
    " lost connection ",
    " connection reset ",
    " not respond",
    " loop",
    " hops ",
    " hop count ",
    " configur",
    " misconfig",
    " system error ",
    " system config",
    " internal",
    " server error ",
    " server failure ",
    " servfail",
    " ldap",
    " database",
    " name server",
    " nameserver",
    " lookup fail",
    " lookup error",
    " type aaaa host found ",
    // A mailbox that is there.
    " may not exist ",
    OR_UNABLE,
    " suspend",
    " frozen ",
    " locked ",
    " on hold ",
    " ambiguous",
    " malformed",
    " vacation",
    " out of office ",
];

/// Names of lists of senders, as they stand in the links of answers.
pub(super) const LISTS: [&str; 7] =
    ["spamhaus", "spamcop", "barracuda", "sorbs", "dnsbl", "blacklist", "blocklist"];
