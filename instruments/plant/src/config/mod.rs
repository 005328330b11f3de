//! What the bench and the DUT are made of. Every field is physical and in SI units.

mod battery;
mod functions;
mod islanding;
mod output;
mod pv;

pub use battery::{Battery, CELL_V, CellLevels, Pack, TemperatureLevels};
pub use functions::{
    ExportLimit, FrequencySlope, FrequencyWatt, Functions, Mean, MomentaryCessation, PowerFactor,
    SlopeLaw, SustainedOverVoltage,
};
pub use islanding::{AntiIslanding, HarmonicRise, ImpedanceRise, PassiveDetection, Rocof};

pub use output::{DcLink, OutputQuality};
pub use pv::{PerturbObserve, PvArray, PvModule, Tracking, reference_module};

/// The whole emulated bench.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantConfig {
    /// Impedance between the grid simulator and the point of common coupling.
    pub line: Line,
    /// The inverter under test.
    pub dut: Dut,
    /// Ambient temperature at power-up, °C.
    pub ambient_c: f64,
    /// Seed of every random stream (relay scatter, point on wave of un-synchronised events).
    pub seed: u64,
}

/// Series impedance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Resistance, Ω.
    pub r_ohm: f64,
    /// Inductance, H.
    pub l_h: f64,
}

/// Whether the DUT converts from PV and battery, or from battery alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// PV and battery on the dc side.
    Hybrid,
    /// Battery only, coupled on the ac side.
    AcCoupled,
}

/// Does the DUT do anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Behaves as configured.
    Healthy,
    /// Never closes its relay, never forms a voltage, answers on its interface with zeros.
    Dead,
}

/// Most PV inputs a DUT can have.
pub const MOST_PV_INPUTS: usize = 4;

/// The inverter under test.
#[derive(Debug, Clone, PartialEq)]
pub struct Dut {
    /// PV and battery, or battery only.
    pub topology: Topology,
    /// Works at all.
    pub health: Health,
    /// Rated active power, W.
    pub rated_power_w: f64,
    /// Rated apparent power: base of every per-unit P and Q below, VA.
    pub rated_apparent_va: f64,
    /// Nominal voltage, V.
    pub nominal_v: f64,
    /// Nominal frequency, Hz.
    pub nominal_hz: f64,
    /// Continuous current limit of the bridge, A RMS.
    pub max_current_a: f64,
    /// Rated charging power drawn from the grid, W (0 when it cannot charge).
    pub rated_charge_w: f64,
    /// Output filter.
    pub filter: Filter,
    /// Relative error of the DUT's own voltage reading (0.001 = reads 0.1 % high).
    pub voltage_gain_error: f64,
    /// Volt-var response.
    pub volt_var: Response,
    /// Volt-watt response: points are the ceiling of P in pu of rated apparent power.
    pub volt_watt: Response,
    /// Output current beside its fundamental.
    pub output: OutputQuality,
    /// Dc link.
    pub dc_link: DcLink,
    /// Where the PV tracker ends up.
    pub tracking: Tracking,
    /// How the PV trackers get there; `None` stands there at any time.
    pub mppt: Option<PerturbObserve>,
    /// PV inputs with a tracker each (hybrid; at least 1).
    pub pv_inputs: usize,
    /// Whether it counts where energy goes on its site.
    pub site_counters: SiteCounters,
    /// Further grid-support functions.
    pub functions: Functions,
    /// Lock-out after repeated trips; `None` restarts for ever.
    pub lockout: Option<Lockout>,
    /// Passive protection elements.
    pub protection: Vec<ProtectionElement>,
    /// Delay from the trip decision to the grid relay contact open, s.
    pub relay_open_s: f64,
    /// Active anti-islanding method.
    pub anti_islanding: AntiIslanding,
    /// Time constant of the frequency that the active method sees, s.
    pub anti_islanding_lag_s: f64,
    /// Passive islanding detection besides the protection elements.
    pub passive_detection: PassiveDetection,
    /// What the current reference is made from.
    pub reference: CurrentReference,
    /// Demand-response input.
    pub drm: Drm,
    /// Back-up output; `None` when the product has none.
    pub backup: Option<Backup>,
    /// Derating by ambient temperature.
    pub derating: Option<Derating>,
    /// Heat of its own losses, and the derating by it; `None` stays cool.
    pub heat: Option<Heat>,
    /// Time of healthy grid before (re)connection, s.
    pub reconnect_s: f64,
    /// Upper voltage of the reconnection window, V.
    pub reconnect_v_max: f64,
    /// Lower voltage of the reconnection window, V.
    pub reconnect_v_min: f64,
    /// Upper frequency of the reconnection window, Hz.
    pub reconnect_hz_max: f64,
    /// Lower frequency of the reconnection window, Hz.
    pub reconnect_hz_min: f64,
    /// Ramp after (re)connection, fraction of rated power per second.
    pub ramp_pu_per_s: f64,
    /// Time constant of a commanded change of active power, s.
    pub setpoint_tau_s: f64,
    /// Battery capacity, Ah; `None` without battery.
    pub battery: Option<Battery>,
    /// Standby consumption, W.
    pub standby_w: f64,
    /// Working mode at power-up.
    pub mode: crate::input::WorkingMode,
    /// Windows of the week in which another one holds, from power-up on.
    pub windows: Vec<crate::input::TimeWindow>,
    /// It runs only between these temperatures as it feels them, °C.
    pub running_c: Option<(f64, f64)>,
    /// Largest voltage of its PV inputs, V; above it does not run.
    pub pv_max_v: f64,
    /// Direct current at the grid port that makes it disconnect, A, and for how long, s.
    pub dc_limit: Option<(f64, f64)>,
    /// In standby on the battery alone the unit switches itself off after this time, s; `None`:
    /// never.
    pub shutdown_s: Option<f64>,
}

