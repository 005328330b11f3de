//! An instrument that speaks SCPI: byte stream in, replies out, around a device.

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;

use super::engine::{Dialect, Reply, ReplyHeader, ScpiDevice};
use super::fault;
use super::framing;
use super::message::{self, Unit};
use super::pattern::{Matched, Members, Table};
use super::status::Status;
use super::system::{self, System};
use super::{Call, Outcome, Params};
use crate::field::{Disturbance, Field, Instrument};
use crate::serve::Wire;
use crate::session::Session;

/// Longest program message, bytes; beyond it -363 and the message is dropped.
pub(crate) const LONGEST_MESSAGE: usize = 65_536;

/// Whether a unit is done.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// Carried out (or refused).
    Done,
    /// Waits for the instrument.
    Waits,
}

/// A device behind its SCPI parser.
pub(crate) struct ScpiInstrument<D: ScpiDevice> {
    device: D,
    dialect: Dialect,
    table: Table<D::Command>,
    system: Table<System>,
    status: Status,
}

impl<D: ScpiDevice> ScpiInstrument<D> {
    /// Powers the device on.
    pub(crate) fn new(device: D, field: &Field) -> Self {
        let dialect = device.dialect();
        let registers = device.conditions(field).is_some();
        Self {
            system: system::table(&dialect, registers).spelt(dialect.spelling),
            table: Table::new(&D::commands()).spelt(dialect.spelling),
            status: Status::new(dialect.error_bit),
            dialect,
            device,
        }
    }

    /// Brings the status model up to what the device does now.
    fn follow(&mut self, field: &Field) {
        if let Some(conditions) = self.device.conditions(field) {
            self.status.follow(conditions);
        }
        self.status.set_extended(self.device.extended_summary());
        if self.status.awaits_completion() && !self.device.busy(field) {
            self.status.operation_complete();
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
                    match self.device.alias(&unit.header) {
                        Ok(None) => self.unit(&unit, session, field),
                        Ok(Some(sequence)) => {
                            self.expand(&sequence, session);
                            continue;
                        }
                        Err(fault) => {
                            self.status.raise(fault);
                            Progress::Done
                        }
                    }
                }
            };
            self.follow(field);
            if progress == Progress::Waits {
                session.waiting = true;
                return;
            }
            session.waiting = false;
            session.units.pop_front();
            session.expanded = session.expanded.saturating_sub(1);
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

    /// Puts the units of an alias in the place of the one at the front. A sequence holds commands only,
    /// no other alias.
    fn expand(&mut self, sequence: &str, session: &mut Session) {
        session.units.pop_front();
        if session.expanded > 0 {
            session.expanded -= 1;
            self.status.raise(fault::MACRO_RECURSION);
            return;
        }
        let units = message::units(sequence);
        session.expanded = units.len();
        for unit in units.into_iter().rev() {
            session.units.push_front(unit);
        }
    }

