//! Modbus RTU: address, PDU, CRC. Silence marks the end of a frame on a real line; here the length
//! that the function code implies does, and a burst that does not fit is dropped without an answer.

use gridproof_plant::Nanos;

use super::pdu::{ModbusDevice, answer};
use crate::field::{Disturbance, Field, Instrument, MILLISECOND};
use crate::serve::Wire;
use crate::session::Session;

/// A frame that pauses for longer is dropped. Three and a half characters are 4 ms at 9600 baud, but
/// the bench's time may move in steps of up to a cycle between two pieces of one write.
const SILENCE: Nanos = 20 * MILLISECOND;
/// Longest RTU frame.
const LONGEST_FRAME: usize = 256;

/// CRC-16/MODBUS.
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |mut crc, &byte| {
        crc ^= u16::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xa001
            } else {
                crc >> 1
            };
        }
        crc
    })
}

/// A device behind Modbus RTU.
pub(crate) struct ModbusRtu<D> {
    device: D,
    unit: u8,
}

impl<D> ModbusRtu<D> {
    /// Serves `device` at an address.
    pub(crate) fn new(device: D, unit: u8) -> Self {
        Self { device, unit }
    }
}

/// Length of the frame that starts with `bytes`; `None` as long as it cannot be known.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    match *bytes.get(1)? {
        1..=6 | 8 => Some(8),
        15 | 16 => bytes.get(6).map(|&count| 9 + usize::from(count)),
        // what no device here has still has its length, so that it is refused in one piece
        7 | 11 | 12 | 17 => Some(4),
        20 | 21 => bytes.get(2).map(|&count| 5 + usize::from(count)),
        22 => Some(10),
        23 => bytes.get(10).map(|&count| 13 + usize::from(count)),
        24 => Some(6),
        43 => Some(7),
        // an unknown function: whatever has come so far
        _ => Some(bytes.len().max(4)),
    }
}

fn intact(frame: &[u8]) -> bool {
    frame.len() >= 4 && {
        let (body, sum) = frame.split_at(frame.len() - 2);
        crc(body).to_le_bytes() == *sum
    }
}

impl<D: ModbusDevice> Instrument for ModbusRtu<D> {
    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        if self.device.silent(field) {
            session.input.clear();
        }
        let (bytes, since) = session.unfinished;
        if bytes > 0 && field.now() > since + SILENCE {
            session.input.drain(..bytes.min(session.input.len()));
        }
        self.frames(session, field);
        session.unfinished = (session.input.len(), field.now());
    }

    fn next_event(&self) -> Option<Nanos> {
        self.device.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.device.on_time(field);
    }

    fn wire(&self) -> Wire {
        Wire::ModbusRtu { unit: self.unit }
    }

    fn disturb(&mut self, what: Disturbance, field: &mut Field) {
        if let Disturbance::Silence(silent) = what {
            self.device.silence(silent, field);
        }
    }
}

impl<D: ModbusDevice> ModbusRtu<D> {
    /// Answers the frames that are complete.
    fn frames(&mut self, session: &mut Session, field: &mut Field) {
        loop {
            let Some(length) = frame_length(&session.input) else {
                return;
            };
            if session.input.len() < length {
                if length > LONGEST_FRAME {
                    session.input.clear();
                }
                return;
            }
            if !intact(&session.input[..length]) {
                // garbage, or the remains of a cut frame: a whole frame at the end still counts
                let rest = (1..session.input.len()).find(|&from| {
                    let tail = &session.input[from..];
                    frame_length(tail) == Some(tail.len())
                        && matches!(tail[1], 1..=6 | 8 | 15 | 16)
                        && intact(tail)
                });
                match rest {
                    Some(from) => {
                        session.input.drain(..from);
                    }
                    None => {
                        session.input.clear();
                        return;
                    }
                }
                continue;
            }
            let frame: Vec<u8> = session.input.drain(..length).collect();
            let pdu = &frame[1..length - 2];
            // a new address counts from the next request
            let unit = self.device.unit().unwrap_or(self.unit);
            if frame[0] != unit && frame[0] != 0 {
                continue;
            }
            let reply = answer(pdu, &mut self.device, field);
            if frame[0] != 0 {
                let start = session.output.len();
                session.output.push(unit);
                session.output.extend_from_slice(&reply);
                let sum = crc(&session.output[start..]);
                session.output.extend_from_slice(&sum.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_of_the_published_example() {
        assert_eq!(crc(&[0x02, 0x07]), 0x1241);
        assert!(intact(&[0x02, 0x07, 0x41, 0x12]));
    }
}
