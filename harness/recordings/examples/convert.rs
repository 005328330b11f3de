//! Converts a capture to COMTRADE:
//! `cargo run -p gridproof-recordings --example convert -- FILE OUT.cfg|OUT.cff [ascii|binary|float|1999]`.

use std::error::Error;
use std::path::Path;

use gridproof_recordings::export::comtrade::{ComtradeExport, ComtradeKind, write_imported};
use gridproof_recordings::import::{ImportOptions, open};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, rest @ ..] = arguments.as_slice() else {
        return Err("usage: convert FILE OUT.cfg|OUT.cff [ascii|binary|float|1999]".into());
    };
    let kind = match rest.first().map(String::as_str) {
        Some("ascii") => ComtradeKind::Ascii2013,
        Some("float") => ComtradeKind::Float2013,
        Some("1999") => ComtradeKind::Binary1999,
        None | Some("binary") => ComtradeKind::Binary2013,
        Some(other) => {
            return Err(format!("`{other}` is none of ascii, binary, float, 1999").into());
        }
    };
    let capture = open(Path::new(from), &ImportOptions::default())?;
    let export = ComtradeExport {
        kind,
        station: capture.station.clone(),
        device: capture.device.clone(),
        line_hz: capture.line_hz.unwrap_or(50.0),
        start: capture.start,
    };
    write_imported(Path::new(to), &capture, &export)?;
    Ok(())
}
