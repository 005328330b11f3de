//! What an instrument that speaks SCPI is made of: its device, its dialect, its replies.

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;

use super::fault::{self, Fault};
use super::pattern::{Spelling, Use};
use super::{Call, Outcome};
use crate::field::{Disturbance, Field};

/// What a command answers.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// Nothing.
    None,
    /// A line.
    Text(String),
    /// A block with its header.
    Block(Vec<u8>),
    /// Not yet: try again after the instrument's next event.
    Wait,
}

impl Reply {
    /// `1` or `0`.
    pub(crate) fn flag(on: bool) -> Self {
        Reply::Text(if on { "1" } else { "0" }.to_owned())
    }

    /// A line.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Reply::Text(text.into())
    }
}

/// Whether replies to queries carry their header (Yokogawa, Tektronix).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyHeader {
    /// Value only.
    Off,
    /// `:NUM:NORM:VAL …`
    Short,
    /// `:NUMERIC:NORMAL:VALUE …`
    Long,
}

/// How a make differs on the wire.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Input terminator besides LF.
    pub(crate) carriage_return_ends: bool,
    /// Sent after every reply.
    pub(crate) terminator: &'static [u8],
    /// Pattern of the error query; `:COUNt`, `:ALL` and `:CODE` hang below it.
    pub(crate) error_query: &'static str,
    /// Reply of the error query when the queue is empty.
    pub(crate) no_error: &'static str,
    /// Codes are printed without their minus sign (Yokogawa, Tektronix).
    pub(crate) positive_codes: bool,
    /// Errors are events: `EVMsg?`, `EVENT?`, `ALLEv?`, `EVQty?` (Tektronix).
    pub(crate) events: bool,
    /// Bit 2 of the status byte tells of queued errors (SCPI; Chroma leaves it 0).
    pub(crate) error_bit: bool,
    /// A query of a node answers with every setting below it (Yokogawa, Tektronix).
    pub(crate) groups: bool,
    /// `STATus:SPOLl?` answers with the status byte (Yokogawa).
    pub(crate) polls: bool,
    /// Longest node of a header (IEEE 488.2, 7.6.1.4.1).
    pub(crate) longest_mnemonic: usize,
    /// How headers and words may be spelt.
    pub(crate) spelling: Spelling,
    /// A blank may stand before the question mark, `SAS:VOC ?` (Chroma 62000H).
    pub(crate) blank_before_mark: bool,
    /// A unit that the path of the one before leads nowhere is taken from the root, without a colon
    /// (EA: `SOURce:VOLTage?;SOURce:CURRent?`, as the public driver of the hvl_ccb project asks a real
    /// PSI 9000).
    pub(crate) from_root: bool,
    /// `*CAL?` answers (0: no fault).
    pub(crate) calibrates: bool,
    /// Reply to `SYSTem:VERSion?`; `None` where the model has no such query.
    pub(crate) version: Option<&'static str>,
}

impl Dialect {
    /// What SCPI-99 prescribes.
    pub(crate) const SCPI: Self = Self {
        carriage_return_ends: false,
        terminator: b"\n",
        error_query: "SYSTem:ERRor",
        no_error: "0,\"No error\"",
        positive_codes: false,
        events: false,
        error_bit: true,
        groups: false,
        polls: false,
        longest_mnemonic: 12,
        spelling: Spelling::Exact,
        blank_before_mark: false,
        from_root: false,
        calibrates: false,
        version: Some("1999.0"),
    };
    /// Chroma's sources and loads.
    pub(crate) const CHROMA: Self = Self {
        no_error: "0,\"No Error\"",
        error_bit: false,
        version: Some("1995.0"),
        ..Self::SCPI
    };
    /// Tektronix oscilloscopes.
    pub(crate) const TEKTRONIX: Self = Self {
        no_error: "0,\"No events to report - queue empty\"",
        positive_codes: true,
        events: true,
        groups: true,
        longest_mnemonic: usize::MAX,
        spelling: Spelling::Abbreviated,
        error_bit: false,
        version: None,
        ..Self::SCPI
    };
    /// Yokogawa's analysers and recorders.
    pub(crate) const YOKOGAWA: Self = Self {
        error_query: "STATus:ERRor",
        positive_codes: true,
        groups: true,
        polls: true,
        calibrates: true,
        version: None,
        ..Self::SCPI
    };
}

