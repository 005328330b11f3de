//! A small SCPI engine: byte stream to program messages, messages to commands, status and errors.

pub(crate) mod engine;
pub(crate) mod fault;
pub(crate) mod format;
pub(crate) mod framing;
pub(crate) mod instrument;
pub(crate) mod message;
pub(crate) mod param;
pub(crate) mod pattern;
pub(crate) mod registers;
pub(crate) mod setting;
pub(crate) mod status;
pub(crate) mod system;

pub(crate) use engine::Reply;
pub(crate) use fault::Fault;
pub(crate) use instrument::ScpiInstrument;
pub(crate) use param::Params;

/// Outcome of one command.
pub(crate) type Outcome = Result<Reply, Fault>;

/// One command as a device sees it: what was matched and its parameters.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// A query (`?`).
    pub(crate) query: bool,
    /// Numeric suffixes of the `<n>` nodes in order; an optional node that was left out has none.
    pub(crate) suffixes: &'a [u32],
    /// Which of the alternatives of its last such node the header names.
    pub(crate) word: usize,
    /// Parameters.
    pub(crate) params: Params<'a>,
}

impl Call<'_> {
    /// The `index`-th numeric suffix, 1 if there is none.
    pub(crate) fn suffix(&self, index: usize) -> u32 {
        self.suffixes.get(index).copied().unwrap_or(1)
    }

    /// A suffix that must lie in 1–`max`: else -114.
    pub(crate) fn suffix_up_to(&self, index: usize, max: u32) -> Result<u32, Fault> {
        let value = self.suffix(index);
        if (1..=max).contains(&value) {
            Ok(value)
        } else {
            Err(fault::HEADER_SUFFIX)
        }
    }
}
