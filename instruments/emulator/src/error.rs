//! What can keep an emulated bench from being built or served.

use thiserror::Error;

/// Why the emulated bench cannot do what was asked.
#[derive(Debug, Error)]
pub enum EmulatorError {
    /// The behaviour selects a grid code that was not given.
    #[error("the DUT's behaviour selects grid code `{0}`, which was not loaded")]
    UnknownGridCode(String),
    /// The behaviour changes a protection element that the grid code does not have.
    #[error("the DUT's behaviour changes trip `{trip}`, which grid code `{code}` does not have")]
    UnknownTrip {
        /// Element.
        trip: String,
        /// Grid code.
        code: String,
    },
    /// No instrument of that name.
    #[error("the bench has no instrument `{0}`")]
    UnknownInstrument(String),
    /// The instrument has no protocol over UDP.
    #[error("instrument `{0}` speaks no protocol over UDP")]
    NoDatagrams(String),
    /// An entry of the bench file is needed to emulate an instrument.
    #[error("instrument `{instrument}` states no {what}; the emulated {model} needs it")]
    Missing {
        /// Instrument.
        instrument: String,
        /// Model.
        model: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// An instrument cannot stand for what the DUT's profile states.
    #[error("instrument `{instrument}` ({model}) {why}")]
    Unfit {
        /// Instrument.
        instrument: String,
        /// Model.
        model: &'static str,
        /// Why.
        why: &'static str,
    },
    /// A fault that cannot happen here.
    #[error("{message}\nhint: {hint}")]
    Fault {
        /// What is wrong.
        message: String,
        /// How to mend it.
        hint: String,
    },
    /// Ports cannot be given out as asked for.
    #[error("{0}")]
    Ports(String),
    /// A port could not be opened.
    #[error("cannot listen on {address} for {what}: {why}\nhint: {hint}")]
    Listen {
        /// Instrument, or the control port.
        what: String,
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The operating system refused.
    #[error("cannot serve the emulated instrument")]
    Io(#[from] std::io::Error),
    /// The operating system gave no pseudo-terminal.
    #[error("cannot open a pseudo-terminal")]
    Serial(#[from] tokio_serial::Error),
}