/// When the DUT may (re)connect, and how it then comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reconnect {
    /// Time of healthy grid before it connects, s.
    pub delay_s: f64,
    /// Window of voltage, V.
    pub volts: (f64, f64),
    /// Window of frequency, Hz.
    pub hz: (f64, f64),
    /// Ramp afterwards, fraction of rated power per second; 0 for none.
    pub ramp_pu_per_s: f64,
}

impl Dut {
    /// As configured.
    #[must_use]
    pub fn reconnect(&self) -> Reconnect {
        Reconnect {
            delay_s: self.reconnect_s,
            volts: (self.reconnect_v_min, self.reconnect_v_max),
            hz: (self.reconnect_hz_min, self.reconnect_hz_max),
            ramp_pu_per_s: self.ramp_pu_per_s,
        }
    }
}

impl DcLink {
    /// 1.5 mF at half as much again as the peak of a grid of `nominal_v`: stiff, with room for
    /// over-voltage tests; trips a quarter above, and where it no longer carries the peak.
    #[must_use]
    pub fn for_grid(nominal_v: f64) -> Self {
        let volts = 1.5 * nominal_v * std::f64::consts::SQRT_2;
        Self {
            farads: 1.5e-3,
            volts,
            bandwidth_hz: 15.0,
            trip_v: 1.25 * volts,
            low_v: 0.7 * volts,
        }
    }
}

/// Counters of the energy between sources, grid and loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SiteCounters {
    /// The unit has none.
    #[default]
    Absent,
    /// It has them: a solved slow step takes a fifth longer.
    Present,
}

/// What the current reference is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CurrentReference {
    /// i* follows P/V: the power stays when the voltage moves.
    #[default]
    ConstantPower,
    /// i* follows P/Vn in phase with the voltage: the current stays.
    ConstantCurrent,
    /// As constant current, on an angle that runs on at nominal frequency from the moment of
    /// connection and follows nothing: only good on a grid of exactly nominal frequency.
    Untracked,
}

/// LCL filter of the bridge (values of the reference bench: 1.5 mH/0.05 Ω, 3.3 µF/5 Ω, 0.5 mH/0.02 Ω).
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct Filter {
    pub l1_h: f64,
    pub r1_ohm: f64,
    pub cf_f: f64,
    pub rd_ohm: f64,
    pub l2_h: f64,
    pub r2_ohm: f64,
}

/// A voltage response curve with its dynamics: after `delay_s` the output approaches the curve
/// as y' = (f(V) − y)/τ, so that T90 after the delay is τ ln 10.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Active or not at power-up.
    pub enabled: bool,
    /// (V RMS, output in pu of rated apparent power), ascending in V, clamped outside.
    pub points: Vec<(f64, f64)>,
    /// Whether the output follows the points or their opposite, also when it is told others.
    pub sense: Sense,
    /// Dead time before the output moves, s.
    pub delay_s: f64,
    /// First-order time constant, s.
    pub tau_s: f64,
}

/// Sign of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sense {
    /// As the points say.
    #[default]
    AsStated,
    /// The opposite: the negative of reactive power, and for a ceiling the mirror between its
    /// largest and smallest value.
    Inverted,
}

