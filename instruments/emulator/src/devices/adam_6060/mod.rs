//! Advantech ADAM-6060: six inputs, six relays over Modbus TCP and over ASCII commands in datagrams;
//! relays close in 7 ms, open in 3 ms.

mod ascii;
mod port;

use gridproof_plant::Nanos;

use crate::field::{Field, MILLISECOND};
use crate::modbus::pdu::each;
use crate::modbus::{Exception, ModbusDevice, Request, Response};

pub(crate) use port::Adam6060Port;

/// Coil to contact closed.
const CLOSE: Nanos = 7 * MILLISECOND;
/// Coil to contact open.
const OPEN: Nanos = 3 * MILLISECOND;
/// PDU address of relay 0.
const RELAYS: u16 = 0x10;
/// Inputs, and relays.
const POINTS: u16 = 6;
const INPUT_WORD: u16 = 0x012c;
const RELAY_WORD: u16 = 0x012e;
const NAME: u16 = 0x00d2;
const VERSION: u16 = 0x00d4;
/// The model number, a digit in each four bits.
const MODEL: u16 = 0x6060;
/// Version of the firmware: 5.00, its digits likewise.
const FIRMWARE: u16 = 0x0500;

/// The relay module.
#[derive(Debug)]
pub(crate) struct Adam6060 {
    name: String,
    /// Pairs of DRM pins each relay shorts.
    wiring: Vec<(u8, (u8, u8))>,
    commanded: [bool; POINTS as usize],
    contacts: [bool; POINTS as usize],
    pending: Vec<(Nanos, usize, bool)>,
    /// Internal flags of the module's conditional logic, flag 0 in the lowest bit.
    flags: u16,
}

impl Adam6060 {
    /// `wiring` lists (relay, pins).
    pub(crate) fn new(name: &str, wiring: Vec<(u8, (u8, u8))>) -> Self {
        Self {
            name: name.to_owned(),
            wiring,
            commanded: [false; POINTS as usize],
            contacts: [false; POINTS as usize],
            pending: Vec::new(),
            flags: 0,
        }
    }

    /// An input; nothing on the bench is wired to one.
    fn input(&self, input: u16) -> Option<bool> {
        (input < POINTS).then_some(false)
    }

    /// Pulses counted at an input.
    fn counter(&self, input: u16) -> Option<u32> {
        (input < POINTS).then_some(0)
    }

    fn command(&mut self, relay: usize, on: bool, now: Nanos) {
        if self.commanded[relay] == on {
            return;
        }
        self.commanded[relay] = on;
        // a coil switched back before its contact moved cancels the movement
        self.pending.retain(|pending| pending.1 != relay);
        if self.contacts[relay] != on {
            self.pending
                .push((now + if on { CLOSE } else { OPEN }, relay, on));
        }
    }

    fn coil(&self, address: u16) -> Option<bool> {
        match address {
            0..POINTS => self.input(address),
            _ => address
                .checked_sub(RELAYS)
                .and_then(|relay| self.commanded.get(usize::from(relay)).copied()),
        }
    }

    fn register(&self, address: u16) -> Option<u16> {
        let word = |bits: &[bool]| {
            bits.iter()
                .enumerate()
                .map(|(n, &on)| u16::from(on) << n)
                .sum()
        };
        match address {
            // counters of the inputs, two registers each, the low word first
            0..=11 => self
                .counter(address / 2)
                .map(|count| (count >> (16 * (address % 2))) as u16),
            NAME => Some(MODEL),
            VERSION => Some(FIRMWARE),
            0x00d3 | 0x00d5 | INPUT_WORD => Some(0),
            RELAY_WORD => Some(word(&self.commanded)),
            _ => None,
        }
    }

    fn write_coils(
        &mut self,
        start: u16,
        values: &[bool],
        now: Nanos,
    ) -> Result<Response, Exception> {
        let first = start.checked_sub(RELAYS).ok_or(Exception::Address)?;
        if usize::from(first) + values.len() > usize::from(POINTS) {
            return Err(Exception::Address);
        }
        for (offset, &on) in values.iter().enumerate() {
            self.command(usize::from(first) + offset, on, now);
        }
        Ok(Response::Written)
    }

    fn write_word(
        &mut self,
        address: u16,
        values: &[u16],
        now: Nanos,
    ) -> Result<Response, Exception> {
        if address != RELAY_WORD || values.len() != 1 {
            return Err(Exception::Address);
        }
        match self.command_all(values[0], now) {
            Some(()) => Ok(Response::Written),
            None => Err(Exception::Value),
        }
    }

    /// Every relay from a word, relay 0 in its lowest bit; `None` when it tells of relays that are
    /// not there.
    fn command_all(&mut self, word: u16, now: Nanos) -> Option<()> {
        if word >> POINTS != 0 {
            return None;
        }
        for relay in 0..usize::from(POINTS) {
            self.command(relay, word >> relay & 1 == 1, now);
        }
        Some(())
    }
}

impl ModbusDevice for Adam6060 {
    fn functions(&self) -> &'static [u8] {
        &[1, 2, 3, 4, 5, 6, 8, 15, 16]
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        let now = field.now();
        match request {
            Request::ReadCoils { start, count } => {
                each(start, count, |a| self.coil(a)).map(Response::Bits)
            }
            Request::ReadDiscretes { start, count } => {
                each(start, count, |a| self.input(a)).map(Response::Bits)
            }
            Request::ReadHolding { start, count } | Request::ReadInput { start, count } => {
                each(start, count, |a| self.register(a)).map(Response::Registers)
            }
            Request::WriteCoil { address, on } => self.write_coils(address, &[on], now),
            Request::WriteCoils { start, values } => self.write_coils(start, &values, now),
            Request::WriteRegister { address, value } => self.write_word(address, &[value], now),
            Request::WriteRegisters { start, values } => self.write_word(start, &values, now),
            Request::Echo { .. } => Ok(Response::Written),
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.pending.iter().map(|pending| pending.0).min()
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        let contacts = &mut self.contacts;
        let mut moved = false;
        self.pending.retain(|&(due, relay, on)| {
            if due <= now {
                contacts[relay] = on;
                moved = true;
            }
            due > now
        });
        if moved {
            let closed = |relay: u8| self.contacts.get(usize::from(relay)) == Some(&true);
            let pairs = self
                .wiring
                .iter()
                .filter(|(relay, _)| closed(*relay))
                .map(|&(_, pins)| pins)
                .collect();
            field.short_pins(&self.name, pairs);
        }
    }
}
