//! Registers and coils of the PSB. 0xCCCC stands for 100 % of a nominal value.

use std::cell::RefCell;
use std::rc::Rc;

use super::state::{Control, Protection, Psb, Refusal, Regulation, Setting, Side, Terminals};
use super::state::{NOMINAL_A, NOMINAL_OHM, NOMINAL_V, NOMINAL_W, PROTECTION_MOST, SET_MOST};
use super::{DEVICE_CLASS, EaPsb, FIRMWARE, MAKER, MODEL, SERIAL};
use crate::field::Field;
use crate::modbus::pdu::{addressed, each};
use crate::modbus::{Exception, ModbusDevice, Request, Response};

/// Steps of 100 %.
const FULL: f64 = 52_428.0;

const REMOTE: u16 = 402;
const OUTPUT: u16 = 405;
const POWER_UP: u16 = 407;
const RESISTANCE_MODE: u16 = 409;
const ACKNOWLEDGE: u16 = 411;

/// Set values by register.
const SETTINGS: [(u16, Setting); 5] = [
    (498, Setting::SinkWatts),
    (499, Setting::SinkAmps),
    (500, Setting::Volts),
    (501, Setting::SourceAmps),
    (502, Setting::SourceWatts),
];
/// Internal resistances, in parts of the largest.
const OHMS: [(u16, Side); 2] = [(503, Side::Source), (504, Side::Sink)];
const THRESHOLDS: [(u16, Protection); 3] = [
    (550, Protection::Volts),
    (553, Protection::SourceAmps),
    (556, Protection::SourceWatts),
];
/// Adjustment limits: register, set value, upper one.
const LIMITS: [(u16, Setting, bool); 5] = [
    (9000, Setting::Volts, true),
    (9001, Setting::Volts, false),
    (9002, Setting::SourceAmps, true),
    (9003, Setting::SourceAmps, false),
    (9004, Setting::SourceWatts, true),
];
/// Texts of 20 registers.
const TEXTS: [(u16, &str); 5] = [
    (1, MODEL),
    (21, MAKER),
    (131, "30000000"),
    (151, SERIAL),
    (171, FIRMWARE),
];

fn steps(value: f64, nominal: f64) -> u16 {
    (value / nominal * FULL).round().clamp(0.0, 65_535.0) as u16
}

fn value(steps: u16, nominal: f64) -> f64 {
    f64::from(steps) / FULL * nominal
}

fn find<T: Copy>(table: &[(u16, T)], address: u16) -> Option<T> {
    let entry = table.iter().find(|entry| entry.0 == address)?;
    Some(entry.1)
}

/// Words of a single-precision number, high word first.
fn float(value: f64, word: u16) -> u16 {
    let bits = (value as f32).to_bits();
    if word == 0 {
        (bits >> 16) as u16
    } else {
        bits as u16
    }
}

/// The 32 bits of registers 505 and 506: who controls (0–4), output (7), regulation (9–10), remote
/// (11), sinking (12), any alarm (15), and the alarms OVP, OCP, OPP (16–18).
fn state(psb: &Psb, at: Terminals) -> u32 {
    let control = match psb.control() {
        Control::Free => 0,
        Control::Ethernet => 6,
    };
    let regulation = match psb.regulation(at) {
        Regulation::Voltage => 0,
        Regulation::Resistance => 1,
        Regulation::Current => 2,
        Regulation::Power => 3,
    };
    let alarm = |source, sink| u32::from(psb.alarm(source) || psb.alarm(sink));
    control
        | u32::from(psb.output()) << 7
        | regulation << 9
        | u32::from(psb.control() != Control::Free) << 11
        | u32::from(at.amps < 0.0) << 12
        | u32::from(psb.alarmed()) << 15
        | u32::from(psb.alarm(Protection::Volts)) << 16
        | alarm(Protection::SourceAmps, Protection::SinkAmps) << 17
        | alarm(Protection::SourceWatts, Protection::SinkWatts) << 18
}

fn register(psb: &Psb, at: Terminals, address: u16) -> Option<u16> {
    if let Some(setting) = find(&SETTINGS, address) {
        return Some(steps(psb.get(setting), setting.nominal()));
    }
    if let Some(side) = find(&OHMS, address) {
        return Some(steps(psb.ohms(side), NOMINAL_OHM.1));
    }
    if let Some(protection) = find(&THRESHOLDS, address) {
        return Some(steps(psb.threshold(protection), protection.nominal()));
    }
    if let Some((_, setting, upper)) = LIMITS.iter().find(|limit| limit.0 == address) {
        let (least, most) = psb.limits(*setting);
        return Some(steps(if *upper { most } else { least }, setting.nominal()));
    }
    if let Some((first, text)) = TEXTS.iter().find(|t| (t.0..t.0 + 20).contains(&address)) {
        let byte = |n: u16| text.as_bytes().get(usize::from(n)).copied().unwrap_or(0);
        let n = 2 * (address - first);
        return Some(u16::from_be_bytes([byte(n), byte(n + 1)]));
    }
    let count = |source, sink| (psb.count(source) + psb.count(sink)).min(0xffff) as u16;
    Some(match address {
        0 => DEVICE_CLASS,
        121 | 122 => float(NOMINAL_V, address - 121),
        123 | 124 => float(NOMINAL_A, address - 123),
        125 | 126 => float(NOMINAL_W, address - 125),
        505 => (state(psb, at) >> 16) as u16,
        506 => state(psb, at) as u16,
        507 => steps(at.volts, NOMINAL_V),
        508 => steps(at.amps.abs(), NOMINAL_A),
        509 => steps(at.watts.abs(), NOMINAL_W),
        520 => psb.count(Protection::Volts).min(0xffff) as u16,
        521 => count(Protection::SourceAmps, Protection::SinkAmps),
        522 => count(Protection::SourceWatts, Protection::SinkWatts),
        // over-temperature and power failure do not happen here
        523 | 524 => 0,
        _ => return None,
    })
}

