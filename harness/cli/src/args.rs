//! The arguments of every command, with their help.

use std::path::PathBuf;

use crate::accuracy::Accuracies;
use clap::{Parser, Subcommand, ValueEnum};
use gridproof_model::quantity::{Amps, Hertz, Seconds, VoltAmps, Volts};

const EXIT_CODES: &str = "\
Exit codes:
  0  every test passed or is not applicable with a reason
  1  a test failed
  2  bad usage or a bad input file; nothing was energised
  3  inconclusive or not complete
  4  infrastructure error
  5  aborted; the bench is safe
  6  left energised: an output could not be proven off";

/// Prove that PV and battery inverters do what the grid and their makers say.
#[derive(Debug, Parser)]
#[command(name = "gridproof", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Check(Select),
    Explain(Explain),
    Judge(Judge),
    Analyze(Analyze),
    Emulate(Emulate),
    Report(Report),
    List(List),
    Schema(Schema),
}

/// What to test, on what.
#[derive(Debug, Clone, clap::Args)]
#[command(
    about = "Check a plan with its DUTs, grid codes and bench, or any one of these files alone",
    after_help = "\
Nothing is energised. Every problem is reported with file, line, column and a hint.

Examples:
  gridproof check test-plans/quickstart.yaml
  gridproof check my-dut.yaml
  gridproof check my-plan.yaml --dut my-dut.yaml --bench my-bench.yaml"
)]
pub(crate) struct Select {
    /// Plan: a file, or the name of a shipped plan. `check` also takes a DUT, bench, grid code,
    /// defect, register or fault file.
    pub(crate) plan: String,
    /// Bench file; without it the embedded emulated bench.
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<String>,
    /// DUT profile (file or shipped name) instead of the plan's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) dut: Option<String>,
    /// Only these tests, by their ids.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Lay a known defect over the emulated DUT (file or shipped name).
    #[arg(long, value_name = "FILE")]
    pub(crate) defect: Option<String>,
    /// Change one setting of the emulated DUT's behaviour, e.g. `backup.start="5 ms"`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) dut_set: Vec<String>,
    /// Break things on the emulated bench as this fault file says (file or shipped name).
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<String>,
}

/// Run a plan, judge the record and write the report.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gridproof run test-plans/quickstart.yaml --out my-run
  gridproof run quickstart --dut saj-as1-3ks-5.1 --only VV,VW
  gridproof run quickstart --defect transfer-12ms        a DUT that must fail
  gridproof run quickstart --dut-set 'backup.start=3 ms'")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Folder of the record; must not hold a run. Default: gridproof-run/PLAN-N.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Emulated benches that run independent tests at once; the results do not depend on it.
    /// Default: one per core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Seed of the emulated bench: the same seed gives the same bytes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Who runs it, for the record.
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: Option<String>,
    /// Print the results as JSON on stdout instead of the summary.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show every case of a plan with its numbers, limits and expected duration.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Print the cases as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compute every verdict of a stored run again, from its record alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads run.json, events.ndjson and recordings/, verifies every hash, judges, and compares with the
stored results.json. Exit code as for `run`; 4 when the stored results differ.")]
pub(crate) struct Judge {
    /// Folder of the run.
    pub(crate) run: PathBuf,
    /// Print the results as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// report/index.html
    Html,
    /// junit.xml
    Junit,
    /// The results on stdout.
    Json,
}

/// Write the reports of a stored run again.
#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Folder of the run.
    pub(crate) run: PathBuf,
    /// Which.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["html", "junit"])]
    pub(crate) format: Vec<Format>,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    Plans,
    Procedures,
    Duts,
    GridCodes,
    Benches,
    Defects,
    Registers,
    Faults,
}

/// List what ships with gridproof.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// What.
    #[arg(value_enum)]
    pub(crate) what: Listed,
    /// Print as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Plan,
    Bench,
    Dut,
    GridCode,
    Defect,
    Registers,
    Faults,
}

/// Print the JSON Schema of a file format, for completion and checks in editors.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example, for editors with the YAML language server:
  gridproof schema plan > plan.schema.json
  and as the first line of the plan:
  # yaml-language-server: $schema=plan.schema.json")]
pub(crate) struct Schema {
    /// Of what.
    #[arg(value_enum)]
    pub(crate) of: SchemaOf,
}

