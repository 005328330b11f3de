//! The ASCII commands of the module (ADAM-6000 Series User Manual, 6.4.2 and 6.4.6).
//!
//! A command is a delimiter, the address (always 01), what to do, and CR. A valid one is answered
//! with `!01` or `>01`, one that cannot be carried out with `?01`; what is no command, or for another
//! address, with nothing. The manual's syntax tables have `>` alone behind `#01…`; its examples for
//! the ADAM-6200, and public clients of an ADAM-6052, have `>01`.

use gridproof_plant::Nanos;

use super::{Adam6060, FIRMWARE, MODEL, POINTS};

/// Address of every module of the series.
const ADDRESS: &[u8] = b"01";
/// Ends a command and a reply.
pub(super) const TERMINATOR: u8 = b'\r';
/// `!` and the address.
const VALUE: &str = "!01";
/// `>` and the address.
const DONE: &str = ">01";
/// `?` and the address.
const INVALID: &str = "?01";

/// What a datagram is answered with; nothing when there is no command for this module in it.
pub(super) fn answer(module: &mut Adam6060, datagram: &[u8], now: Nanos) -> Option<Vec<u8>> {
    let end = datagram.iter().position(|&byte| byte == TERMINATOR)?;
    let (delimiter, command) = datagram[..end].split_first()?;
    let command = std::str::from_utf8(command.strip_prefix(ADDRESS)?).ok()?;
    let reply = match delimiter {
        b'$' => read(module, command),
        b'#' => write(module, command, now).map(|()| DONE.to_owned()),
        _ => return None,
    };
    let mut reply = reply.unwrap_or_else(|| INVALID.to_owned()).into_bytes();
    reply.push(TERMINATOR);
    Some(reply)
}

fn read(module: &Adam6060, command: &str) -> Option<String> {
    match command {
        "M" => Some(format!("{VALUE}{MODEL:04X}")),
        "F" => Some(format!(
            "{VALUE} {:X}.{:02X}",
            FIRMWARE >> 8,
            FIRMWARE & 0xff
        )),
        // two digits that are reserved, then sixteen channels of which six are there
        "6" => {
            let inputs: u16 = (0..POINTS)
                .filter_map(|input| Some(u16::from(module.input(input)?) << input))
                .sum();
            Some(format!("{VALUE}00{inputs:04X}"))
        }
        "Vd" => Some(format!("{DONE}{:08X}", module.flags)),
        _ => counters(module, command.strip_prefix("JCFFFF")?),
    }
}

/// `ssmm`: the counters of `mm` inputs from `ss` on.
fn counters(module: &Adam6060, range: &str) -> Option<String> {
    let (start, count) = range.split_at_checked(2)?;
    let (start, count) = (hex(start, 2)? as u16, hex(count, 2)? as u16);
    if count == 0 {
        return None;
    }
    let mut reply = DONE.to_owned();
    for input in start..start + count {
        reply.push_str(&format!("{:08X}", module.counter(input)?));
    }
    Some(reply)
}

fn write(module: &mut Adam6060, command: &str, now: Nanos) -> Option<()> {
    if let Some(flags) = command.strip_prefix("Vd") {
        return write_flags(module, flags);
    }
    let (which, data) = command.split_at_checked(2)?;
    if which == "00" {
        let word = hex(data, 2).or_else(|| hex(data, 4))?;
        return module.command_all(word as u16, now);
    }
    let relay = hex(which.strip_prefix('1')?, 1)? as usize;
    let on = bit(hex(data, 2)?)?;
    if relay >= usize::from(POINTS) {
        return None;
    }
    module.command(relay, on, now);
    Some(())
}

/// `0000` and all flags, or `1` with the number of one and its value.
fn write_flags(module: &mut Adam6060, command: &str) -> Option<()> {
    let (which, value) = command.split_at_checked(4)?;
    let value = hex(value, 8)?;
    if which == "0000" {
        module.flags = u16::try_from(value).ok()?;
        return Some(());
    }
    let flag = hex(which.strip_prefix('1')?, 3)?;
    let mask = 1_u16.checked_shl(flag)?;
    if bit(value)? {
        module.flags |= mask;
    } else {
        module.flags &= !mask;
    }
    Some(())
}

fn bit(value: u32) -> Option<bool> {
    match value {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// A number of exactly so many hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u32> {
    let good = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}
