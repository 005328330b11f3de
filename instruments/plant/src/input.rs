//! Everything an instrument or an interface can do to the bench.

use crate::config::{FrequencyWatt, PowerFactor, ProtectionElement, PvArray, Reconnect};

/// A response whose points can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseCurve {
    /// (V, pu of rated apparent power).
    VoltVar,
    /// (V, ceiling in pu of rated apparent power).
    VoltWatt,
    /// (V, ceiling in pu of rated charging power).
    ChargingVoltWatt,
}

/// Up to ten points of a curve, ascending in the first coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CurvePoints {
    points: [(f64, f64); Self::MOST],
    count: usize,
}

impl CurvePoints {
    /// Most points a curve can have.
    pub const MOST: usize = 10;

    /// From a slice; `None` when it has no or too many points, or is not ascending.
    #[must_use]
    pub fn new(points: &[(f64, f64)]) -> Option<Self> {
        let ascending = points.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        let finite = points.iter().all(|p| p.0.is_finite() && p.1.is_finite());
        if points.is_empty() || points.len() > Self::MOST || !ascending || !finite {
            return None;
        }
        let mut new = Self {
            count: points.len(),
            ..Self::default()
        };
        new.points[..points.len()].copy_from_slice(points);
        Some(new)
    }

    /// The points.
    #[must_use]
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points[..self.count]
    }
}

/// One action. Applied at the plant's current time, or scheduled for an exact later time.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Grid simulator output. Open is high impedance (relay open).
    GridOutput {
        /// Closed (energised) or open.
        closed: bool,
        /// Wait for this angle of the source voltage (degrees after its positive-going zero)
        /// before acting; `None` acts at once.
        at_deg: Option<f64>,
    },
    /// Grid simulator set-point, reached with `slew_v_per_s`/`slew_hz_per_s` from the present value
    /// (`f64::INFINITY` is a step).
    GridSetpoint {
        /// V RMS.
        v_rms: f64,
        /// Hz.
        hz: f64,
        /// V/s.
        slew_v_per_s: f64,
        /// Hz/s.
        slew_hz_per_s: f64,
    },
    /// Run a list of segments (a transient list); afterwards the last end values hold.
    GridProgram(Vec<GridSegment>),
    /// Stop a running list at its present values.
    GridProgramStop,
    /// Waveform of the grid simulator: what its voltage is made of, at whatever set-point.
    GridWave(GridWave),
    /// Output impedance of the grid simulator, in series with the line.
    GridImpedance {
        /// Ω; as low as the line's own resistance below zero.
        r_ohm: f64,
        /// H; likewise.
        l_h: f64,
    },
    /// Switch S1 between the source's line and the PCC.
    GridSwitch {
        /// Closed or open.
        closed: bool,
        /// As for `GridOutput`.
        at_deg: Option<f64>,
    },
    /// Switch S2 between the PCC and the island load.
    IslandLoadSwitch {
        /// Closed or open.
        closed: bool,
    },
    /// Parallel island load; each branch `None` = disconnected.
    IslandLoad {
        /// Ω.
        r_ohm: Option<f64>,
        /// H.
        l_h: Option<f64>,
        /// Resistance of the inductor's winding, in series with it, Ω: ωL over its quality factor.
        l_ohm: f64,
        /// F.
        c_f: Option<f64>,
    },
    /// Resistive load on the back-up port; `None` = disconnected.
    BackupLoad {
        /// Ω.
        r_ohm: Option<f64>,
    },
    /// PV simulator, one-line EN 50530 style curve by its four points; off when `on` is false.
    Pv {
        /// Input of the DUT, counted from 0.
        input: usize,
        /// Output relay.
        on: bool,
        /// Open-circuit voltage, V.
        voc: f64,
        /// Short-circuit current, A.
        isc: f64,
        /// MPP voltage, V.
        vmp: f64,
        /// MPP current, A.
        imp: f64,
    },
    /// PV simulator with a curve of its own, straight between its points.
    PvPoints {
        /// Input of the DUT, counted from 0.
        input: usize,
        /// Output relay.
        on: bool,
        /// (V, A) from short circuit to open circuit: V ascending from 0, A falling to 0.
        points: Vec<(f64, f64)>,
    },
    /// Output relay of a PV simulator alone; its curve stays.
    PvOutput {
        /// Input of the DUT, counted from 0.
        input: usize,
        /// Closed.
        on: bool,
    },
    /// An array of single-diode modules in place of the simulator's curve.
    PvArray {
        /// Input of the DUT, counted from 0.
        input: usize,
        /// Connected.
        on: bool,
        /// Modules, irradiance and temperature.
        array: PvArray,
    },
    /// Battery simulator.
    BatterySource {
        /// Output relay.
        on: bool,
        /// V imposed on the port; 0 is no battery.
        volts: f64,
        /// Limit of current out of the simulator (DUT discharges it), A ≥ 0.
        source_a: f64,
        /// Limit of current into the simulator (DUT charges it), A ≥ 0.
        sink_a: f64,
    },
    /// The pack of cells in the simulator's place.
    BatteryPack {
        /// Its breaker.
        closed: bool,
    },
    /// The messages of the battery's management system fail to reach the DUT, or reach it again.
    BmsSilence(bool),
    /// The meter at the source fails to reach the DUT, or reaches it again.
    MeterSilence(bool),
    /// Pairs of RJ45 pins (1–8) that are shorted on the DRM port, the whole new set.
    DrmPins(Vec<(u8, u8)>),
    /// Temperature around the DUT, °C; reached at once (the chamber emulator makes the ramp).
    Ambient {
        /// °C.
        celsius: f64,
    },
    /// A command over the DUT's own interface.
    Dut(DutCommand),
}

