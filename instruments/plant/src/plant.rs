//! The plant: public face, event queue, choice between waveform and quasi-static mode.

use std::collections::BTreeMap;

use crate::Nanos;
use crate::bench::Bench;
use crate::capture::{CaptureError, Sampler};
use crate::config::PlantConfig;
use crate::dc_link::{DcLinkState, Supply};
use crate::dut::{CONTROL_S, Inverter};
use crate::energy::Ledger;
use crate::filter::FilterForms;
use crate::input::Input;
use crate::meter::Meters;
use crate::network::Network;
use crate::quasi_static::{Admittance, Steady};
use crate::signal::{Capture, CaptureSpec, CaptureState, MeterPoint, Reading};
use crate::site::SiteBooks;
use crate::state::SetPoints;
use crate::stuck::Contacts;

/// One cycle of the slow functions, ns.
pub(crate) const SLOW_NS: u64 = 20_000_000;
/// Waveform step, ns.
const STEP_NS: u64 = 20_000;
/// Waveform step while a capture above 50 kS/s is armed, ns.
const FAST_STEP_NS: u64 = 10_000;

/// How time is being simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One phasor solution per 20 ms; simulated time stands on a multiple of 20 ms.
    QuasiStatic,
    /// State space step by step.
    Waveform,
}

/// Something that happens at an exact time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// An input as given.
    Input(Input),
    /// The grid simulator's output switches at the angle that was waited for.
    Output(bool),
    /// S1 switches at the angle that was waited for.
    Switch(bool),
}

/// The emulated bench with the inverter under test.
///
/// Inside, time runs on a fixed grid (20 µs in waveform mode, 20 ms in quasi-static mode) and
/// stands on the last grid point at or before [`Plant::now`]; only inputs make it stop between
/// two points. Results therefore do not depend on how a wait is cut into pieces.
#[derive(Debug, Clone)]
pub struct Plant {
    pub(crate) config: PlantConfig,
    now: Nanos,
    sequence: u64,
    queue: BTreeMap<(Nanos, u64), Action>,
    /// Time reached by the simulation.
    pub(crate) sim: Nanos,
    pub(crate) mode: Mode,
    pub(crate) bench: Bench,
    pub(crate) dut: Inverter,
    pub(crate) network: Network,
    pub(crate) meters: Meters,
    pub(crate) capture: Option<Sampler>,
    /// Time of the last control period.
    pub(crate) last_tick: Nanos,
    /// Source voltage at `sim`, V.
    pub(crate) e: f64,
    /// Last phasor solution.
    pub(crate) steady: Steady,
    /// Admittances of the last solution.
    pub(crate) admittance: Admittance,
    /// Loss and stored energy of the output filter at the last frequency.
    pub(crate) forms: FilterForms,
    /// Until then every slow step repeats the last one.
    pub(crate) rest_until: Nanos,
    /// The slow step that begins then looks for rest.
    pub(crate) look_from: Nanos,
    /// Cycles in waveform mode without a visible change.
    pub(crate) quiet_cycles: u32,
    pub(crate) last_cycle_v: (f64, f64),
    /// Dc link.
    pub(crate) dc: DcLinkState,
    /// What feeds it until the next slow step (waveform mode).
    pub(crate) supply: Supply,
    /// Energy balance.
    pub(crate) ledger: Ledger,
    /// Flows between sources, grid and loads.
    pub(crate) site: SiteBooks,
    /// Taken in front of the open relay since the last slow step (waveform mode), J.
    pub(crate) port_j: f64,
    /// Mean energy in the output filter (quasi-static mode), J.
    pub(crate) filter_j: f64,
    /// What sources and loads were last told.
    pub(crate) set_points: SetPoints,
    /// Contacts that stick.
    pub(crate) contacts: Contacts,
}

