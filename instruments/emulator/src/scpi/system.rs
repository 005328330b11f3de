//! Commands that every model shares: IEEE 488.2 common commands, the error queue, the SCPI status
//! registers.

use super::engine::{Dialect, Reply, ScpiDevice};
use super::fault::{self, Fault};
use super::message::Unit;
use super::pattern::{Table, Use};
use super::registers::Part;
use super::status::{Status, Which};
use super::{Outcome, Params};
use crate::field::Field;

/// A command of the `SYSTem` and `STATus` groups that is not the device's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// `SYSTem:ERRor[:NEXT]?`.
    Next,
    /// `:ALL?`: all errors, comma separated, taken off the queue.
    All,
    /// `:COUNt?`.
    Count,
    /// `:CODE[:NEXT]?`.
    Code,
    /// `:CODE:ALL?`.
    CodeAll,
    /// `STATus:SPOLl?`: the status byte.
    Poll,
    /// `SYSTem:VERSion?`.
    Version,
    /// `STATus:PRESet`.
    Preset,
    /// `STATus:OPERation…` and `STATus:QUEStionable…`.
    Register(Which, Part),
}

/// The commands a dialect has, with the status registers where the model has them.
pub(crate) fn table(dialect: &Dialect, registers: bool) -> Table<System> {
    let below = |rest: &str| format!("{}{rest}", dialect.error_query);
    let mut rows = vec![
        (below(":COUNt"), System::Count, Use::Query),
        (below(":ALL"), System::All, Use::Query),
        (below(":CODE:ALL"), System::CodeAll, Use::Query),
        (below(":CODE[:NEXT]"), System::Code, Use::Query),
        (below("[:NEXT]"), System::Next, Use::Query),
    ];
    if dialect.events {
        rows = [
            ("EVMsg", System::Next),
            ("ALLEv", System::All),
            ("EVENT", System::Code),
            ("EVQty", System::Count),
        ]
        .map(|(pattern, command)| (pattern.to_owned(), command, Use::Query))
        .to_vec();
    }
    if dialect.polls {
        rows.push(("STATus:SPOLl".to_owned(), System::Poll, Use::Query));
    }
    if dialect.version.is_some() {
        rows.push(("SYSTem:VERSion".to_owned(), System::Version, Use::Query));
    }
    if registers {
        rows.push(("STATus:PRESet".to_owned(), System::Preset, Use::Set));
        for (name, which) in [
            ("OPERation", Which::Operation),
            ("QUEStionable", Which::Questionable),
        ] {
            for (part, word, usage) in [
                (Part::Event, "[:EVENt]", Use::Query),
                (Part::Condition, ":CONDition", Use::Query),
                (Part::Enable, ":ENABle", Use::Both),
                (Part::Positive, ":PTRansition", Use::Both),
                (Part::Negative, ":NTRansition", Use::Both),
            ] {
                let pattern = format!("STATus:{name}{word}");
                rows.push((pattern, System::Register(which, part), usage));
            }
        }
    }
    let rows: Vec<(&str, System, Use)> = rows
        .iter()
        .map(|(pattern, command, usage)| (pattern.as_str(), *command, *usage))
        .collect();
    Table::new(&rows)
}

