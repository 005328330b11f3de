//! Eastron SDM120: floats in W and kWh by function 4, settings as floats by functions 3 and 16.
//! A request must start at an even register and name an even number of them.

use gridproof_plant::Nanos;

use super::{Measuring, Values, word};
use crate::field::Field;
use crate::modbus::pdu::each;
use crate::modbus::{Exception, ModbusDevice, Request, Response};

const UNIT: u16 = 0x14;
const BAUD: u16 = 0x1c;
/// Behind the last input register.
const END: u16 = 0x015a;

/// The meter.
#[derive(Debug)]
pub(crate) struct Sdm120 {
    measuring: Measuring,
    unit: u8,
    /// 0 2400, 1 4800, 2 9600, 5 1200.
    baud: u8,
}

/// An input parameter by its first register; parameters that this meter lacks read 0.
fn input(values: &Values, address: u16) -> Option<u16> {
    let value = match address & !1 {
        0x0000 => values.volts,
        0x0006 => values.amps,
        0x000c => values.watts,
        0x0012 => values.va,
        0x0018 => values.vars,
        0x001e => values.factor,
        0x0046 => values.hz,
        0x0048 => values.import_kwh,
        0x004a => values.export_kwh,
        0x004c => values.import_kvarh,
        0x004e => values.export_kvarh,
        0x0156 => values.import_kwh + values.export_kwh,
        0x0158 => values.import_kvarh + values.export_kvarh,
        other if other < END => 0.0,
        _ => return None,
    };
    Some(word(value, address & 1 == 1))
}

impl Sdm120 {
    /// At a bus address.
    pub(crate) fn new(unit: u8) -> Self {
        Self {
            measuring: Measuring::default(),
            unit,
            baud: 2,
        }
    }

    fn holding(&self, address: u16) -> Option<u16> {
        let value = match address & !1 {
            UNIT => self.unit,
            BAUD => self.baud,
            _ => return None,
        };
        Some(word(f64::from(value), address & 1 == 1))
    }

    fn write(&mut self, start: u16, values: &[u16]) -> Result<(), Exception> {
        let &[high, low] = values else {
            return Err(Exception::Address);
        };
        let value = f32::from_bits(u32::from(high) << 16 | u32::from(low));
        let whole = |most: f32| {
            if value.fract() == 0.0 && (0.0..=most).contains(&value) {
                Ok(value as u8)
            } else {
                Err(Exception::Value)
            }
        };
        match start {
            UNIT => match whole(247.0)? {
                0 => return Err(Exception::Value),
                unit => self.unit = unit,
            },
            BAUD => match whole(5.0)? {
                3 | 4 => return Err(Exception::Value),
                baud => self.baud = baud,
            },
            _ => return Err(Exception::Address),
        }
        Ok(())
    }
}

/// Requests of whole numbers only.
fn even(start: u16, count: u16) -> Result<(), Exception> {
    if start.is_multiple_of(2) && count.is_multiple_of(2) {
        Ok(())
    } else {
        Err(Exception::Address)
    }
}

impl ModbusDevice for Sdm120 {
    fn functions(&self) -> &'static [u8] {
        &[3, 4, 16]
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request {
            Request::ReadInput { start, count } => {
                even(start, count)?;
                let values = self.measuring.values(field);
                each(start, count, |address| input(&values, address)).map(Response::Registers)
            }
            Request::ReadHolding { start, count } => {
                even(start, count)?;
                each(start, count, |address| self.holding(address)).map(Response::Registers)
            }
            Request::WriteRegisters { start, values } => {
                self.write(start, &values)?;
                Ok(Response::Written)
            }
            Request::ReadCoils { .. }
            | Request::ReadDiscretes { .. }
            | Request::WriteCoil { .. }
            | Request::WriteRegister { .. }
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
