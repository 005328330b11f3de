//! `gridproof analyze`: one capture, outside any run.

use gridproof_measure::analyze::{
    EventAccuracy, HarmonicOptions, HarmonicSum, HarmonicWindows, Marks, RunOnChannels,
    TransferCompanions, frequency_by, harmonics_of, harmonics_with, run_on_with, step_response,
    transfer_beside, trip_with,
};
use gridproof_measure::frequency::FrequencyMethod;
use gridproof_recordings::import::{Block, ImportError, ImportErrorKind, ImportOptions, blocks};
use gridproof_reports::traces::{Trace, Traces, svg};
use gridproof_runner::missing;
use serde_json::Value;

use super::capture::{
    BLOCK, Loaded, Reduction, event, once, options, shift, told, value, warn, warn_clipped,
};
use crate::args::{AnalyzeKind, CaptureFile, FrequencyBy};
use crate::failure::Failure;
use crate::output;

/// Least samples in a cycle that show its phase.
const CYCLE_SAMPLES: f64 = 22.0;

pub(crate) fn analyze(kind: &AnalyzeKind) -> Result<u8, Failure> {
    match kind {
        AnalyzeKind::Transfer {
            capture,
            accuracy,
            voltage,
            nominal,
            reference,
            load_current,
            switch,
            grid_current,
            relay,
            inverter,
        } => {
            accuracy.check(&[Some(voltage), load_current.as_ref()])?;
            let known = EventAccuracy {
                level: accuracy.level(voltage)?,
                ..EventAccuracy::default()
            };
            let of_load = load_current.as_ref().map(|name| accuracy.level(name));
            let load_accuracy = of_load.transpose()?.flatten();
            let beside = [
                reference,
                load_current,
                switch,
                grid_current,
                relay,
                inverter,
            ];
            let wanted = beside.iter().map(|name| name.as_ref());
            let names = once(wanted.chain([Some(voltage)]));
            let found = event(capture, &names, |file| {
                let beside = TransferCompanions {
                    reference: file.optional(reference.as_ref())?,
                    load_current: file.optional(load_current.as_ref())?,
                    load_accuracy,
                    switch: file.optional(switch.as_ref())?,
                    grid_current: file.optional(grid_current.as_ref())?,
                    relay: file.optional(relay.as_ref())?,
                    inverter: file.optional(inverter.as_ref())?,
                };
                let voltage = file.channel(voltage)?;
                told(
                    capture,
                    transfer_beside(&voltage, &beside, nominal.0, &known),
                )
            })?;
            show(capture, &found)
        }
        AnalyzeKind::RunOn {
            capture,
            accuracy,
            current,
            rated_current,
            switch,
            voltage,
            grid_current,
        } => {
            let wanted = [
                Some(current),
                switch.as_ref(),
                voltage.as_ref(),
                grid_current.as_ref(),
            ];
            accuracy.check(&wanted)?;
            let known = accuracy.event(&wanted[1..], current)?;
            let found = event(capture, &once(wanted), |file| {
                let channels = RunOnChannels {
                    current: file.channel(current)?,
                    switch: file.optional(switch.as_ref())?,
                    voltage: file.optional(voltage.as_ref())?,
                    grid_current: file.optional(grid_current.as_ref())?,
                };
                told(capture, run_on_with(&channels, rated_current.0, &known))
            })?;
            show(capture, &found)
        }
        AnalyzeKind::Trip {
            capture,
            accuracy,
            voltage,
            current,
            rated_current,
        } => {
            accuracy.check(&[Some(voltage), Some(current)])?;
            let known = accuracy.event(&[Some(voltage)], current)?;
            let found = event(capture, &once([Some(voltage), Some(current)]), |file| {
                let (voltage, current) = (file.channel(voltage)?, file.channel(current)?);
                told(
                    capture,
                    trip_with(&voltage, &current, rated_current.0, &known),
                )
            })?;
            show(capture, &found)
        }
        AnalyzeKind::StepResponse {
            capture,
            response,
            mark,
            at,
            rated,
        } => {
            let names = once([Some(response), mark.as_ref()]);
            let span = (capture.from, capture.to);
            let file = Loaded::read(capture, Some(names), span, Reduction::Means)?;
            let at: Vec<f64> = at.iter().map(|at| at - file.first_s()).collect();
            let marks = match file.optional(mark.as_ref())? {
                Some(channel) => Marks::Channel(channel),
                None if at.is_empty() => Marks::Response,
                None => Marks::Times(&at),
            };
            let rated = rated.map(|rated| rated.0);
            let found = step_response(&file.channel(response)?, &marks, rated);
            let mut found = value(told(capture, found)?)?;
            shift(&mut found, file.first_s());
            warn_clipped(&mut found, file.clipped());
            warn(&mut found, file.coarse().into_iter().collect());
            show(capture, &found)
        }
        AnalyzeKind::Harmonics {
            capture,
            accuracy,
            voltage,
            current,
            fundamental,
            rated_current,
        } => {
            accuracy.check(&[Some(voltage), Some(current)])?;
            let options = HarmonicOptions {
                rated_current_a: rated_current.map(|rated| rated.0),
                volts: accuracy.level(voltage)?,
                amps: accuracy.level(current)?,
            };
            let found = harmonics(capture, (voltage, current), fundamental.0, &options)?;
            show(capture, &found)
        }
        AnalyzeKind::Frequency {
            capture,
            voltage,
            fundamental,
            series,
            method,
        } => {
            let names = Some(vec![voltage.clone()]);
            let span = (capture.from, capture.to);
            let file = Loaded::read(capture, names, span, Reduction::Means)?;
            file.at_least(capture, CYCLE_SAMPLES * fundamental.0, "a cycle")?;
            let method = match method {
                FrequencyBy::ZeroCrossing => FrequencyMethod::ZeroCrossing,
                FrequencyBy::Phasor => FrequencyMethod::Phasor,
                FrequencyBy::SineFit => FrequencyMethod::SineFit,
            };
            let channel = file.channel(voltage)?;
            let to = capture.to.map(|to| to - file.first_s());
            let mut found = told(
                capture,
                frequency_by(&channel, fundamental.0, None, to, method),
            )?;
            if *series {
                found.series.iter_mut().for_each(|p| p.0 += file.first_s());
            } else {
                found.series.clear();
            }
            let mut found = value(found)?;
            warn_clipped(&mut found, file.clipped());
            show(capture, &found)
        }
        AnalyzeKind::Plot {
            capture,
            channels,
            mark,
            out,
        } => {
            let text = plot(capture, channels, mark)?;
            match out {
                None => output::data(&text),
                Some(path) => std::fs::write(path, text)
                    .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
            }
            Ok(0)
        }
    }
}