/// Carries out a command of [`table`]; `messages`: errors are told with their text.
pub(crate) fn execute(
    command: System,
    unit: &Unit,
    (dialect, messages): (&Dialect, bool),
    status: &mut Status,
) -> Outcome {
    // a channel list names outputs that share one status structure here
    let (params, _) = Params::new(&unit.params).split_channels()?;
    if let System::Register(which, part) = command {
        if unit.query {
            params.none()?;
            return Ok(Reply::text(status.register(which).read(part).to_string()));
        }
        params.at_most(1)?;
        let mask = u16::try_from(params.integer(0)?).map_err(|_| fault::OUT_OF_RANGE)?;
        status.register(which).write(part, mask);
        return Ok(Reply::None);
    }
    params.none()?;
    let entry = |fault: Fault| format!("{},\"{}\"", code(dialect, fault), fault.text);
    Ok(match command {
        System::Next if !messages => Reply::text(
            status
                .pop()
                .map_or(0, |fault| code(dialect, fault))
                .to_string(),
        ),
        System::Next => Reply::Text(
            status
                .pop()
                .map_or_else(|| dialect.no_error.to_owned(), entry),
        ),
        System::Count => Reply::text(status.errors().to_string()),
        System::All => {
            let all: Vec<String> = std::iter::from_fn(|| status.pop()).map(entry).collect();
            if all.is_empty() {
                Reply::text(dialect.no_error)
            } else {
                Reply::Text(all.join(","))
            }
        }
        System::Code => Reply::text(
            status
                .pop()
                .map_or(0, |fault| code(dialect, fault))
                .to_string(),
        ),
        System::CodeAll => {
            let all: Vec<String> = std::iter::from_fn(|| status.pop())
                .map(|fault| code(dialect, fault).to_string())
                .collect();
            Reply::Text(if all.is_empty() {
                "0".to_owned()
            } else {
                all.join(",")
            })
        }
        System::Poll => Reply::text(status.status_byte(false).to_string()),
        System::Version => Reply::text(dialect.version.unwrap_or_default()),
        System::Preset => {
            status.register(Which::Operation).preset();
            status.register(Which::Questionable).preset();
            Reply::None
        }
        System::Register(..) => return Err(fault::UNDEFINED_HEADER),
    })
}

fn code(dialect: &Dialect, fault: Fault) -> i32 {
    if dialect.positive_codes {
        fault.code.abs()
    } else {
        fault.code
    }
}

/// An IEEE 488.2 common command. `available`: a reply of the same message waits to be read.
pub(crate) fn common<D: ScpiDevice>(
    unit: &Unit,
    available: bool,
    device: &mut D,
    status: &mut Status,
    field: &mut Field,
) -> Outcome {
    let params = Params::new(&unit.params);
    let number = |value: u8| Ok(Reply::text(value.to_string()));
    let byte = || -> Result<u8, Fault> {
        params.at_most(1)?;
        u8::try_from(params.integer(0)?).map_err(|_| fault::OUT_OF_RANGE)
    };
    let name = unit.header[0].as_str();
    match (name, unit.query) {
        ("*ESE", false) => status.set_event_enable(byte()?),
        ("*SRE", false) => status.set_service_enable(byte()?),
        ("*PSC", false) => status.set_power_on_clear(params.only_boolean()?),
        ("*SAV", false) => device.save(byte()?)?,
        ("*RCL", false) => device.recall(byte()?, field)?,
        (_, _) => {
            params.none()?;
            match (name, unit.query) {
                ("*IDN", true) => return Ok(Reply::Text(device.identity())),
                ("*ESE", true) => return number(status.event_enable()),
                ("*ESR", true) => return number(status.take_events()),
                ("*SRE", true) => return number(status.service_enable()),
                ("*STB", true) => return number(status.status_byte(available)),
                ("*PSC", true) => return Ok(Reply::flag(status.power_on_clear())),
                ("*OPC", true) if device.busy(field) => return Ok(Reply::Wait),
                ("*WAI", false) if device.busy(field) => return Ok(Reply::Wait),
                ("*OPC", true) => return number(1),
                ("*TST", true) => return number(0),
                ("*CAL", true) if device.dialect().calibrates => return number(0),
                ("*OPT", true) => return Ok(Reply::text(device.options())),
                ("*OPC", false) => status.await_completion(),
                ("*CLS", false) => {
                    status.clear();
                    device.clear();
                }
                ("*RST", false) => device.reset(field),
                ("*TRG", false) => device.trigger(field)?,
                ("*WAI", false) => {}
                _ => return Err(fault::UNDEFINED_HEADER),
            }
        }
    }
    Ok(Reply::None)
}