/// Serve the emulated bench to other people's clients.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every instrument listens on a TCP port of its own and speaks the protocol of its model; a serial
one also on a pseudo-terminal. When all listen, one line of JSON says where, on stdout:
  {\"instruments\":[{\"name\":\"grid\",\"role\":\"grid-source\",\"model\":\"chroma-61845\",
   \"protocol\":\"scpi-tcp\",\"address\":\"127.0.0.1:40001\",…},…],\"control\":\"127.0.0.1:40000\",…}
In virtual time the bench stands still until the control port moves it, or until a reply that a
client awaits (a measurement, *OPC? …) needs it to move, at most 60 s.
The control port takes lines (help lists them) and HTTP. docs/emulate.md says it all.

Examples:
  gridproof emulate
  gridproof emulate --virtual --dut saj-as1-3ks-5.1 --base-port 40000 --control 127.0.0.1:39999
  gridproof emulate --port grid=5025 --port pv-source=4944 --speed 10
  gridproof emulate --faults deaf-grid-simulator
  gridproof emulate --control 127.0.0.1:39999 --state        ask a bench that is being served
  gridproof emulate --control 127.0.0.1:39999 --advance '60 s'
  curl -X POST 'http://127.0.0.1:39999/advance?by=60s'")]
pub(crate) struct Emulate {
    /// Bench file; without it the embedded emulated bench.
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<String>,
    /// DUT profile (file or shipped name).
    #[arg(long, value_name = "FILE", default_value = "aux-asg-5sl-zh")]
    pub(crate) dut: String,
    /// Lay a known defect over the DUT (file or shipped name).
    #[arg(long, value_name = "FILE")]
    pub(crate) defect: Option<String>,
    /// Change one setting of the DUT's behaviour, e.g. `backup.start="5 ms"`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) dut_set: Vec<String>,
    /// Seed of every error and noise: the same seed gives the same bytes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Break things as this fault file says (file or shipped name).
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<String>,
    /// Bench time follows the wall clock (the default).
    #[arg(long, conflicts_with = "virtual_time")]
    pub(crate) realtime: bool,
    /// Bench time stands still until the control port, or an awaited reply, moves it.
    #[arg(long = "virtual")]
    pub(crate) virtual_time: bool,
    /// How many times as fast as the wall clock, 0.01 to 1000.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed, conflicts_with = "virtual_time")]
    pub(crate) speed: f64,
    /// Address the instruments listen on. There is no password: keep it on this machine.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: std::net::IpAddr,
    /// Fixed port of one instrument, by its name or a role that only it has; NAME.hislip is its
    /// HiSLIP port, NAME.udp its UDP port.
    #[arg(long, value_name = "NAME=PORT", value_parser = named_port)]
    pub(crate) port: Vec<(String, u16)>,
    /// Consecutive ports from here, in order of name, instead of free ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) base_port: Option<u16>,
    /// Serve SCPI instruments over VXI-11 too. Its clients look for the portmapper at port 111 of
    /// --host, which needs the rights for it; another port is for clients that can be told.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "111")]
    pub(crate) vxi11: Option<u16>,
    /// Where the control port listens (default: a free port of 127.0.0.1); with --state, --advance
    /// or --quit, the control port to ask.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) control: Option<String>,
    /// Print the true state of the bench at --control as JSON.
    #[arg(long, requires = "control")]
    pub(crate) state: bool,
    /// Move the time of the bench at --control, e.g. "10 s".
    #[arg(long, value_name = "TIME", requires = "control")]
    pub(crate) advance: Option<Seconds>,
    /// End the servers of the bench at --control.
    #[arg(long, requires = "control")]
    pub(crate) quit: bool,
}

/// `NAME=PORT`.
fn named_port(text: &str) -> Result<(String, u16), String> {
    let (name, port) = text
        .split_once('=')
        .ok_or("write the instrument and its port, e.g. grid=5025")?;
    let port: u16 = port
        .parse()
        .map_err(|_| format!("`{port}` is not a port from 0 to 65535"))?;
    Ok((name.to_owned(), port))
}

/// A factor on the wall clock.
fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.01..=1000.0).contains(&factor) => Ok(factor),
        Ok(_) | Err(_) => Err("not a number from 0.01 to 1000".to_owned()),
    }
}