impl Plant {
    /// A bench that has just been powered: grid output open at the nominal set-point, S1 closed,
    /// S2 open, no loads, PV and battery simulators off, connection permitted.
    #[must_use]
    pub fn new(config: PlantConfig) -> Self {
        let dut = &config.dut;
        let bench = Bench::new(dut.nominal_v, dut.nominal_hz, config.ambient_c);
        let dc = DcLinkState::new(dut.dc_link, dut.rated_power_w, CONTROL_S);
        let admittance = Admittance::new(&bench.topology(false), &config.line, dut.nominal_hz);
        let hz_w = dut.nominal_hz * std::f64::consts::TAU;
        let forms = FilterForms::new(&dut.filter, hz_w, true);
        let network = Network::new(dut.filter, config.line, bench.topology(false));
        Self {
            dut: Inverter::new(dut, dut.dc_link.volts, config.ambient_c, config.seed),
            meters: Meters::new(dut.nominal_v),
            now: 0,
            sequence: 0,
            queue: BTreeMap::new(),
            sim: 0,
            mode: Mode::QuasiStatic,
            bench,
            network,
            admittance,
            forms,
            capture: None,
            last_tick: 0,
            e: 0.0,
            steady: Steady::default(),
            rest_until: 0,
            look_from: Nanos::MAX,
            quiet_cycles: 0,
            last_cycle_v: (0.0, 0.0),
            ledger: Ledger::new(dc.stored_j()),
            site: SiteBooks::default(),
            dc,
            supply: Supply::default(),
            port_j: 0.0,
            filter_j: 0.0,
            set_points: SetPoints::default(),
            contacts: Contacts::default(),
            config,
        }
    }

