//! A low-voltage battery on a CAN bus, as its management system reports it once a second.
//!
//! The bus is reached through an adapter with the Lawicel ASCII protocol (`slcan`): every
//! connection is one adapter, all adapters are nodes of the same bus.

mod frames;
mod report;
pub(crate) mod slcan;

use std::collections::VecDeque;

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;

use self::report::Report;
use self::slcan::{Adapter, Frame};
use crate::field::{Disturbance, Field, Instrument, SECOND};
use crate::serve::Wire;
use crate::session::Session;

pub(crate) use self::report::Pack;

/// Period of the reports.
const PERIOD: Nanos = SECOND;
/// Frames the bus remembers for adapters that have not collected them yet.
const MEMORY: usize = 1024;
/// Identifier with which a Growatt inverter asks for the reports.
const GROWATT_POLL: u32 = 0x301;

/// Whose frames the battery sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Pylontech low voltage.
    Pylontech,
    /// Growatt low voltage.
    Growatt,
}

/// A frame on the bus: its number, the adapter that sent it (none: the battery), the frame.
type Heard = (u64, Option<u64>, Frame);

/// The battery and its bus.
#[derive(Debug)]
pub(crate) struct Bms {
    protocol: Protocol,
    pack: Pack,
    bus: VecDeque<Heard>,
    sent: u64,
    adapters: u64,
    next: Nanos,
    /// A fault keeps it from sending, to the DUT as to every adapter.
    silent: bool,
}

impl Bms {
    /// Reports from one period after power-on.
    pub(crate) fn new(protocol: Protocol, pack: Pack) -> Self {
        Self {
            protocol,
            pack,
            bus: VecDeque::new(),
            sent: 0,
            adapters: 0,
            next: PERIOD,
            silent: false,
        }
    }

    fn put(&mut self, from: Option<u64>, frame: Frame) {
        self.sent += 1;
        self.bus.push_back((self.sent, from, frame));
        if self.bus.len() > MEMORY {
            self.bus.pop_front();
        }
    }

    fn report(&mut self, field: &Field) {
        let Some(report) = Report::of(&self.pack, field).filter(|_| !self.silent) else {
            return;
        };
        let frames = match self.protocol {
            Protocol::Pylontech => frames::pylontech(&report),
            Protocol::Growatt => frames::growatt(&report),
        };
        for frame in frames {
            self.put(None, frame);
        }
    }

    /// What this adapter has not heard yet.
    fn deliver(&mut self, session: &mut Session) {
        let own = session.adapter.number;
        for (number, from, frame) in &self.bus {
            if *number > session.adapter.heard && *from != own {
                session.adapter.hear(frame, &mut session.output);
            }
        }
        session.adapter.heard = self.sent;
    }
}

impl Instrument for Bms {
    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        if session.adapter.number.is_none() {
            self.adapters += 1;
            session.adapter = Adapter::new(self.adapters, self.sent);
        }
        let mut taken = Vec::new();
        session
            .adapter
            .take(&mut session.input, &mut session.output, &mut taken);
        for frame in taken {
            self.put(session.adapter.number, frame);
            if self.protocol == Protocol::Growatt && frame.id == GROWATT_POLL && !frame.extended {
                self.report(field);
                self.next = field.now() + PERIOD;
            }
        }
        self.deliver(session);
        session.listening = session.adapter.open();
    }

    fn next_event(&self) -> Option<Nanos> {
        Some(self.next)
    }

    fn on_time(&mut self, field: &mut Field) {
        if field.now() >= self.next {
            self.report(field);
            self.next = field.now() + PERIOD;
        }
    }

    fn wire(&self) -> Wire {
        Wire::Slcan
    }

    fn disturb(&mut self, what: Disturbance, field: &mut Field) {
        if let Disturbance::Silence(silent) = what {
            self.silent = silent;
            field.plant.apply(Input::BmsSilence(silent));
        }
    }
}
