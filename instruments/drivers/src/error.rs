//! What can go wrong with an instrument: it refused, the link broke, or the reply made no sense.

/// Failure of an instrument operation. The three causes need three different actions.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InstrumentError {
    /// The instrument understood and said no: check the value, the mode or a latched protection.
    #[error("{instrument} refused `{request}`: {reply}")]
    Refused {
        /// Instrument as named in the bench file.
        instrument: String,
        /// What was asked.
        request: String,
        /// Its own words, or the Modbus exception.
        reply: String,
    },
    /// No bytes go through: check cable, power, address.
    #[error("link to {instrument} broke during `{request}`: {cause}")]
    Link {
        /// Instrument.
        instrument: String,
        /// What was asked.
        request: String,
        /// Cause, including time-outs.
        cause: String,
    },
    /// Something came back that is no answer to the question: wrong model or firmware?
    #[error("{instrument} answered `{reply}` to `{request}`: {problem}")]
    Nonsense {
        /// Instrument.
        instrument: String,
        /// What was asked.
        request: String,
        /// What came back (shortened).
        reply: String,
        /// Why it is no answer.
        problem: String,
    },
    /// The driver cannot do this at all; found by `check` through the capabilities.
    #[error("{instrument} has no {capability}")]
    Unsupported {
        /// Instrument.
        instrument: String,
        /// What is missing.
        capability: String,
    },
}

/// Result of an instrument operation.
pub type InstrumentResult<T> = Result<T, InstrumentError>;