/// What the voltage of the grid simulator is made of. The default is a sine.
#[derive(Debug, Clone, PartialEq)]
pub struct GridWave {
    /// Fundamental over set-point, both RMS.
    pub fundamental: f64,
    /// Direct voltage, V.
    pub dc_v: f64,
    /// Harmonics.
    pub harmonics: Vec<GridHarmonic>,
}

impl Default for GridWave {
    fn default() -> Self {
        Self {
            fundamental: 1.0,
            dc_v: 0.0,
            harmonics: Vec::new(),
        }
    }
}

/// A harmonic of the grid simulator's voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridHarmonic {
    /// Order, 2 and above.
    pub order: u16,
    /// RMS over the set-point.
    pub ratio: f64,
    /// Phase of its sine where the fundamental rises through zero, degrees of its own cycle.
    pub deg: f64,
}

/// One segment of a transient list; values run linearly from start to end over the dwell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridSegment {
    /// Length, ns.
    pub dwell_ns: u64,
    /// V RMS at the start.
    pub v_start: f64,
    /// V RMS at the end.
    pub v_end: f64,
    /// Hz at the start.
    pub hz_start: f64,
    /// Hz at the end.
    pub hz_end: f64,
    /// Set the phase angle to this at the start of the segment, degrees; `None` runs on.
    pub start_deg: Option<f64>,
}

/// What the DUT does by itself as long as no active power is commanded, and outside its
/// [`TimeWindow`]s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WorkingMode {
    /// Feeds what the PV gives, leaves the battery alone.
    FollowSource,
    /// Energy goes to the loads of the site, then to the battery, then to the grid; the battery
    /// gives what the loads need beyond the PV. Needs the meter at the source.
    SelfConsumption,
    /// The battery is kept for a blackout.
    Backup {
        /// State of charge up to which it is charged, 0–1.
        retain: f64,
        /// Largest power with which it is charged from PV and grid, W ≥ 0.
        charge_w: f64,
    },
    /// PV goes to the loads, then to the grid; the battery takes what neither takes, and gives
    /// nothing.
    GridFirst,
    /// A power at the grid port, W: > 0 feeds, < 0 charges. Ends with the window that asks for it.
    Exchange {
        /// W.
        watts: f64,
    },
}

/// A window of the week by the DUT's own clock, in which another working mode holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeWindow {
    /// First minute of the day, 0–1439.
    pub from: u16,
    /// Last minute of the day; it belongs to the window. Before `from` the window goes on over
    /// midnight.
    pub to: u16,
    /// Bit 0 Monday … bit 6 Sunday: days on whose minutes it holds.
    pub weekdays: u8,
    /// What it does.
    pub mode: WorkingMode,
}

/// What the harness can tell the DUT.
#[derive(Debug, Clone, PartialEq)]
pub enum DutCommand {
    /// Permit or forbid connection to the grid.
    Connect(bool),
    /// Limit of generation, pu of rated power.
    PowerLimit(f64),
    /// Active power at the grid port, W: > 0 discharge/generate, < 0 charge.
    /// `None` = as the working mode says.
    ActivePower(Option<f64>),
    /// What it does without a commanded active power, outside of the windows.
    Mode(WorkingMode),
    /// Time-of-use: the first window that holds goes before the mode; none switches it off.
    Windows(Vec<TimeWindow>),
    /// Sets the DUT's clock: seconds since Monday 00:00 that it had shown at power-on. It starts
    /// at 0.
    Clock {
        /// s.
        at_power_on_s: i64,
    },
    /// Fixed reactive power, pu of rated apparent power (0 by default). Volt-var goes first, then
    /// a fixed cosφ, then cosφ(P), then this.
    ReactivePower(f64),
    /// Fixed cosφ; `None` switches it off.
    PowerFactor(Option<PowerFactor>),
    /// Fixed cosφ while active power is absorbed, before that of both directions; `None` switches it
    /// off.
    PowerFactorAbsorbing(Option<PowerFactor>),
    /// Switch cosφ(P).
    PowerFactorCurve(bool),
    /// Switch frequency-watt.
    FrequencyWatt(bool),
    /// Frequency-watt in place of the configured one, inside its dead band.
    FrequencyResponse(FrequencyWatt),
    /// Reactive power by active power: (pu of rated power, pu of rated apparent power), between
    /// cosφ(P) and a fixed cosφ; `None` switches it off.
    WattVar(Option<CurvePoints>),
    /// Switch the charging volt-watt response.
    ChargingVoltWatt(bool),
    /// Soft limit of the export at the source meter, W; `None` is no limit.
    ExportLimit(Option<f64>),
    /// Largest rate of change of a commanded power, pu of rated power per second; `None` is none.
    Ramp(Option<f64>),
    /// A response in place of the configured one; its output goes on from where it is.
    Curve {
        /// Which.
        of: ResponseCurve,
        /// Points.
        points: CurvePoints,
        /// First-order time constant, s: T90 after the dead time, which stays, is τ ln 10. `None`
        /// leaves it.
        tau_s: Option<f64>,
    },
    /// Switch the volt-var response.
    VoltVar(bool),
    /// Switch the volt-watt response.
    VoltWatt(bool),
    /// Let the back-up port take over when the grid is lost, or not. A running back-up goes on.
    Backup(bool),
    /// New protection elements; their timers start at rest.
    Protection(Vec<ProtectionElement>),
    /// New conditions of (re)connection.
    Reconnect(Reconnect),
    /// Clear a latched fault and restart the reconnection timer.
    ClearFault,
}
