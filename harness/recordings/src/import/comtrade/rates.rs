//! Rate, number of samples and part to read of a record.

use std::io::{Read, Seek, SeekFrom};

use super::super::capture::Segment;
use super::super::error::{ImportError, ImportErrorKind as Kind};
use super::super::input::Folder;
use super::super::options::ImportOptions;
use super::super::select;
use super::super::uniform::{Grid, Scan};
use super::ascii;
use super::cfg::{Config, DataKind};
use super::layout::{Layout, u32_at};
use super::place::Data;

/// What is read of a record.
pub(super) struct Plan {
    pub(super) rate_hz: f64,
    /// First sample to read, from 0.
    pub(super) first: u64,
    /// Number of samples to read.
    pub(super) count: u64,
    pub(super) offset_s: f64,
    pub(super) segments: Vec<Segment>,
    /// Time stamps are the only time base (nrates 0).
    pub(super) grid: Option<Grid>,
    /// Seconds per unit of a time stamp.
    pub(super) unit_s: f64,
    /// Samples in the file as far as it is read.
    pub(super) total: u64,
}

/// Works out what to read.
pub(super) fn plan(
    folder: &Folder,
    data: &Data,
    config: &mut Config,
    options: &ImportOptions,
) -> Result<Plan, ImportError> {
    let unit_s = config.stamp_unit_s * config.time_mult;
    let total = match config.kind {
        DataKind::Ascii => config.samples,
        DataKind::Binary16 | DataKind::Binary32 | DataKind::Float32 => {
            binary_total(data, config, options)?
        }
    };
    let mut plan = Plan {
        rate_hz: 0.0,
        first: 0,
        count: total,
        offset_s: 0.0,
        segments: Vec::new(),
        grid: None,
        unit_s,
        total,
    };
    if config.rates.is_empty() {
        stamped(folder, data, config, options, &mut plan)?;
    } else {
        segments(config, total, &mut plan.segments);
    }
    let segment = one_segment(data, config, options, &plan.segments)?;
    let (first, count) = select::window(
        &data.cfg_path,
        options,
        segment.rate_hz,
        segment.start_s,
        segment.samples,
    )?;
    plan.rate_hz = segment.rate_hz;
    plan.first = segment.first_sample + first;
    plan.count = count;
    plan.offset_s = segment.start_s + first as f64 / segment.rate_hz;
    Ok(plan)
}

/// Samples in binary data, checked against the configuration.
fn binary_total(
    data: &Data,
    config: &mut Config,
    options: &ImportOptions,
) -> Result<u64, ImportError> {
    let record = Layout::new(config).record as u64;
    let (found, rest) = (data.length / record, data.length % record);
    if found == config.samples && rest == 0 {
        return Ok(found);
    }
    let kind = if found < config.samples {
        Kind::Truncated
    } else {
        Kind::WrongCount
    };
    let what = format!(
        "the data have {found} samples of {record} bytes{}, the configuration says {} (line {})",
        if rest > 0 {
            format!(" and {rest} bytes more")
        } else {
            String::new()
        },
        config.samples,
        config.samples_line
    );
    if !options.accept_wrong_length || found == 0 {
        return Err(ImportError::new(
            &data.path,
            kind,
            what,
            "copy both files again; if they belong together, allow a wrong length to read what is there",
        )
        .byte(data.offset + record * found.min(config.samples)));
    }
    config.notes.push(what);
    Ok(found.min(config.samples))
}

/// Constant-rate segments by the rate lines, neighbours of equal rate joined.
fn segments(config: &Config, total: u64, segments: &mut Vec<Segment>) {
    let mut first = 0;
    let mut start_s = 0.0;
    for rate in &config.rates {
        let end = rate.end_sample.min(total);
        if end <= first {
            break;
        }
        let samples = end - first;
        match segments.last_mut() {
            Some(last) if last.rate_hz == rate.hz => last.samples += samples,
            _ => segments.push(Segment {
                rate_hz: rate.hz,
                first_sample: first,
                samples,
                start_s,
            }),
        }
        start_s += samples as f64 / rate.hz;
        first = end;
    }
}