/// What a protection element watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// Half-cycle RMS voltage at the grid terminals, V.
    Voltage,
    /// Frequency, Hz.
    Frequency,
}

/// On which side of the threshold the element picks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Above the threshold.
    Over,
    /// Below the threshold.
    Under,
}

/// One passive protection element: picks up beyond `threshold`, trips after `delay_s` beyond it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtectionElement {
    /// Short name as in the grid code: `OV1`, `UF1`…
    pub name: String,
    /// Quantity.
    pub watch: Watch,
    /// Side.
    pub side: Side,
    /// V or Hz.
    pub threshold: f64,
    /// s from pick-up to the trip decision.
    pub delay_s: f64,
}

/// Demand response modes 0–8 decoded from the shorted pins of the RJ45.
#[derive(Debug, Clone, PartialEq)]
pub struct Drm {
    /// The port is read at all.
    pub enabled: bool,
    /// Delay from contact to the start of the response, s.
    pub delay_s: f64,
    /// Time constant of the change of power, s.
    pub tau_s: f64,
    /// Ceiling of the magnitude of power in modes 1–8 in pu of rated power, index 0 = DRM1.
    /// DRM1–4 bound consumption, DRM5–8 generation. `None`: the mode is ignored.
    pub limits: [Option<f64>; 8],
    /// DRM0 opens the grid relay.
    pub drm0: bool,
}

/// Back-up output and its transfer.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    /// Takes over when the grid is lost, from power-up on; can be switched over the interface.
    pub enabled: bool,
    /// Rated back-up power, W.
    pub rated_w: f64,
    /// Instantaneous deviation |v − v̂| that counts as grid loss, pu of the peak.
    pub detect_pu: f64,
    /// Time the deviation must last, s.
    pub detect_s: f64,
    /// Ride-through goes first: what may be a sag is watched for a cycle with the bridge blocked, and
    /// only a voltage that is gone then starts the transfer.
    pub ride_through_first: bool,
    /// Mean delay from the decision to the grid relay open, s.
    pub relay_s: f64,
    /// Standard deviation of that delay, s.
    pub relay_sigma_s: f64,
    /// Delay from the relay open to the first voltage of the bridge, s.
    pub start_s: f64,
    /// Rise of the voltage from zero, s.
    pub ramp_s: f64,
    /// Power up to which an overload is carried, W.
    pub overload_w: f64,
    /// Time for which it is carried, s.
    pub overload_s: f64,
    /// Time in the current limit after which a short circuit is assumed, s.
    pub short_circuit_s: f64,
    /// Extra delay before the bridge starts when the grid is lost in a window of the wave.
    pub late: Option<LateWindow>,
}

/// So many trips within so long lock the DUT until its fault is cleared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lockout {
    /// Trips.
    pub trips: usize,
    /// s.
    pub window_s: f64,
}

/// A window of the wave in which the transfer is late (a defect).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LateWindow {
    /// Start of the window, degrees after the positive-going zero.
    pub from_deg: f64,
    /// End of the window, degrees.
    pub to_deg: f64,
    /// Extra delay, s.
    pub extra_s: f64,
}

/// Linear derating by ambient temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derating {
    /// Full power up to this ambient, °C.
    pub start_c: f64,
    /// Power lost per kelvin above, pu of rated power.
    pub slope_pu_per_k: f64,
    /// Floor of the derated power, pu.
    pub floor_pu: f64,
    /// Time constant of the DUT's own temperature following the ambient, s.
    pub tau_s: f64,
}

/// Heat of the power stage: rises are those at rated power, in proportion to the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heat {
    /// Junction above the heatsink, K.
    pub junction_rise_k: f64,
    /// Time constant of that rise, s (5–20).
    pub junction_tau_s: f64,
    /// Heatsink above the air with the fan still, K.
    pub sink_rise_k: f64,
    /// Time constant of the heatsink with the fan still, s (300–1200).
    pub sink_tau_s: f64,
    /// Heatsink at which the fan starts, °C; it halves rise and time constant.
    pub fan_c: f64,
    /// Heatsink up to which full power is allowed, °C (75–80).
    pub derating_c: f64,
    /// Heatsink at which none is left, °C (90–95).
    pub zero_c: f64,
}