    /// Present time.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.now
    }

    /// What the plant was made of.
    #[must_use]
    pub fn config(&self) -> &PlantConfig {
        &self.config
    }

    /// Acts now.
    pub fn apply(&mut self, input: Input) {
        self.push(self.now, Action::Input(input));
        self.run();
    }

    /// Acts at an exact time; a time in the past acts now. Simultaneous inputs act in the order
    /// in which they were given.
    pub fn schedule(&mut self, at: Nanos, input: Input) {
        self.push(at.max(self.now), Action::Input(input));
    }

    pub(crate) fn push(&mut self, at: Nanos, action: Action) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), action);
    }

    /// Runs the bench to `t`; a time in the past does nothing.
    pub fn advance_to(&mut self, t: Nanos) {
        self.now = self.now.max(t);
        self.run();
    }

    /// Time of the next event.
    fn next_event(&self) -> Option<Nanos> {
        self.queue.first_key_value().map(|(key, _)| key.0)
    }

    /// Time of the next event at or before now.
    fn due(&self) -> Option<Nanos> {
        self.next_event().filter(|&t| t <= self.now)
    }

    fn run(&mut self) {
        loop {
            let due = self.due();
            let done = match self.mode {
                Mode::QuasiStatic => {
                    let reached = self.run_quasi_static(due);
                    if self.mode == Mode::QuasiStatic {
                        self.record_rest(reached);
                    }
                    reached
                }
                Mode::Waveform => self.run_waveform(due),
            };
            if done {
                break;
            }
        }
    }

    /// Brings the meters up to date with the cycles that wait.
    pub(crate) fn settle_meters(&mut self) {
        let dispatch = &mut self.dut.dispatch;
        self.meters.settle(|watts| dispatch.pv.solve_first(watts));
    }

    /// One quasi-static step, or a change of mode; true when `now` is reached.
    fn run_quasi_static(&mut self, due: Option<Nanos>) -> bool {
        let end = self.sim + SLOW_NS;
        if let Some(t) = due.filter(|&t| t <= end) {
            // what needs no waveform acts on the next slow step in either mode; a recorder sees instants
            let first = self.queue.first_key_value();
            let gentle =
                !self.capturing() && first.is_some_and(|(_, action)| self.gentle(action, t));
            if gentle {
                if let Some((_, action)) = self.queue.pop_first() {
                    self.act(t, action);
                }
            } else {
                self.enter_waveform();
            }
            return false;
        }
        if end > self.now {
            return true;
        }
        if self.rest_until > self.sim && self.repeat(self.next_event()) {
            return false;
        }
        if self.cruise(self.next_event()) {
            return false;
        }
        let ahead = self.solve_at(end);
        if self.may_dwell(&ahead) {
            let before = self.looks_for_rest(end).then(|| self.fingerprint());
            self.dwell(ahead);
            if before.is_some_and(|before| self.fingerprint().still(&before)) {
                self.begin_rest();
            }
        } else {
            self.enter_waveform();
        }
        false
    }

    /// Waveform steps up to the next event or `now`; true when `now` is reached.
    fn run_waveform(&mut self, due: Option<Nanos>) -> bool {
        let h = if self
            .capture
            .as_ref()
            .is_some_and(|c| c.active() && c.fast())
        {
            FAST_STEP_NS
        } else {
            STEP_NS
        };
        let stop = due.unwrap_or(Nanos::MAX);
        let mut grid = self.sim / h * h;
        loop {
            grid += h;
            if stop <= grid {
                if stop > self.sim {
                    self.waveform_to(stop);
                }
                if let Some((_, action)) = self.queue.pop_first() {
                    self.act(stop, action);
                }
                return false;
            }
            if grid > self.now {
                return true;
            }
            self.waveform_to(grid);
            if grid.is_multiple_of(SLOW_NS) {
                if self.may_leave_waveform() {
                    self.leave_waveform();
                }
                // the step may change with the end of a capture, the mode may have changed
                return false;
            }
        }
    }

    pub(crate) fn capturing(&self) -> bool {
        self.capture.as_ref().is_some_and(Sampler::active)
    }

    /// Means over the last complete window of ten cycles.
    #[must_use]
    pub fn reading(&self, point: MeterPoint) -> Reading {
        self.read(point).0
    }

    /// Means over the last complete cycle (dc points: the last 20 ms).
    #[must_use]
    pub fn reading_cycle(&self, point: MeterPoint) -> Reading {
        self.read(point).1
    }

    fn read(&self, point: MeterPoint) -> (Reading, Reading) {
        let pv = &self.dut.dispatch.pv;
        self.meters.read(point, |watts| pv.first_at(watts))
    }

    /// Means over the whole cycles of the last `span_ns` ns, 200 ms at most; `None` when there is no whole
    /// cycle in it.
    #[must_use]
    pub fn reading_over(&self, point: MeterPoint, span_ns: Nanos) -> Option<Reading> {
        let pv = &self.dut.dispatch.pv;
        let span = (self.now.saturating_sub(span_ns), self.now);
        self.meters.between(point, span, |watts| pv.first_at(watts))
    }

    /// Arms a capture; the first sample is taken now. An armed capture replaces an older one.
    ///
    /// # Errors
    /// When the capture is empty, too large, or its rate is not supported.
    pub fn arm(&mut self, spec: CaptureSpec) -> Result<(), CaptureError> {
        let mut sampler = Sampler::arm(spec, self.now)?;
        if self.mode == Mode::QuasiStatic {
            self.enter_waveform();
        }
        self.run();
        // stand exactly on now, so that the first sample is a true one
        if self.sim < self.now {
            self.waveform_to(self.now);
        }
        let frame = self.signals();
        sampler.advance(self.now, &frame, self.now, &frame);
        self.capture = Some(sampler);
        Ok(())
    }

    /// Drops the capture.
    pub fn disarm(&mut self) {
        self.capture = None;
    }

    /// Progress of the capture.
    #[must_use]
    pub fn capture_state(&self) -> CaptureState {
        self.capture
            .as_ref()
            .map_or(CaptureState::Idle, Sampler::state)
    }

    /// Takes the finished capture; `None` while it is not complete.
    pub fn take_capture(&mut self) -> Option<Capture> {
        if self.capture_state() == CaptureState::Done {
            self.capture.take().map(Sampler::finish)
        } else {
            None
        }
    }
}