    fn unit(&mut self, unit: &Unit, session: &mut Session, field: &mut Field) -> Progress {
        let asked = (self.dialect.blank_before_mark && unit.params == ["?"]).then(|| Unit {
            query: true,
            params: Vec::new(),
            ..unit.clone()
        });
        let unit = asked.as_ref().unwrap_or(unit);
        let rooted = self.rooted(unit);
        let unit = rooted.as_ref().unwrap_or(unit);
        let available = !session.replies.is_empty();
        self.follow(field);
        let common = unit.header[0].starts_with('*');
        // a common command may be one that only this model has
        let outcome = if common && self.table.find(&unit.header, unit.query).is_err() {
            system::common(unit, available, &mut self.device, &mut self.status, field)
        } else if let Ok(found) = self.system.find(&unit.header, unit.query) {
            let manner = (&self.dialect, self.device.tells_messages());
            let reply = system::execute(found.command, unit, manner, &mut self.status);
            // Yokogawa answers its error query without a header
            if self.dialect.events || found.command == System::Poll {
                reply.map(|reply| self.headed(&found.short, &found.long, unit.query, reply))
            } else {
                reply
            }
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

    /// The unit without the path of the one before, where the model takes it so and the path leads
    /// nowhere.
    fn rooted(&self, unit: &Unit) -> Option<Unit> {
        let known = |header: &[String]| {
            self.system.find(header, unit.query).is_ok()
                || self.table.find(header, unit.query).is_ok()
        };
        let inherited = unit.header.len().checked_sub(unit.written)?;
        if !self.dialect.from_root || inherited == 0 || known(&unit.header) {
            return None;
        }
        let header = &unit.header[inherited..];
        known(header).then(|| Unit {
            header: header.to_vec(),
            ..unit.clone()
        })
    }

    fn own(&mut self, unit: &Unit, field: &mut Field) -> Outcome {
        let found = self.table.find(&unit.header, unit.query);
        if unit.query && self.dialect.groups && unit.params.is_empty() {
            // what is one setting is answered as one
            let least = match &found {
                Ok(found) if found.open => 2,
                Ok(_) => usize::MAX,
                Err(_) => 1,
            };
            if least < usize::MAX {
                let below = self.table.below(&unit.header, &Of(&self.device));
                if below.len() >= least {
                    return self.group(&below, field);
                }
            }
        }
        let found = found.map_err(|fault| {
            let long = |node: &String| node.len() > self.dialect.longest_mnemonic;
            if fault == fault::UNDEFINED_HEADER && unit.header.iter().any(long) {
                fault::MNEMONIC_TOO_LONG
            } else {
                fault
            }
        })?;
        let call = Call {
            query: unit.query,
            suffixes: &found.suffixes,
            word: found.word,
            params: Params::new(&unit.params),
        };
        let reply = self.device.execute(found.command, &call, field)?;
        Ok(self.headed(&found.short, &found.long, unit.query, reply))
    }

    /// Every setting below a node, as one reply whose headers go on from one another as those of a
    /// program message do (IEEE 488.2, appendix A).
    fn group(&mut self, below: &[Matched<D::Command>], field: &mut Field) -> Outcome {
        let mut parts: Vec<String> = Vec::with_capacity(below.len());
        let mut path = String::new();
        for found in below {
            let call = Call {
                query: true,
                suffixes: &found.suffixes,
                word: found.word,
                params: Params::new(&[]),
            };
            let Reply::Text(text) = self.device.execute(found.command, &call, field)? else {
                continue;
            };
            let header = match self.device.reply_header() {
                ReplyHeader::Off => {
                    parts.push(text);
                    continue;
                }
                ReplyHeader::Short => &found.short,
                ReplyHeader::Long => &found.long,
            };
            let shown = match header.strip_prefix(&path) {
                Some(rest) if !path.is_empty() => rest,
                Some(_) | None => header,
            };
            parts.push(format!("{shown} {text}"));
            path = header[..=header.rfind(':').unwrap_or_default()].to_owned();
        }
        Ok(Reply::Text(parts.join(";")))
    }

    fn headed(&self, short: &str, long: &str, query: bool, reply: Reply) -> Reply {
        match (self.device.reply_header(), query) {
            (ReplyHeader::Off, _) | (_, false) => reply,
            (ReplyHeader::Short, true) => with_header(short, reply),
            (ReplyHeader::Long, true) => with_header(long, reply),
        }
    }

    /// Refuses a message that is too long.
    fn overrun(&mut self) {
        self.status.raise(fault::INPUT_OVERRUN);
    }
}

/// Members of the nodes of a device's commands.
struct Of<'a, D>(&'a D);

impl<D: ScpiDevice> Members<D::Command> for Of<'_, D> {
    fn numbers(&self, command: D::Command, node: &str) -> u32 {
        self.0.members(command, node)
    }

    fn distinct(&self, command: D::Command) -> bool {
        self.0.distinct(command)
    }

    fn listed(&self, command: D::Command) -> bool {
        self.0.listed(command)
    }
}

fn with_header(header: &str, reply: Reply) -> Reply {
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
            let rest = &session.input[used..];
            let Some(length) = framing::end_of_message(rest, self.dialect.carriage_return_ends)
            else {
                break;
            };
            let line = used..used + length;
            used += length + 1;
            if std::mem::take(&mut session.discarding) {
                continue;
            }
            if length > LONGEST_MESSAGE {
                self.overrun();
                continue;
            }
            let text = framing::text(&session.input[line]);
            session.units.extend(message::units(&text));
            session.in_message = true;
        }
        session.input.drain(..used);
        if !session.waiting && !session.paused && session.input.len() > LONGEST_MESSAGE {
            if !session.discarding {
                session.discarding = true;
                self.overrun();
            }
            session.input.clear();
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.device.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.device.on_time(field);
        self.follow(field);
    }

    fn wire(&self) -> Wire {
        Wire::Scpi {
            terminator: self.dialect.terminator,
        }
    }

    fn status_byte(&mut self, field: &Field) -> u8 {
        self.follow(field);
        self.status.status_byte(false)
    }

    fn power_on(&mut self, field: &mut Field) {
        self.device.power_on(field);
        self.follow(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        self.device.takes(fault)
    }

    fn disturb(&mut self, what: Disturbance, field: &mut Field) {
        if let Some(entry) = self.device.disturb(what, field) {
            self.status.raise(entry);
        }
        self.follow(field);
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        self.device.set_points()
    }
}