fn coil(psb: &Psb, address: u16) -> Option<bool> {
    match address {
        REMOTE => Some(psb.control() != Control::Free),
        OUTPUT => Some(psb.output()),
        POWER_UP => Some(false),
        RESISTANCE_MODE => Some(psb.resistance_mode()),
        ACKNOWLEDGE => Some(psb.alarmed()),
        _ => None,
    }
}

impl From<Refusal> for Exception {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotRemote => Self::NegativeAcknowledge,
            Refusal::OutOfRange => Self::Value,
            Refusal::Alarm | Refusal::Mode => Self::Failure,
        }
    }
}

fn write_coil(psb: &mut Psb, address: u16, on: bool) -> Result<(), Exception> {
    match (address, on) {
        (REMOTE, true) => psb.take(Control::Ethernet),
        (REMOTE, false) => psb.take(Control::Free),
        (OUTPUT, on) => psb.switch(on)?,
        // off after power-on is what it always does
        (POWER_UP, false) => {}
        (POWER_UP, true) => return Err(Exception::Failure),
        (RESISTANCE_MODE, on) => psb.set_resistance_mode(on)?,
        (ACKNOWLEDGE, true) => psb.acknowledge()?,
        (ACKNOWLEDGE, false) => return Err(Exception::Value),
        _ => return Err(Exception::Address),
    }
    Ok(())
}

/// The value of a word that may reach `most`; rounding up to the step of `most` itself is allowed.
fn bounded(word: u16, nominal: f64, most: f64) -> Result<f64, Exception> {
    if word > steps(most, nominal) {
        Err(Exception::Value)
    } else {
        Ok(value(word, nominal).min(most))
    }
}

fn write_register(psb: &mut Psb, address: u16, word: u16) -> Result<(), Exception> {
    if let Some(setting) = find(&SETTINGS, address) {
        let most = psb.limits(setting).1;
        return Ok(psb.set(setting, bounded(word, setting.nominal(), most)?)?);
    }
    if let Some(side) = find(&OHMS, address) {
        return Ok(psb.set_ohms(side, bounded(word, NOMINAL_OHM.1, NOMINAL_OHM.1)?)?);
    }
    if let Some(protection) = find(&THRESHOLDS, address) {
        let nominal = protection.nominal();
        let value = bounded(word, nominal, PROTECTION_MOST * nominal)?;
        return Ok(psb.protect(protection, value)?);
    }
    if let Some((_, setting, upper)) = LIMITS.iter().find(|limit| limit.0 == address) {
        let nominal = setting.nominal();
        let (least, most) = psb.limits(*setting);
        let value = bounded(word, nominal, SET_MOST * nominal)?;
        let limits = if *upper {
            (least, value)
        } else {
            (value, most)
        };
        return Ok(psb.limit(*setting, limits)?);
    }
    match register(psb, Terminals::default(), address) {
        // there, but not to be written
        Some(_) => Err(Exception::NegativeAcknowledge),
        None => Err(Exception::Address),
    }
}

/// The Modbus side of a unit. Its time is the port's business.
#[derive(Debug)]
pub(crate) struct EaPsbModbus {
    unit: Rc<RefCell<EaPsb>>,
}

impl EaPsbModbus {
    /// In front of a unit.
    pub(crate) fn new(unit: Rc<RefCell<EaPsb>>) -> Self {
        Self { unit }
    }
}

impl ModbusDevice for EaPsbModbus {
    fn functions(&self) -> &'static [u8] {
        &[1, 3, 5, 6, 15, 16]
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        let mut unit = self.unit.borrow_mut();
        let coils = |all: Vec<(u16, bool)>| {
            move |psb: &mut Psb| {
                all.into_iter()
                    .try_for_each(|(address, on)| write_coil(psb, address, on))
            }
        };
        let registers = |all: Vec<(u16, u16)>| {
            move |psb: &mut Psb| {
                all.into_iter()
                    .try_for_each(|(address, word)| write_register(psb, address, word))
            }
        };
        // a set of values is taken whole or not at all
        match request {
            Request::ReadCoils { start, count } => {
                return each(start, count, |address| coil(&unit.psb, address)).map(Response::Bits);
            }
            Request::ReadHolding { start, count } => {
                let at = unit.shown(field);
                return each(start, count, |address| register(&unit.psb, at, address))
                    .map(Response::Registers);
            }
            Request::WriteCoil { address, on } => unit.change(coils(vec![(address, on)]), field)?,
            Request::WriteRegister { address, value } => {
                unit.change(registers(vec![(address, value)]), field)?;
            }
            Request::WriteCoils { start, values } => {
                unit.change(coils(addressed(start, values).collect()), field)?;
            }
            Request::WriteRegisters { start, values } => {
                unit.change(registers(addressed(start, values).collect()), field)?;
            }
            Request::Echo { .. } | Request::ReadDiscretes { .. } | Request::ReadInput { .. } => {
                return Err(Exception::Function);
            }
        }
        Ok(Response::Written)
    }
}
