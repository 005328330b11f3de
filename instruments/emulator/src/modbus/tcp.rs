//! Modbus TCP: MBAP header, any number of requests per segment.

use gridproof_plant::Nanos;

use super::pdu::{ModbusDevice, answer};
use crate::field::{Field, Instrument};
use crate::serve::Wire;
use crate::session::Session;

/// A device behind Modbus TCP.
pub(crate) struct ModbusTcp<D> {
    device: D,
    /// `None` answers every unit; otherwise other units than this, 0 and 255 get exception 11.
    unit: Option<u8>,
}

impl<D> ModbusTcp<D> {
    /// Serves `device`.
    pub(crate) fn new(device: D, unit: Option<u8>) -> Self {
        Self { device, unit }
    }

    /// The device, for what else it speaks.
    pub(crate) fn device(&mut self) -> &mut D {
        &mut self.device
    }
}

impl<D: ModbusDevice> Instrument for ModbusTcp<D> {
    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        if self.device.silent(field) {
            session.input.clear();
        }
        let mut used = 0;
        while let Some(header) = session.input.get(used..used + 7) {
            let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
            if header[2..4] != [0, 0] || !(2..=254).contains(&length) {
                // not Modbus: nothing after this can be framed any more
                used = session.input.len();
                break;
            }
            let header: [u8; 7] = [header[0], header[1], 0, 0, header[4], header[5], header[6]];
            let Some(pdu) = session.input.get(used + 7..used + 6 + length) else {
                break;
            };
            used += 6 + length;
            let reply = match self.device.unit().or(self.unit) {
                Some(unit) if ![unit, 0, 255].contains(&header[6]) => vec![pdu[0] | 0x80, 11],
                Some(_) | None => answer(pdu, &mut self.device, field),
            };
            session.output.extend_from_slice(&header[..4]);
            session
                .output
                .extend_from_slice(&(reply.len() as u16 + 1).to_be_bytes());
            session.output.push(header[6]);
            session.output.extend_from_slice(&reply);
        }
        session.input.drain(..used);
    }

    fn next_event(&self) -> Option<Nanos> {
        self.device.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.device.on_time(field);
    }

    fn wire(&self) -> Wire {
        Wire::ModbusTcp { unit: self.unit }
    }
}