/// Measure one capture (COMTRADE, CSV, Parquet) outside any run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Times are in seconds from the first sample. A figure that is not in the capture is null, with a note.

Examples:
  gridproof analyze transfer ups.cfg --voltage V_LOAD --nominal \"230 V\" --json
  gridproof analyze run-on island.csv --current I_EUT --rated-current \"21.7 A\" --switch S1
  gridproof analyze trip lv.csv --voltage V --current I --rated-current \"21.7 A\" --accuracy V=\"2 us\" \\
      --accuracy I=\"0.5 % + 0.1 % of 50 A + 2 us\"
  gridproof analyze plot capture.parquet --channels v_grid,i_dut --out capture.svg")]
pub(crate) struct Analyze {
    #[command(subcommand)]
    pub(crate) kind: AnalyzeKind,
}

/// How to read a capture.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CaptureFile {
    /// COMTRADE (.cfg, .cff), CSV, Parquet or Yokogawa WVF (.hdr).
    pub(crate) file: PathBuf,
    /// Sampling rate of a CSV without a time column, e.g. "50 kHz".
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<Hertz>,
    /// Segment of a COMTRADE file with several rates, from 1.
    #[arg(long, value_name = "N")]
    pub(crate) segment: Option<usize>,
    /// Side of the instrument transformers that the values of a COMTRADE file are wanted for.
    #[arg(long, value_name = "SIDE", value_enum, default_value_t = Side::Primary)]
    pub(crate) side: Side,
    /// Correct the skew that a COMTRADE file states for its channels.
    #[arg(long)]
    pub(crate) correct_skew: bool,
    /// Start of the part to read, s from the first sample of the file.
    #[arg(long, value_name = "T", value_parser = seconds)]
    pub(crate) from: Option<f64>,
    /// End of the part to read, s.
    #[arg(long, value_name = "T", value_parser = seconds)]
    pub(crate) to: Option<f64>,
    /// Samples of all channels together to hold in memory at once. What has more is read in means
    /// of groups of samples first, then the part around an event sample by sample.
    #[arg(long, value_name = "N", default_value_t = 12_000_000, value_parser = clap::value_parser!(u64).range(1000..))]
    pub(crate) most_samples: u64,
    /// Print the figures as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Side of an instrument transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// Primary where the file says how to convert, else as stored.
    Primary,
    /// Secondary; refused where the file does not say how to convert.
    Secondary,
    /// Whatever the file stores.
    Stored,
}

