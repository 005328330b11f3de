//! Yokogawa waveform files: `.wvf` with its ASCII header `.hdr`, and `.wdf`, which carries the
//! same header in an XHDR chunk.
//!
//! Written from the appendices on the ASCII header file in the public user's manuals (DL750
//! IM 701210-06E App. 4, DL850E IM DL850E-01EN App. 8). Only the Trace layout is read. WDF files of
//! hard-disk or free-run recording have an undisclosed layout and are refused by their size.

mod header;
mod source;

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::capture::{ImportedCapture, ImportedChannel, Segment};
use super::error::{ImportError, ImportErrorKind as Kind};
use super::gaps::Gaps;
use super::input::{Folder, decode};
use super::options::{Format, ImportOptions};
use super::stream::Opened;
use super::{select, units};
use header::Trace;
use source::WvfSource;

/// Largest header read, bytes.
const LARGEST: u64 = 16 << 20;

/// Opens a `.hdr`, `.wvf` or `.wdf` file.
pub(crate) fn open(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
) -> Result<Opened, ImportError> {
    let (header_path, data_path, text) = find(folder, path)?;
    let header = header::parse(&header_path, &text)?;
    let (_, length) = folder.open(&data_path)?;
    let needed = header
        .traces
        .iter()
        .try_fold(header.data_offset, |sum, trace| {
            sum.checked_add(trace.bytes()?.checked_mul(header.blocks)?)
        });
    if needed.is_none_or(|needed| needed > length) {
        return Err(ImportError::new(
            &data_path,
            Kind::Truncated,
            format!(
                "the header describes {} bytes, the file has {length}",
                needed.map_or_else(|| "more than any file has".to_owned(), |n| n.to_string())
            ),
            "copy both files again; recordings to hard disk cannot be read, export them as CSV or WVF",
        )
        .byte(length));
    }
    let block = match options.segment {
        None if header.blocks == 1 => 0,
        Some(number) if number >= 1 && number as u64 <= header.blocks => number as u64 - 1,
        wanted => {
            return Err(ImportError::new(
                &header_path,
                Kind::Options,
                match wanted {
                    None => format!("the file has {} history blocks", header.blocks),
                    Some(number) => format!("there is no history block {number}"),
                },
                format!("ask for one of 1 to {} as segment", header.blocks),
            ));
        }
    };
    let channels: Vec<ImportedChannel> = header
        .traces
        .iter()
        .enumerate()
        .map(|(index, trace)| describe(index, trace, options))
        .collect();
    let picks = select::wanted(&header_path, &channels, options)?;
    let first = picks
        .first()
        .map(|&pick| &header.traces[pick])
        .ok_or_else(|| {
            ImportError::new(
                &header_path,
                Kind::Channel,
                "no channel was asked for",
                "name one",
            )
        })?;
    for &pick in &picks {
        let trace = &header.traces[pick];
        trace.check(&header_path)?;
        if (trace.samples, trace.step_s, trace.first_s)
            != (first.samples, first.step_s, first.first_s)
        {
            return Err(ImportError::new(
                &header_path,
                Kind::NotUniform,
                format!(
                    "the trace has another length or time base than `{}`",
                    first.name
                ),
                "ask for channels of one time base at a time",
            )
            .channel(&trace.name));
        }
    }
    let rate_hz = 1.0 / first.step_s;
    let (start, count) = select::window(&header_path, options, rate_hz, 0.0, first.samples)?;
    let trigger_s = Some(-first.first_s).filter(|&t| t >= 0.0);
    let mut notes = header.notes.clone();
    if block > 0 && first.stamp.is_some() {
        notes.push("the time stamp is that of the first history block".to_owned());
    }
    let description = ImportedCapture {
        format: Format::Yokogawa,
        station: String::new(),
        device: header.model.clone(),
        revision: format!("Yokogawa header {}", header.version),
        channels: picks.iter().map(|&pick| channels[pick].clone()).collect(),
        rate_hz,
        line_hz: None,
        samples: count,
        offset_s: start as f64 / rate_hz,
        start: first.stamp.and_then(|stamp| stamp.earlier(-first.first_s)),
        trigger_s,
        segments: vec![Segment {
            rate_hz,
            first_sample: 0,
            samples: first.samples,
            start_s: 0.0,
        }],
        notes,
    };
    let gaps = Gaps::new(options.allow_gaps, picks.len());
    let source = WvfSource::new(
        folder,
        &data_path,
        &header,
        block,
        &picks,
        &channels,
        gaps,
        (start, count),
    )?;
    Ok(Opened {
        description,
        source: Box::new(source),
        possible: length,
    })
}

