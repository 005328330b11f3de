//! Protocol data units: what is asked and what is answered, without framing.

use gridproof_plant::Nanos;

use crate::field::Field;

/// Exception codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exception {
    /// 1: illegal function.
    Function = 1,
    /// 2: illegal data address.
    Address = 2,
    /// 3: illegal data value.
    Value = 3,
    /// 4: the device could not carry it out.
    Failure = 4,
    /// 7: not permitted at present.
    NegativeAcknowledge = 7,
}

/// A well-formed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// FC 1.
    ReadCoils { start: u16, count: u16 },
    /// FC 2.
    ReadDiscretes { start: u16, count: u16 },
    /// FC 3.
    ReadHolding { start: u16, count: u16 },
    /// FC 4.
    ReadInput { start: u16, count: u16 },
    /// FC 5.
    WriteCoil { address: u16, on: bool },
    /// FC 6.
    WriteRegister { address: u16, value: u16 },
    /// FC 8, sub-function 0.
    Echo { data: u16 },
    /// FC 15.
    WriteCoils { start: u16, values: Vec<bool> },
    /// FC 16.
    WriteRegisters { start: u16, values: Vec<u16> },
}

/// A request to a device that has holding registers only.
pub(crate) enum Holding {
    /// FC 3.
    Read { start: u16, count: u16 },
    /// FC 6 and 16.
    Write { start: u16, values: Vec<u16> },
    /// FC 8.
    Echo,
}

impl Request {
    /// The request to holding registers; exception 1 for any other function.
    pub(crate) fn holding(self) -> Result<Holding, Exception> {
        match self {
            Self::ReadHolding { start, count } => Ok(Holding::Read { start, count }),
            Self::WriteRegister { address, value } => Ok(Holding::Write {
                start: address,
                values: vec![value],
            }),
            Self::WriteRegisters { start, values } => Ok(Holding::Write { start, values }),
            Self::Echo { .. } => Ok(Holding::Echo),
            Self::ReadCoils { .. }
            | Self::ReadDiscretes { .. }
            | Self::ReadInput { .. }
            | Self::WriteCoil { .. }
            | Self::WriteCoils { .. } => Err(Exception::Function),
        }
    }
}

/// What a device answers; writes are echoed by the framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Response {
    /// Of FC 1 and 2.
    Bits(Vec<bool>),
    /// Of FC 3 and 4.
    Registers(Vec<u16>),
    /// Of every write.
    Written,
}

/// A device behind a Modbus server.
pub(crate) trait ModbusDevice {
    /// Function codes that it has; any other is exception 1, however it goes on.
    fn functions(&self) -> &'static [u8];
    /// Carries out a request.
    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception>;

    /// It is switched off and answers nothing.
    fn silent(&self, _field: &Field) -> bool {
        false
    }
    /// Nothing leaves it any more, or it does again.
    fn silence(&mut self, _silent: bool, _field: &mut Field) {}
    /// Its own bus address, where that can be changed.
    fn unit(&self) -> Option<u8> {
        None
    }
    /// When it next does something by itself.
    fn next_event(&self) -> Option<Nanos> {
        None
    }
    /// Does what is due now.
    fn on_time(&mut self, _field: &mut Field) {}
}

/// Reads `count` points from `start`; exception 2 when one of them does not exist.
pub(crate) fn each<T>(
    start: u16,
    count: u16,
    read: impl Fn(u16) -> Option<T>,
) -> Result<Vec<T>, Exception> {
    (0..count)
        .map(|n| start.checked_add(n).and_then(&read))
        .collect::<Option<_>>()
        .ok_or(Exception::Address)
}

/// The values of a write with their addresses. The parser has made sure that all exist.
pub(crate) fn addressed<T>(start: u16, values: Vec<T>) -> impl Iterator<Item = (u16, T)> {
    values
        .into_iter()
        .enumerate()
        .map(move |(n, value)| (start.wrapping_add(n as u16), value))
}

/// Exception 2 for points beyond address 65535.
fn in_range(start: u16, count: u16) -> Result<(), Exception> {
    if u32::from(start) + u32::from(count) <= 0x1_0000 {
        Ok(())
    } else {
        Err(Exception::Address)
    }
}

fn word(pdu: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*pdu.get(at)?, *pdu.get(at + 1)?]))
}