/// How a frequency is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FrequencyBy {
    /// Upward zero crossings.
    ZeroCrossing,
    /// Phasors of one cycle after another.
    Phasor,
    /// Least squares over all samples.
    SineFit,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum AnalyzeKind {
    /// Transfer time of a back-up output (metric M2: 10 % deviation), gap, phase jump, class.
    Transfer {
        #[command(flatten)]
        capture: CaptureFile,
        #[command(flatten)]
        accuracy: Accuracies,
        /// Voltage at the load.
        #[arg(long, value_name = "CH")]
        voltage: String,
        /// Nominal voltage, V RMS, e.g. "230 V".
        #[arg(long, value_name = "V")]
        nominal: Volts,
        /// Voltage of the grid, to tell when it was lost.
        #[arg(long, value_name = "CH")]
        reference: Option<String>,
        /// Current of the load, for its gap (metric M5) and the energy it missed.
        #[arg(long, value_name = "CH")]
        load_current: Option<String>,
        /// Contact of the switch that takes the grid away, time zero of metric M6; without it the
        /// grid current or the reference shows it.
        #[arg(long, value_name = "CH")]
        switch: Option<String>,
        /// Current from the grid: its end is time zero of metric M6 where there is no switch.
        #[arg(long, value_name = "CH")]
        grid_current: Option<String>,
        /// Relay of the DUT between grid and load, for its opening (metric M6).
        #[arg(long, value_name = "CH")]
        relay: Option<String>,
        /// Signal that the inverter runs, for its start (metric M6).
        #[arg(long, value_name = "CH")]
        inverter: Option<String>,
    },
    /// Run-on time of an island: from the switch opening until the current ceases.
    RunOn {
        #[command(flatten)]
        capture: CaptureFile,
        #[command(flatten)]
        accuracy: Accuracies,
        /// Current of the inverter.
        #[arg(long, value_name = "CH")]
        current: String,
        /// Rated current of the inverter, A RMS; it has ceased below 1 % of it.
        #[arg(long, value_name = "A")]
        rated_current: Amps,
        /// Contact of the switch that opens the grid.
        #[arg(long, value_name = "CH")]
        switch: Option<String>,
        /// Voltage of the island.
        #[arg(long, value_name = "CH")]
        voltage: Option<String>,
        /// Current from the grid, to find the opening without a contact.
        #[arg(long, value_name = "CH")]
        grid_current: Option<String>,
    },
    /// Trip time after a voltage or frequency event.
    ///
    /// The event is the first change of the voltage, a ramp from its start on, a dip or jump that is
    /// soon over from its beginning on. What a healthy grid does (3 % of the voltage, 0.1 Hz, 3°) is
    /// the event only where no sudden change follows that goes beyond it and is three times as large.
    /// Of several disturbances between which the wave before is back, the last that begins before the
    /// current ends is the event.
    Trip {
        #[command(flatten)]
        capture: CaptureFile,
        #[command(flatten)]
        accuracy: Accuracies,
        /// Voltage at the terminals.
        #[arg(long, value_name = "CH")]
        voltage: String,
        /// Current of the inverter.
        #[arg(long, value_name = "CH")]
        current: String,
        /// Rated current of the inverter, A RMS.
        #[arg(long, value_name = "A")]
        rated_current: Amps,
    },
    /// Times of step responses: commencement, T90, overshoot, time constant.
    StepResponse {
        #[command(flatten)]
        capture: CaptureFile,
        /// The responding quantity.
        #[arg(long, value_name = "CH")]
        response: String,
        /// Channel that changes at each step.
        #[arg(long, value_name = "CH", conflicts_with = "at")]
        mark: Option<String>,
        /// Times of the steps, s, e.g. 1.5,12. With neither, steps are found in the response itself.
        #[arg(long, value_name = "T,…", value_delimiter = ',', value_parser = seconds)]
        at: Vec<f64>,
        /// Rating that small steps are compared with, e.g. "5 kVA".
        #[arg(long, value_name = "S")]
        rated: Option<VoltAmps>,
    },
    /// Harmonics, THD and dc of a voltage and a current (IEC 61000-4-7).
    Harmonics {
        #[command(flatten)]
        capture: CaptureFile,
        #[command(flatten)]
        accuracy: Accuracies,
        /// Voltage.
        #[arg(long, value_name = "CH")]
        voltage: String,
        /// Current.
        #[arg(long, value_name = "CH")]
        current: String,
        /// Nominal fundamental, "50 Hz" or "60 Hz".
        #[arg(long, value_name = "F")]
        fundamental: Hertz,
        /// Rated current, A RMS, that the harmonic current is related to as TDD.
        #[arg(long, value_name = "A")]
        rated_current: Option<Amps>,
    },
    /// Mean frequency and its rate of change.
    Frequency {
        #[command(flatten)]
        capture: CaptureFile,
        /// Voltage.
        #[arg(long, value_name = "CH")]
        voltage: String,
        /// Nominal fundamental, "50 Hz" or "60 Hz".
        #[arg(long, value_name = "F")]
        fundamental: Hertz,
        /// Give the frequency of every cycle too.
        #[arg(long)]
        series: bool,
        /// How the phase is found.
        #[arg(long, value_enum, default_value_t = FrequencyBy::SineFit)]
        method: FrequencyBy,
    },
    /// An SVG of any channels, with instants marked.
    Plot {
        #[command(flatten)]
        capture: CaptureFile,
        /// Channels from top to bottom; all without it.
        #[arg(long, value_name = "CH,…", value_delimiter = ',')]
        channels: Vec<String>,
        /// Instants to mark: NAME=T.
        #[arg(long, value_name = "NAME=T", value_delimiter = ',')]
        mark: Vec<String>,
        /// Where to write it; stdout without it.
        #[arg(long, value_name = "SVG")]
        out: Option<PathBuf>,
    },
}

/// A time on a capture's own axis: `1.5` is seconds, `20 ms` has its unit.
fn seconds(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err("not a time".to_owned()),
        Err(_) => text
            .parse::<Seconds>()
            .map(|time| time.0)
            .map_err(|error| error.to_string()),
    }
}