/// Conditions behind the OPERation and QUEStionable registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Conditions {
    /// `STATus:OPERation:CONDition?`.
    pub(crate) operation: u16,
    /// `STATus:QUEStionable:CONDition?`.
    pub(crate) questionable: u16,
}

/// The part of an instrument that differs from model to model.
pub(crate) trait ScpiDevice {
    /// Names of its commands.
    type Command: Copy + PartialEq;

    /// How it writes.
    fn dialect(&self) -> Dialect;
    /// Its commands.
    fn commands() -> Vec<(&'static str, Self::Command, Use)>;
    /// Reply to `*IDN?`.
    fn identity(&self) -> String;
    /// Carries out a command.
    fn execute(&mut self, command: Self::Command, call: &Call<'_>, field: &mut Field) -> Outcome;
    /// `*RST`.
    fn reset(&mut self, field: &mut Field);
    /// `*TRG`.
    fn trigger(&mut self, _field: &mut Field) -> Result<(), Fault> {
        Ok(())
    }
    /// `*CLS`, beyond the status model.
    fn clear(&mut self) {}
    /// `*SAV`.
    fn save(&mut self, _slot: u8) -> Result<(), Fault> {
        Err(fault::UNDEFINED_HEADER)
    }
    /// `*RCL`.
    fn recall(&mut self, _slot: u8, _field: &mut Field) -> Result<(), Fault> {
        Err(fault::UNDEFINED_HEADER)
    }
    /// Reply to `*OPT?`.
    fn options(&self) -> &'static str {
        "0"
    }
    /// Conditions of the SCPI status registers; `None` where the model has none.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        None
    }
    /// An overlapped operation is pending: `*OPC`, `*OPC?` and `*WAI` wait for it.
    fn busy(&self, _field: &Field) -> bool {
        false
    }
    /// How many numbers a node `NAME<n>` (its name in long form) of a command has here.
    fn members(&self, _command: Self::Command, _node: &str) -> u32 {
        1
    }
    /// Whether each of the alternatives of a node of a command is a setting of its own.
    fn distinct(&self, _command: Self::Command) -> bool {
        false
    }
    /// Whether a query of the node above a setting tells it.
    fn listed(&self, _command: Self::Command) -> bool {
        true
    }
    /// The program messages that a header stands for (aliases of Tektronix).
    fn alias(&self, _header: &[String]) -> Result<Option<String>, Fault> {
        Ok(None)
    }
    /// An enabled bit of the extended event register is set (Yokogawa: bit 3 of the status byte).
    fn extended_summary(&self) -> bool {
        false
    }
    /// The error query tells the text besides the number (Yokogawa: `STATus:QMESsage`).
    fn tells_messages(&self) -> bool {
        true
    }
    /// Headers of replies.
    fn reply_header(&self) -> ReplyHeader {
        ReplyHeader::Off
    }
    /// When it next does something by itself.
    fn next_event(&self) -> Option<Nanos> {
        None
    }
    /// Does what is due now.
    fn on_time(&mut self, _field: &mut Field) {}
    /// The device is powered with the bench: its set-points reach the plant.
    fn power_on(&mut self, _field: &mut Field) {}
    /// Whether faults of this kind inside the device are modelled.
    fn takes(&self, _fault: FaultKind) -> bool {
        false
    }
    /// A fault inside the device begins or ends; what a protection puts into the error queue.
    fn disturb(&mut self, _what: Disturbance, _field: &mut Field) -> Option<Fault> {
        None
    }
    /// Set-points that only the device holds, each named with its unit.
    fn set_points(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}
