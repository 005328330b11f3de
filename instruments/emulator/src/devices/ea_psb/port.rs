//! The PSB's network port: SCPI and Modbus TCP on one listener.

use std::cell::RefCell;
use std::rc::Rc;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;

use super::EaPsb;
use super::modbus::EaPsbModbus;
use super::scpi::EaPsbScpi;
use crate::field::{Disturbance, Field, Instrument};
use crate::modbus::tcp::ModbusTcp;
use crate::scpi::ScpiInstrument;
use crate::scpi::engine::Dialect;
use crate::serve::Wire;
use crate::session::{Session, Spoken};

/// Where the protocol identifier of a Modbus TCP header ends; it is 0, and SCPI has no NUL.
const IDENTIFIED: usize = 4;

/// Both protocols in front of one unit. Time and faults go through the SCPI side, which keeps the
/// status registers.
pub(crate) struct EaPsbPort {
    scpi: ScpiInstrument<EaPsbScpi>,
    modbus: ModbusTcp<EaPsbModbus>,
}

impl EaPsbPort {
    /// Of a unit as after power-on.
    pub(crate) fn new(seed: u64, name: &str, field: &Field) -> Self {
        let unit = Rc::new(RefCell::new(EaPsb::new(seed, name)));
        Self {
            scpi: ScpiInstrument::new(EaPsbScpi::new(Rc::clone(&unit)), field),
            modbus: ModbusTcp::new(EaPsbModbus::new(unit), None),
        }
    }
}

/// What a connection that begins like this speaks; `None` when more bytes must come to tell.
fn spoken(input: &[u8]) -> Option<Spoken> {
    match input.get(2..IDENTIFIED) {
        Some([0, 0]) => Some(Spoken::Modbus),
        Some(_) => Some(Spoken::Scpi),
        None if input.ends_with(b"\n") && !input.contains(&0) => Some(Spoken::Scpi),
        None => None,
    }
}

impl Instrument for EaPsbPort {
    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        session.spoken = session.spoken.or_else(|| spoken(&session.input));
        match session.spoken {
            Some(Spoken::Scpi) => self.scpi.receive(session, field),
            Some(Spoken::Modbus) => self.modbus.receive(session, field),
            Some(Spoken::Datagrams) | None => {}
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.scpi.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.scpi.on_time(field);
    }

    fn status_byte(&mut self, field: &Field) -> u8 {
        self.scpi.status_byte(field)
    }

    fn power_on(&mut self, field: &mut Field) {
        self.scpi.power_on(field);
    }

    fn wire(&self) -> Wire {
        Wire::ScpiOrModbus {
            terminator: Dialect::SCPI.terminator,
        }
    }

    fn takes(&self, fault: FaultKind) -> bool {
        self.scpi.takes(fault)
    }

    fn disturb(&mut self, what: Disturbance, field: &mut Field) {
        self.scpi.disturb(what, field);
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        self.scpi.set_points()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        assert_eq!(spoken(b"*IDN?\n"), Some(Spoken::Scpi));
        assert_eq!(spoken(b"V?\n"), Some(Spoken::Scpi));
        assert_eq!(spoken(b"\n"), Some(Spoken::Scpi));
        assert_eq!(spoken(b"*I"), None);
        // transaction 10, whose number holds a line feed
        assert_eq!(spoken(b"\0\n"), None);
        assert_eq!(spoken(b"\0\n\0\0\0\x06"), Some(Spoken::Modbus));
        assert_eq!(spoken(b"AB\0\0"), Some(Spoken::Modbus));
    }
}
