//! Chint DDSU666: floats in kW and kWh by function 3, settings by functions 6 and 16.

use gridproof_plant::Nanos;

use super::{Measuring, Values, word};
use crate::field::Field;
use crate::modbus::pdu::{addressed, each};
use crate::modbus::{Exception, ModbusDevice, Request, Response};

/// Writing 1 clears the energies.
const CLEAR: u16 = 0x0002;
const PROTOCOL: u16 = 0x0005;
const ADDRESS: u16 = 0x0006;
const BAUD: u16 = 0x000c;

/// The meter.
#[derive(Debug)]
pub(crate) struct Ddsu666 {
    measuring: Measuring,
    unit: u8,
    /// 0 1200, 1 2400, 2 4800, 3 9600.
    baud: u16,
    /// 1 DL/T 645, 2 Modbus with two stop bits, 3 Modbus with one.
    protocol: u16,
}

impl Ddsu666 {
    /// At a bus address.
    pub(crate) fn new(unit: u8) -> Self {
        Self {
            measuring: Measuring::default(),
            unit,
            baud: 3,
            protocol: 3,
        }
    }

    fn register(&self, values: &Values, address: u16) -> Option<u16> {
        let value = match address & !1 {
            0x2000 => values.volts,
            0x2002 => values.amps,
            0x2004 => values.watts * 1e-3,
            0x2006 => values.vars * 1e-3,
            0x2008 => values.va * 1e-3,
            0x200a => values.factor,
            0x200e => values.hz,
            // reserved between and behind
            0x200c | 0x2010 | 0x4002..=0x4008 => 0.0,
            // where the -H variant has the apparent power
            0x2012 => values.va * 1e-3,
            0x4000 => values.import_kwh,
            0x400a => values.export_kwh,
            _ => return self.setting(address),
        };
        Some(word(value, address & 1 == 1))
    }

    fn setting(&self, address: u16) -> Option<u16> {
        Some(match address {
            0x0000 => 101,
            0x0001 => 701,
            PROTOCOL => self.protocol,
            ADDRESS => u16::from(self.unit),
            BAUD => self.baud,
            0x0002..=0x000b => 0,
            _ => return None,
        })
    }

    fn write(&mut self, address: u16, value: u16) -> Result<(), Exception> {
        match (address, value) {
            (CLEAR, 1) => self.measuring.clear(),
            (PROTOCOL, 1..=3) => self.protocol = value,
            (ADDRESS, 1..=247) => self.unit = value as u8,
            (BAUD, 0..=3) => self.baud = value,
            (CLEAR | PROTOCOL | ADDRESS | BAUD, _) => return Err(Exception::Value),
            _ => return Err(Exception::Address),
        }
        Ok(())
    }
}

impl ModbusDevice for Ddsu666 {
    fn functions(&self) -> &'static [u8] {
        &[3, 6, 16]
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request {
            Request::ReadHolding { start, count } => {
                let values = self.measuring.values(field);
                each(start, count, |address| self.register(&values, address))
                    .map(Response::Registers)
            }
            Request::WriteRegister { address, value } => {
                self.write(address, value)?;
                Ok(Response::Written)
            }
            Request::WriteRegisters { start, values } => {
                for (address, value) in addressed(start, values) {
                    self.write(address, value)?;
                }
                Ok(Response::Written)
            }
            Request::ReadInput { .. }
            | Request::ReadCoils { .. }
            | Request::ReadDiscretes { .. }
            | Request::WriteCoil { .. }
            | Request::WriteCoils { .. }
            | Request::Echo { .. } => Err(Exception::Function),
        }
    }

    fn silent(&self, _field: &Field) -> bool {
        self.measuring.silent()
    }

    fn silence(&mut self, silent: bool, field: &mut Field) {
        self.measuring.silence(silent, field);
    }

    fn unit(&self) -> Option<u8> {
        Some(self.unit)
    }

    fn next_event(&self) -> Option<Nanos> {
        Some(self.measuring.next_event())
    }

    fn on_time(&mut self, field: &mut Field) {
        self.measuring.on_time(field);
    }
}
