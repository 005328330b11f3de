//! The configuration as text, C37.111-2013 clause 7.

use std::fmt::Write as _;

use crate::import::WallTime;

use super::comtrade::{ComtradeExport, ComtradeKind, Ready, Record, Samples};

/// Lines end in CRLF, as the standard asks.
pub(super) fn render(record: &Record, export: &ComtradeExport) -> String {
    let mut text = String::new();
    let old = export.kind == ComtradeKind::Binary1999;
    let mut line = |content: String| {
        text.push_str(&content);
        text.push_str("\r\n");
    };
    let status = |channel: &&Ready| matches!(channel.samples, Samples::Status(_));
    let digital: Vec<&Ready> = record.channels.iter().filter(status).collect();
    let analog: Vec<&Ready> = record.channels.iter().filter(|c| !status(c)).collect();
    line(format!(
        "{},{},{}",
        plain(&export.station),
        plain(&export.device),
        if old { 1999 } else { 2013 }
    ));
    line(format!(
        "{},{}A,{}D",
        record.channels.len(),
        analog.len(),
        digital.len()
    ));
    for (index, channel) in analog.iter().enumerate() {
        line(format!(
            "{},{},{},{},{},{:?},{:?},{},{},{},1,1,P",
            index + 1,
            plain(&channel.name),
            plain(&channel.phase),
            plain(&channel.circuit),
            plain(&channel.unit),
            channel.a,
            channel.b,
            channel.skew_s * 1e6,
            channel.limits.0,
            channel.limits.1
        ));
    }
    for (index, channel) in digital.iter().enumerate() {
        line(format!(
            "{},{},{},{},0",
            index + 1,
            plain(&channel.name),
            plain(&channel.phase),
            plain(&channel.circuit)
        ));
    }
    line(export.line_hz.to_string());
    line("1".to_owned());
    line(format!("{},{}", record.rate_hz, record.samples));
    let start = export.start.unwrap_or(WallTime {
        year: 1970,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        utc_offset_minutes: None,
    });
    let trigger = start.earlier(-record.trigger_s).unwrap_or(start);
    line(stamp(&start));
    line(stamp(&trigger));
    line(export.kind.file_type().to_owned());
    line("1".to_owned());
    if !old {
        let code = time_code(start.utc_offset_minutes);
        line(format!("{code},{code}"));
        line("0,0".to_owned());
    }
    text
}

/// Fields cannot hold commas or line ends.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c == ',' || c.is_control() { ' ' } else { c })
        .collect()
}

/// Date and time to microseconds.
fn stamp(time: &WallTime) -> String {
    format!(
        "{:02}/{:02}/{:04},{:02}:{:02}:{:02}.{:06}",
        time.day,
        time.month,
        time.year,
        time.hour,
        time.minute,
        time.second,
        time.nanosecond / 1000
    )
}

fn time_code(offset: Option<i16>) -> String {
    let Some(minutes) = offset else {
        return "x".to_owned();
    };
    let mut code = format!(
        "{}{}",
        if minutes < 0 { "-" } else { "+" },
        minutes.unsigned_abs() / 60
    );
    if minutes % 60 != 0 {
        // Writing to a String does not fail.
        let _ = write!(code, "h{:02}", minutes.unsigned_abs() % 60);
    }
    code
}
