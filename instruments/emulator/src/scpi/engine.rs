//! An instrument that speaks SCPI: byte stream in, replies out, around a device.

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;

use super::fault::{self, Fault};
use super::message::{self, Unit};
use super::pattern::{Table, Use};
use super::status::Status;
use super::{Call, Outcome, Params};
use crate::field::{Disturbance, Field, Instrument};
use crate::serve::Wire;
use crate::session::Session;

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

/// Whether replies to queries carry their header (Yokogawa).
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
    /// Pattern of the error query.
    pub(crate) error_query: &'static str,
    /// Text of the empty queue.
    pub(crate) no_error: &'static str,
    /// Codes are printed without their minus sign (Yokogawa).
    pub(crate) positive_codes: bool,
}

/// Longest program message, bytes; beyond it -363 and the message is dropped.
pub(crate) const LONGEST_MESSAGE: usize = 16_384;

/// Whether a unit is done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Carried out (or refused).
    Done,
    /// Waits for the instrument.
    Waits,
}

/// The part of an instrument that differs from model to model.
pub(crate) trait ScpiDevice {
    /// Names of its commands.
    type Command: Copy;

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

/// A device behind its SCPI parser.
pub(crate) struct ScpiInstrument<D: ScpiDevice> {
    device: D,
    dialect: Dialect,
    table: Table<D::Command>,
    errors: Table<bool>,
    status: Status,
}

impl<D: ScpiDevice> ScpiInstrument<D> {
    /// Powers the device on.
    pub(crate) fn new(device: D) -> Self {
        let dialect = device.dialect();
        let count = format!("{}:COUNt", dialect.error_query);
        let next = format!("{}[:NEXT]", dialect.error_query);
        Self {
            errors: Table::new(&[(&next, true, Use::Query), (&count, false, Use::Query)]),
            table: Table::new(&D::commands()),
            status: Status::new(),
            dialect,
            device,
        }
    }

    fn message(&mut self, session: &mut Session, field: &mut Field) {
        while let Some(unit) = session.units.front() {
            let progress = match unit {
                Err(fault) => {
                    self.status.raise(*fault);
                    Progress::Done
                }
                Ok(unit) => {
                    let unit = unit.clone();
                    self.unit(&unit, session, field)
                }
            };
            if progress == Progress::Waits {
                session.waiting = true;
                return;
            }
            session.waiting = false;
            session.units.pop_front();
        }
        session.in_message = false;
        if !session.replies.is_empty() {
            let replies = std::mem::take(&mut session.replies);
            for (index, reply) in replies.iter().enumerate() {
                if index > 0 {
                    session.output.push(b';');
                }
                session.output.extend_from_slice(reply);
            }
            session.output.extend_from_slice(self.dialect.terminator);
        }
    }

    fn unit(&mut self, unit: &Unit, session: &mut Session, field: &mut Field) -> Progress {
        let available = !session.replies.is_empty();
        let outcome = if unit.header[0].starts_with('*') {
            self.common(unit, available, field)
        } else if let Ok(found) = self.errors.find(&unit.header, unit.query) {
            self.error_query(unit, found.command)
        } else {
            self.own(unit, field)
        };
        match outcome {
            Ok(Reply::None) => {}
            Ok(Reply::Text(text)) => session.replies.push(text.into_bytes()),
            Ok(Reply::Block(bytes)) => session.replies.push(bytes),
            Ok(Reply::Wait) => return Progress::Waits,
            Err(fault) => self.status.raise(fault),
        }
        Progress::Done
    }

    fn error_query(&mut self, unit: &Unit, next: bool) -> Outcome {
        Params::new(&unit.params).none()?;
        if !next {
            return Ok(Reply::text(self.status.errors().to_string()));
        }
        Ok(Reply::Text(match self.status.pop() {
            Some(fault) => {
                let code = if self.dialect.positive_codes {
                    fault.code.abs()
                } else {
                    fault.code
                };
                format!("{code},\"{}\"", fault.text)
            }
            None => self.dialect.no_error.to_owned(),
        }))
    }