/// Parses a request; malformed counts are exception 3, unknown functions 1.
pub(crate) fn parse(pdu: &[u8]) -> Result<Request, Exception> {
    let function = *pdu.first().ok_or(Exception::Function)?;
    if !matches!(function, 1..=6 | 8 | 15 | 16) {
        return Err(Exception::Function);
    }
    let (Some(first), Some(second)) = (word(pdu, 1), word(pdu, 3)) else {
        return Err(Exception::Value);
    };
    let exact = |length: usize| {
        if pdu.len() == length {
            Ok(())
        } else {
            Err(Exception::Value)
        }
    };
    let counted = |most: u16| {
        if (1..=most).contains(&second) {
            Ok(())
        } else {
            Err(Exception::Value)
        }
    };
    match function {
        1 | 2 => {
            exact(5)?;
            counted(2000)?;
            in_range(first, second)?;
            let (start, count) = (first, second);
            Ok(if function == 1 {
                Request::ReadCoils { start, count }
            } else {
                Request::ReadDiscretes { start, count }
            })
        }
        3 | 4 => {
            exact(5)?;
            counted(125)?;
            in_range(first, second)?;
            let (start, count) = (first, second);
            Ok(if function == 3 {
                Request::ReadHolding { start, count }
            } else {
                Request::ReadInput { start, count }
            })
        }
        5 => {
            exact(5)?;
            match second {
                0xff00 => Ok(Request::WriteCoil {
                    address: first,
                    on: true,
                }),
                0 => Ok(Request::WriteCoil {
                    address: first,
                    on: false,
                }),
                _ => Err(Exception::Value),
            }
        }
        6 => exact(5).map(|()| Request::WriteRegister {
            address: first,
            value: second,
        }),
        8 => {
            exact(5)?;
            if first == 0 {
                Ok(Request::Echo { data: second })
            } else {
                Err(Exception::Function)
            }
        }
        _ => parse_multiple(pdu, function, first, second),
    }
}

fn parse_multiple(pdu: &[u8], function: u8, start: u16, count: u16) -> Result<Request, Exception> {
    let bytes = usize::from(*pdu.get(5).ok_or(Exception::Value)?);
    let data = pdu.get(6..).unwrap_or_default();
    let (most, expected) = if function == 15 {
        (1968, usize::from(count).div_ceil(8))
    } else {
        (123, 2 * usize::from(count))
    };
    if !(1..=most).contains(&count) || bytes != expected || data.len() != bytes {
        return Err(Exception::Value);
    }
    in_range(start, count)?;
    Ok(if function == 15 {
        let bit = |index: usize| data[index / 8] >> (index % 8) & 1 == 1;
        Request::WriteCoils {
            start,
            values: (0..usize::from(count)).map(bit).collect(),
        }
    } else {
        let values = data
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        Request::WriteRegisters { start, values }
    })
}

/// Answers one request PDU.
pub(crate) fn answer(pdu: &[u8], device: &mut impl ModbusDevice, field: &mut Field) -> Vec<u8> {
    let function = pdu.first().copied().unwrap_or(0);
    let outcome = if device.functions().contains(&function) {
        parse(pdu).and_then(|request| device.handle(request, field))
    } else {
        Err(Exception::Function)
    };
    match outcome {
        Ok(Response::Bits(bits)) => {
            let mut bytes = vec![0u8; bits.len().div_ceil(8)];
            for (index, _) in bits.iter().enumerate().filter(|(_, on)| **on) {
                bytes[index / 8] |= 1 << (index % 8);
            }
            let mut out = vec![function, bytes.len() as u8];
            out.extend(bytes);
            out
        }
        Ok(Response::Registers(registers)) => {
            let mut out = vec![function, (2 * registers.len()) as u8];
            out.extend(registers.iter().flat_map(|register| register.to_be_bytes()));
            out
        }
        Ok(Response::Written) => pdu[..5.min(pdu.len())].to_vec(),
        Err(exception) => vec![function | 0x80, exception as u8],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_requests() {
        assert_eq!(parse(&[]), Err(Exception::Function));
        assert_eq!(parse(&[7]), Err(Exception::Function));
        assert_eq!(parse(&[3, 0, 0, 0, 126]), Err(Exception::Value));
        assert_eq!(parse(&[3, 0, 0, 0, 0]), Err(Exception::Value));
        assert_eq!(parse(&[5, 0, 0, 0x12, 0]), Err(Exception::Value));
        assert_eq!(parse(&[16, 0, 0, 0, 2, 4, 0, 1]), Err(Exception::Value));
        assert_eq!(parse(&[3, 0]), Err(Exception::Value));
    }

    #[test]
    fn coils_are_packed_from_the_low_bit() {
        let request = parse(&[15, 0, 0x10, 0, 6, 1, 0b10_0101]);
        let values = vec![true, false, true, false, false, true];
        assert_eq!(
            request,
            Ok(Request::WriteCoils {
                start: 0x10,
                values
            })
        );
    }
}