/// Harmonics of what fits into memory, else window by window: the voltage in groups says where the
/// windows lie, then every sample of both channels passes by.
fn harmonics(
    file: &CaptureFile,
    (voltage, current): (&String, &String),
    fundamental_hz: f64,
    known: &HarmonicOptions,
) -> Result<Value, Failure> {
    let names = once([Some(voltage), Some(current)]);
    let span = (file.from, file.to);
    let both = Loaded::read(file, Some(names.clone()), span, Reduction::Means)?;
    let volts = both.channel(voltage)?;
    if both.is_whole() {
        let amps = both.channel(current)?;
        return value(told(
            file,
            harmonics_with(&volts, &amps, fundamental_hz, known),
        )?);
    }
    both.at_least(file, CYCLE_SAMPLES * fundamental_hz, "a cycle")?;
    let start_s = both.capture().offset_s;
    let windows = HarmonicWindows::new(
        &volts,
        both.first_s() - start_s,
        both.last_s() - start_s,
        fundamental_hz,
    );
    let windows = told(file, windows)?;
    drop(both);
    let options = ImportOptions {
        channels: Some(names.clone()),
        from_s: file.from,
        to_s: file.to,
        ..options(file)
    };
    let mut source = blocks(&file.file, &options, BLOCK)?;
    let rate_hz = source.description().rate_hz;
    let sum = |name| told(file, HarmonicSum::new(&windows, name, rate_hz));
    let mut sums = [sum("voltage")?, sum("current")?];
    let place = |name: &String| names.iter().position(|other| other == name).unwrap_or(0);
    let places = [place(voltage), place(current)];
    let mut block = Block::default();
    while source.read_into(&mut block)? {
        for (sum, &place) in sums.iter_mut().zip(&places) {
            told(file, sum.push(&block.values[place]))?;
        }
    }
    let [volts, amps] = sums;
    value(told(file, harmonics_of(&windows, volts, amps, known))?)
}

fn plot(file: &CaptureFile, channels: &[String], marks: &[String]) -> Result<String, Failure> {
    let names = (!channels.is_empty()).then(|| channels.to_vec());
    let loaded = Loaded::read(file, names, (file.from, file.to), Reduction::Extremes)?;
    let traces: Vec<Trace<'_>> = loaded
        .capture()
        .channels
        .iter()
        .map(|channel| Trace {
            name: &channel.name,
            unit: &channel.unit,
            values: &channel.values,
        })
        .collect();
    let instants = marks
        .iter()
        .map(|mark| instant(mark))
        .collect::<Result<Vec<_>, _>>()?;
    let title = file.file.display().to_string();
    let figure = Traces {
        title: &title,
        rate_hz: loaded.rate_hz(),
        start_s: loaded.first_s(),
        channels: &traces,
        instants: &instants,
    };
    svg(&figure).map_err(|error| Failure::usage(error.to_string()))
}

fn instant(mark: &str) -> Result<(String, f64), Failure> {
    mark.split_once('=')
        .and_then(|(name, time)| {
            Some((
                name.to_owned(),
                time.trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|time| time.is_finite())?,
            ))
        })
        .ok_or_else(|| {
            Failure::usage(format!(
                "`{mark}` is no mark; write e.g. --mark opens=0.5, seconds from the first sample"
            ))
        })
}

/// As JSON, or one figure a line.
fn show(file: &CaptureFile, value: &Value) -> Result<u8, Failure> {
    if file.json {
        output::data(&format!("{value:#}\n"));
        return Ok(0);
    }
    let mut text = String::new();
    if let Value::Object(fields) = value {
        for (name, value) in fields {
            lines(&mut text, name, value);
        }
    }
    output::data(&text);
    Ok(0)
}

fn lines(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(rows) => {
            for (index, row) in rows.iter().enumerate() {
                text.push_str(&format!("{name}[{index}]  {row}\n"));
            }
        }
        Value::String(words) => text.push_str(&format!("{name:<20} {words}\n")),
        Value::Null => text.push_str(&format!("{name:<20} –\n")),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            text.push_str(&format!("{name:<20} {value}\n"))
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let mut message = error.to_string();
        if error.kind() == ImportErrorKind::NotFound {
            let name = error.path().to_string_lossy();
            let why = std::io::Error::from(std::io::ErrorKind::NotFound);
            message.push_str(&missing::hint(&name, &why, &[]));
        }
        Failure::usage(message)
    }
}
