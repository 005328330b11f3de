//! The module's network interface: Modbus TCP, and ASCII commands in datagrams.

use gridproof_plant::Nanos;

use super::{Adam6060, ascii};
use crate::field::{Field, Instrument};
use crate::modbus::tcp::ModbusTcp;
use crate::serve::Wire;
use crate::session::{Session, Spoken};

/// Both protocols in front of one module.
pub(crate) struct Adam6060Port {
    modbus: ModbusTcp<Adam6060>,
}

impl Adam6060Port {
    /// Of a module as after power-on.
    pub(crate) fn new(module: Adam6060) -> Self {
        Self {
            modbus: ModbusTcp::new(module, None),
        }
    }
}

impl Instrument for Adam6060Port {
    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        match session.spoken {
            Some(Spoken::Datagrams) => {
                let datagram = std::mem::take(&mut session.input);
                let reply = ascii::answer(self.modbus.device(), &datagram, field.now());
                session.output.extend(reply.unwrap_or_default());
            }
            Some(Spoken::Scpi | Spoken::Modbus) | None => self.modbus.receive(session, field),
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.modbus.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.modbus.on_time(field);
    }

    fn wire(&self) -> Wire {
        self.modbus.wire()
    }

    fn datagrams(&self) -> Option<Wire> {
        Some(Wire::AdamAscii)
    }
}