fn describe(index: usize, trace: &Trace, options: &ImportOptions) -> ImportedChannel {
    let (prefix, unit) = match units::base(&trace.unit) {
        Some((factor, base)) if !options.keep_prefixes => (factor, base),
        _ => (1.0, trace.unit.as_str()),
    };
    let scale = trace.resolution * prefix;
    let value = |code: f64| code * scale + trace.offset * prefix;
    ImportedChannel {
        name: trace.name.clone(),
        alias: format!("#{}", index + 1),
        unit: unit.to_owned(),
        range: trace.range.map(|(low, high)| {
            let (low, high) = (value(low), value(high));
            (low.min(high), low.max(high))
        }),
        resolution: trace.integer().then_some(scale.abs()),
        ..ImportedChannel::default()
    }
}

/// Paths of header and data, and the text of the header.
fn find(folder: &Folder, path: &Path) -> Result<(PathBuf, PathBuf, String), ImportError> {
    if folder.head(path, 4)? == b"%WDF" {
        let text = wdf_header(folder, path)?;
        return Ok((path.to_owned(), path.to_owned(), decode(&text).0));
    }
    let is_data = path
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case("wvf"));
    let partner = if is_data { "hdr" } else { "wvf" };
    let other = folder.sibling(path, partner).ok_or_else(|| {
        ImportError::new(
            path.with_extension(partner),
            Kind::NotFound,
            format!("the .{partner} file of the waveform is missing"),
            "a waveform is a .hdr and a .wvf file of one name: copy both",
        )
    })?;
    let (header, data) = if is_data {
        (other, path.to_owned())
    } else {
        (path.to_owned(), other)
    };
    let text = decode(&folder.all(&header, LARGEST, "the header")?).0;
    Ok((header, data, text))
}

/// Text of the XHDR chunk: four letters, length as 64-bit number, data, end mark.
fn wdf_header(folder: &Folder, path: &Path) -> Result<Vec<u8>, ImportError> {
    let io = |error: std::io::Error| ImportError::io(path, &error);
    let (mut input, length) = folder.open(path)?;
    let wrong = |at: u64, what: String| {
        ImportError::new(
            path,
            Kind::Malformed,
            what,
            "the file is truncated or no WDF: convert it to WVF",
        )
        .byte(at)
    };
    let mut head = [0; 8];
    input
        .read_exact(&mut head)
        .map_err(|_| wrong(0, "the common header is cut off".to_owned()))?;
    let mut at = u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]]));
    for _ in 0..10_000 {
        if at.checked_add(12).is_none_or(|end| end > length) {
            break;
        }
        input.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut chunk = [0; 12];
        input.read_exact(&mut chunk).map_err(io)?;
        let [_, _, _, _, size @ ..] = chunk;
        let size = u64::from_be_bytes(size);
        if size > length - at - 12 {
            return Err(wrong(
                at + 4,
                format!("a chunk of {size} bytes is larger than the file"),
            ));
        }
        if chunk.starts_with(b"XHDR") {
            if size > LARGEST {
                return Err(wrong(at + 4, format!("the header chunk has {size} bytes")));
            }
            let mut text = Vec::with_capacity(size as usize);
            input.take(size).read_to_end(&mut text).map_err(io)?;
            return Ok(text);
        }
        if chunk.starts_with(b"FeND") {
            break;
        }
        at += 16 + size;
    }
    Err(wrong(at.min(length), "there is no XHDR chunk".to_owned()))
}