    fn own(&mut self, unit: &Unit, field: &mut Field) -> Outcome {
        let found = self.table.find(&unit.header, unit.query)?;
        let call = Call {
            query: unit.query,
            suffixes: &found.suffixes,
            params: Params::new(&unit.params),
        };
        let reply = self.device.execute(found.command, &call, field)?;
        Ok(match (self.device.reply_header(), unit.query) {
            (ReplyHeader::Off, _) | (_, false) => reply,
            (ReplyHeader::Short, true) => headed(&found.short, reply),
            (ReplyHeader::Long, true) => headed(&found.long, reply),
        })
    }

    fn common(&mut self, unit: &Unit, available: bool, field: &mut Field) -> Outcome {
        let params = Params::new(&unit.params);
        let number = |value: u8| Ok(Reply::text(value.to_string()));
        let mask = || -> Result<u8, Fault> {
            params.at_most(1)?;
            u8::try_from(params.integer(0)?).map_err(|_| fault::OUT_OF_RANGE)
        };
        match (unit.header[0].as_str(), unit.query) {
            ("*ESE", false) => self.status.set_event_enable(mask()?),
            ("*SRE", false) => self.status.set_service_enable(mask()?),
            (_, _) => {
                params.none()?;
                match (unit.header[0].as_str(), unit.query) {
                    ("*IDN", true) => return Ok(Reply::Text(self.device.identity())),
                    ("*ESE", true) => return number(self.status.event_enable()),
                    ("*ESR", true) => return number(self.status.take_events()),
                    ("*SRE", true) => return number(self.status.service_enable()),
                    ("*STB", true) => return number(self.status.status_byte(available)),
                    ("*OPC", true) => return number(1),
                    ("*TST" | "*OPT", true) => return number(0),
                    ("*OPC", false) => self.status.operation_complete(),
                    ("*CLS", false) => {
                        self.status.clear();
                        self.device.clear();
                    }
                    ("*RST", false) => self.device.reset(field),
                    ("*TRG", false) => self.device.trigger(field)?,
                    ("*WAI", false) => {}
                    _ => return Err(fault::UNDEFINED_HEADER),
                }
            }
        }
        Ok(Reply::None)
    }
}

fn headed(header: &str, reply: Reply) -> Reply {
    match reply {
        Reply::Text(text) => Reply::Text(format!("{header} {text}")),
        Reply::Block(bytes) => {
            let mut out = Vec::with_capacity(header.len() + 1 + bytes.len());
            out.extend_from_slice(header.as_bytes());
            out.push(b' ');
            out.extend_from_slice(&bytes);
            Reply::Block(out)
        }
        Reply::None | Reply::Wait => reply,
    }
}

impl<D: ScpiDevice> Instrument for ScpiInstrument<D> {
    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        let mut used = 0;
        loop {
            if session.in_message {
                self.message(session, field);
                if session.waiting {
                    break;
                }
            }
            if session.pause() {
                break;
            }
            let ends =
                |&byte: &u8| byte == b'\n' || (self.dialect.carriage_return_ends && byte == b'\r');
            let Some(length) = session.input[used..].iter().position(ends) else {
                break;
            };
            let line = used..used + length;
            used += length + 1;
            if std::mem::take(&mut session.discarding) {
                continue;
            }
            if length > LONGEST_MESSAGE {
                self.status.raise(fault::INPUT_OVERRUN);
                continue;
            }
            let text = String::from_utf8_lossy(&session.input[line]);
            session.units.extend(message::units(&text));
            session.in_message = true;
        }
        session.input.drain(..used);
        if !session.waiting && !session.paused && session.input.len() > LONGEST_MESSAGE {
            if !session.discarding {
                session.discarding = true;
                self.status.raise(fault::INPUT_OVERRUN);
            }
            session.input.clear();
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.device.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.device.on_time(field);
    }

    fn wire(&self) -> Wire {
        Wire::Scpi {
            terminator: self.dialect.terminator,
        }
    }

    fn power_on(&mut self, field: &mut Field) {
        self.device.power_on(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        self.device.takes(fault)
    }

    fn disturb(&mut self, what: Disturbance, field: &mut Field) {
        if let Some(entry) = self.device.disturb(what, field) {
            self.status.raise(entry);
        }
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        self.device.set_points()
    }
}
