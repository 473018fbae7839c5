//! Why a message is nothing for us.

/// Why nothing follows from a message, in words for whoever looks after the mail server. None names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// Ordinary mail: no mail server wrote it.
    #[error("neither a bounce nor a complaint")]
    Ordinary,
    /// An automatic reply of a person's.
    #[error("an automatic reply (RFC 3834)")]
    AutoReply,
    /// A receipt of a reader's (RFC 8098).
    #[error("a receipt: its reader's program tells what became of the mail")]
    Receipt,
    /// The mail arrived.
    #[error("news of a mail that arrived")]
    Arrived,
    /// Feedback, but no reader's complaint: that a filter found something, or that it is no spam (RFC 6430).
    #[error("feedback that is no complaint of a reader's")]
    OtherFeedback,
    /// From a mail server, and it says nothing of a mail that did not arrive.
    #[error("a mail server's message that tells of no mail that came back")]
    Silent,
    /// A relay's event in a shape that is not known.
    #[error("no event that is understood")]
    Strange,
    /// A relay's event about a mail that others sent through it, or that left before its events were asked for.
    #[error("no mark of a mail of ours is in it")]
    Unmarked,
    /// It leads to no mail of ours.
    #[error("no envelope sender of ours is in it")]
    NotOurs,
    /// It leads to a mail that is not known any more.
    #[error("the mail it is about was purged or erased meanwhile")]
    Forgotten,
}