/// The one segment to read.
fn one_segment(
    data: &Data,
    config: &Config,
    options: &ImportOptions,
    segments: &[Segment],
) -> Result<Segment, ImportError> {
    let line = config
        .rates
        .first()
        .map_or(config.samples_line, |rate| rate.line);
    let wrong = |what: String, hint: String| {
        ImportError::new(&data.cfg_path, Kind::Options, what, hint).line(line)
    };
    let list = || {
        let one = |(index, s): (usize, &Segment)| {
            format!(
                "{}: {} Hz from {} s, {} samples",
                index + 1,
                s.rate_hz,
                s.start_s,
                s.samples
            )
        };
        let shown: Vec<String> = segments.iter().take(10).enumerate().map(one).collect();
        shown.join("; ")
    };
    if let Some(number) = options.segment {
        return number
            .checked_sub(1)
            .and_then(|index| segments.get(index).copied())
            .ok_or_else(|| {
                wrong(
                    format!("there is no segment {number}"),
                    format!("segments: {}", list()),
                )
            });
    }
    if let [one] = segments {
        return Ok(*one);
    }
    let inside = segments.iter().find(|segment| {
        let end_s = segment.start_s + segment.samples.saturating_sub(1) as f64 / segment.rate_hz;
        let slack = 1e-6 / segment.rate_hz;
        options
            .from_s
            .is_some_and(|from| from >= segment.start_s - slack)
            && options.to_s.is_some_and(|to| to <= end_s + slack)
    });
    inside.copied().ok_or_else(|| {
        wrong(
            format!(
                "the record has {} segments of different sampling rates",
                segments.len()
            ),
            format!(
                "ask for one segment, or a time inside one; segments: {}",
                list()
            ),
        )
    })
}

/// First pass over the time stamps of a record without a rate.
fn stamped(
    folder: &Folder,
    data: &Data,
    config: &mut Config,
    options: &ImportOptions,
    plan: &mut Plan,
) -> Result<(), ImportError> {
    let mut scan = Scan::default();
    match config.kind {
        DataKind::Ascii => {
            ascii::scan_stamps(folder, data, config, plan.unit_s, options, &mut scan)?;
            plan.total = scan.samples();
        }
        DataKind::Binary16 | DataKind::Binary32 | DataKind::Float32 => {
            binary_stamps(folder, data, config, plan, &mut scan)?;
        }
    }
    let grid = scan.grid().ok_or_else(|| {
        ImportError::new(
            &data.cfg_path,
            Kind::NotUniform,
            "time stamps of fewer than two samples give no sampling rate",
            "state the rate in the configuration",
        )
        .line(config.samples_line)
    })?;
    if grid.coarseness() > 0.05 {
        config.notes.push(format!(
            "time stamps resolve only {:.0} % of a sampling step; uniform sampling is assumed within that",
            grid.coarseness() * 100.0
        ));
    }
    let rate_hz = grid.rate_hz(scan.samples());
    config
        .notes
        .push(format!("sampling rate {rate_hz} Hz from time stamps"));
    plan.segments.push(Segment {
        rate_hz,
        first_sample: 0,
        samples: plan.total,
        start_s: 0.0,
    });
    plan.grid = Some(grid);
    Ok(())
}

fn binary_stamps(
    folder: &Folder,
    data: &Data,
    config: &Config,
    plan: &Plan,
    scan: &mut Scan,
) -> Result<(), ImportError> {
    let io = |error: std::io::Error| ImportError::io(&data.path, &error);
    let record = Layout::new(config).record;
    let (mut input, _) = folder.open(&data.path)?;
    input.seek(SeekFrom::Start(data.offset)).map_err(io)?;
    let per_read = ((1 << 18) / record).max(1) as u64;
    let mut buffer = Vec::new();
    let mut done = 0;
    while done < plan.total {
        let records = per_read.min(plan.total - done) as usize;
        buffer.resize(records * record, 0);
        input.read_exact(&mut buffer).map_err(io)?;
        for bytes in buffer.chunks_exact(record) {
            let stamp = u32_at(bytes, 4);
            let place = |error: ImportError| {
                error
                    .byte(data.offset + done * record as u64 + 4)
                    .sample(done + 1)
            };
            if stamp == u32::MAX {
                return Err(place(ImportError::new(
                    &data.path,
                    Kind::NotUniform,
                    "the time stamp is missing, and the configuration has no rate",
                    "state the rate in the configuration",
                )));
            }
            scan.push(f64::from(stamp) * plan.unit_s, plan.unit_s)
                .map_err(|fault| {
                    place(ImportError::new(
                        &data.path,
                        Kind::NotUniform,
                        fault.what(),
                        "gridproof needs uniform sampling: resample, or cut the record here",
                    ))
                })?;
            done += 1;
        }
    }
    Ok(())
}
