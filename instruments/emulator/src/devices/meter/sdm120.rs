//! Eastron SDM120: floats in W and kWh by function 4, settings by functions 3 and 16, most of them floats.
//! A request for floats must start at an even register and name an even number of them.
//!
//! Settings, their values and defaults are those of the maker's protocol document as public inventories for
//! home automation list them. Whole blocks of them are read at once by the public package sdm_modbus, so
//! that registers between settings read 0. Demands, which take an hour to form, read 0 as well.

use gridproof_plant::Nanos;

use super::{Measuring, Values, word};
use crate::field::Field;
use crate::modbus::pdu::each;
use crate::modbus::{Exception, ModbusDevice, Request, Response};

/// Behind the last input register.
const END: u16 = 0x015a;
/// Settings of one register, no floats, are from here on.
const WORDS: u16 = 0xf900;
/// Serial number, two registers; code of the model; software version (any numbers of the right size).
const SERIAL: u32 = 23_010_120;
const CODE: u16 = 0x0020;
const VERSION: u16 = 0x0204;

/// A setting: first register, what it may be, what it is when it leaves the maker.
struct Row {
    address: u16,
    choices: std::ops::RangeInclusive<u16>,
    /// Of these, where only some can be set.
    some: &'static [u16],
    default: u16,
}

const fn row(address: u16, choices: std::ops::RangeInclusive<u16>, default: u16) -> Row {
    Row {
        address,
        choices,
        some: &[],
        default,
    }
}

const UNIT: usize = 2;
const MODE: usize = 7;
/// Width of a pulse in ms; parity and stop bits; address; baud (0 2400, 1 4800, 2 9600, 5 1200); energy
/// that the pulse counts; time of a page on the display in s; kWh per pulse; what the total energy is (1
/// import, 2 import and export, 3 import less export).
static ROWS: [Row; 8] = [
    Row {
        some: &[60, 100, 200],
        ..row(0x0c, 60..=200, 100)
    },
    row(0x12, 0..=3, 0),
    row(0x14, 1..=247, 1),
    Row {
        some: &[0, 1, 2, 5],
        ..row(0x1c, 0..=5, 2)
    },
    Row {
        some: &[1, 2, 4, 5, 6, 8],
        ..row(0x56, 1..=8, 4)
    },
    row(0xf900, 0..=30, 0),
    row(0xf910, 0..=3, 0),
    row(0xf920, 1..=3, 2),
];

impl Row {
    fn takes(&self, value: u16) -> bool {
        self.choices.contains(&value) && (self.some.is_empty() || self.some.contains(&value))
    }
}

/// The meter.
#[derive(Debug)]
pub(crate) struct Sdm120 {
    measuring: Measuring,
    /// By row.
    settings: [u16; ROWS.len()],
}

/// An input parameter by its first register; parameters that this meter lacks read 0. `mode` tells what
/// the total energies are.
fn input(values: &Values, mode: u16, address: u16) -> Option<u16> {
    let total = |import: f64, export: f64| match mode {
        1 => import,
        3 => import - export,
        _ => import + export,
    };
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
        0x0156 => total(values.import_kwh, values.export_kwh),
        0x0158 => total(values.import_kvarh, values.export_kvarh),
        other if other < END => 0.0,
        _ => return None,
    };
    Some(word(value, address & 1 == 1))
}

impl Sdm120 {
    /// At a bus address.
    pub(crate) fn new(unit: u8) -> Self {
        let mut settings = ROWS.each_ref().map(|row| row.default);
        settings[UNIT] = unit.into();
        Self {
            measuring: Measuring::default(),
            settings,
        }
    }

    fn holding(&self, address: u16) -> Option<u16> {
        let first = if address < WORDS {
            address & !1
        } else {
            address
        };
        if let Some(row) = ROWS.iter().position(|row| row.address == first) {
            let value = self.settings[row];
            return Some(if address < WORDS {
                word(f64::from(value), address & 1 == 1)
            } else {
                value
            });
        }
        match address {
            0xfc00 => Some((SERIAL >> 16) as u16),
            0xfc01 => Some(SERIAL as u16),
            0xfc02 => Some(CODE),
            0xfc03 => Some(VERSION),
            0x0000..=0x0057 | 0xf900..=0xf931 | 0xfc04 => Some(0),
            _ => None,
        }
    }

    fn write(&mut self, start: u16, values: &[u16]) -> Result<(), Exception> {
        let row = ROWS.iter().position(|row| row.address == start);
        let row = row.ok_or(Exception::Address)?;
        let value = match *values {
            [high, low] if start < WORDS => {
                let value = f32::from_bits(u32::from(high) << 16 | u32::from(low));
                if value.fract() != 0.0 || !(0.0..=255.0).contains(&value) {
                    return Err(Exception::Value);
                }
                value as u16
            }
            [value] if start >= WORDS => value,
            _ => return Err(Exception::Address),
        };
        if !ROWS[row].takes(value) {
            return Err(Exception::Value);
        }
        self.settings[row] = value;
        Ok(())
    }
}

/// Requests of whole floats only.
fn even(start: u16, count: u16) -> Result<(), Exception> {
    if start >= WORDS || start.is_multiple_of(2) && count.is_multiple_of(2) {
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
                let mode = self.settings[MODE];
                each(start, count, |address| input(&values, mode, address)).map(Response::Registers)
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
        u8::try_from(self.settings[UNIT]).ok()
    }

    fn next_event(&self) -> Option<Nanos> {
        Some(self.measuring.next_event())
    }

    fn on_time(&mut self, field: &mut Field) {
        self.measuring.on_time(field);
    }
}