/// The reference bench of docs/models.md section 1: a 5 kW hybrid at 230 V, 50 Hz with the settings
/// of AS/NZS 4777.2 Australia A, for tests and examples.
#[must_use]
pub fn reference() -> PlantConfig {
    let element = |name: &str, watch, side, threshold, delay_s| ProtectionElement {
        name: name.to_owned(),
        watch,
        side,
        threshold,
        delay_s,
    };
    PlantConfig {
        line: Line {
            r_ohm: 0.15,
            l_h: 0.2e-3,
        },
        dut: Dut {
            topology: Topology::Hybrid,
            health: Health::Healthy,
            rated_power_w: 5000.0,
            rated_apparent_va: 5000.0,
            nominal_v: 230.0,
            nominal_hz: 50.0,
            max_current_a: 23.0,
            rated_charge_w: 4600.0,
            filter: Filter {
                l1_h: 1.5e-3,
                r1_ohm: 0.05,
                cf_f: 3.3e-6,
                rd_ohm: 5.0,
                l2_h: 0.5e-3,
                r2_ohm: 0.02,
            },
            voltage_gain_error: 0.0,
            volt_var: Response {
                enabled: true,
                points: vec![(207.0, 0.44), (220.0, 0.0), (240.0, 0.0), (258.0, -0.60)],
                sense: Sense::AsStated,
                delay_s: 0.1,
                tau_s: 2.0,
            },
            volt_watt: Response {
                enabled: true,
                points: vec![(253.0, 1.0), (260.0, 0.2)],
                sense: Sense::AsStated,
                delay_s: 0.1,
                tau_s: 2.0,
            },
            output: OutputQuality::default(),
            dc_link: DcLink::for_grid(230.0),
            tracking: Tracking::Global,
            mppt: None,
            pv_inputs: 1,
            site_counters: SiteCounters::Absent,
            functions: Functions::default(),
            lockout: None,
            protection: vec![
                element("UV2", Watch::Voltage, Side::Under, 70.0, 1.0),
                element("UV1", Watch::Voltage, Side::Under, 180.0, 10.0),
                element("OV1", Watch::Voltage, Side::Over, 265.0, 1.0),
                element("OV2", Watch::Voltage, Side::Over, 275.0, 0.0),
                element("UF1", Watch::Frequency, Side::Under, 47.0, 1.0),
                element("OF1", Watch::Frequency, Side::Over, 52.0, 0.0),
            ],
            relay_open_s: 0.006,
            anti_islanding: AntiIslanding::Sfs {
                cf0: 0.005,
                gain_per_hz: 0.08,
            },
            anti_islanding_lag_s: 0.02,
            passive_detection: PassiveDetection::default(),
            reference: CurrentReference::ConstantPower,
            drm: Drm {
                enabled: true,
                delay_s: 0.2,
                tau_s: 0.5,
                limits: [
                    Some(0.0),
                    Some(0.5),
                    Some(0.75),
                    None,
                    Some(0.0),
                    Some(0.5),
                    Some(0.75),
                    None,
                ],
                drm0: true,
            },
            backup: Some(Backup {
                enabled: true,
                rated_w: 5000.0,
                detect_pu: 0.2,
                detect_s: 0.0015,
                ride_through_first: false,
                relay_s: 0.004,
                relay_sigma_s: 0.0003,
                start_s: 0.0005,
                ramp_s: 0.001,
                overload_w: 6000.0,
                overload_s: 10.0,
                short_circuit_s: 0.1,
                late: None,
            }),
            derating: Some(Derating {
                start_c: 45.0,
                slope_pu_per_k: 0.025,
                floor_pu: 0.3,
                tau_s: 300.0,
            }),
            heat: None,
            reconnect_s: 60.0,
            reconnect_v_max: 253.0,
            reconnect_v_min: 205.0,
            reconnect_hz_max: 50.15,
            reconnect_hz_min: 47.5,
            ramp_pu_per_s: 0.1667 / 60.0,
            setpoint_tau_s: 0.2,
            battery: Some(Battery {
                nominal_v: 51.2,
                capacity_ah: 200.0,
                soc: 0.6,
                max_charge_a: 120.0,
                max_discharge_a: 120.0,
                range_v: (40.0, 60.0),
                built_in: false,
                pack: Pack::lithium_iron(51.2, 200.0, 120.0),
            }),
            standby_w: 15.0,
            mode: crate::input::WorkingMode::FollowSource,
            windows: Vec::new(),
            running_c: None,
            pv_max_v: f64::INFINITY,
            dc_limit: None,
            shutdown_s: None,
        },
        ambient_c: 25.0,
        seed: 1,
    }
}
