//! Yokogawa WT3000 power analyser. Element 1 is the DUT's grid port (P > 0 injected), 2 the
//! source, 3 the back-up port, 4 the PV input (dc). Headers of replies are on after power-on.

mod commands;
mod display;
mod functions;
mod integration;
mod items;
mod kept;
mod meter;
mod numeric;
mod readout;
mod words;

use std::collections::VecDeque;

use gridproof_model::fault::{FaultKind, MeterQuantity};
use gridproof_plant::Nanos;

use self::commands::Command;
use self::integration::{INTEGRATING, Integration, TIMING};
use self::items::Item;
use self::kept::{KEPT, Key, LANES};
use self::meter::{Element, Gains, Values};
pub(crate) use self::meter::{Spec, Specs};
use self::numeric::Waves;
use crate::devices::clock::Clock;
use crate::devices::spectrum::HIGHEST;
use crate::field::{Disturbance, Drifts, Field, MILLISECOND};
use crate::rng::Rng;
use crate::scpi::engine::{Dialect, ReplyHeader, ScpiDevice};
use crate::scpi::fault::Fault;
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, patterns};
use crate::scpi::{Call, Outcome};

/// Intervals are measured in parts of at most ten cycles.
const WINDOW: Nanos = 200 * MILLISECOND;
/// Parts of the longest latency that an update takes at least, and that differ from one to the next.
const LATENCY_LEAST: f64 = 0.5;
const LATENCY_JITTER: f64 = 0.1;
/// Update bit of the condition and extended event registers.
const UPDATE: u16 = 1;

/// What an interval gave.
#[derive(Debug)]
struct Update {
    /// When it can be read.
    at: Nanos,
    /// By element.
    values: Vec<Option<Values>>,
    /// If somebody wants them.
    waves: Option<Waves>,
}

/// The analyser.
#[derive(Debug)]
pub(crate) struct Wt3000 {
    /// A WT5000: more functions and rates.
    wt5000: bool,
    kept: Settings<Key>,
    wiring: String,
    header: bool,
    verbose: bool,
    rate: Nanos,
    next: Nanos,
    /// Up to then the parts of the present interval are measured.
    measured: Nanos,
    /// Longest time from the end of an interval until its values can be read.
    latency: Nanos,
    /// What this one needs of that at least.
    least_latency: Nanos,
    jitter: Rng,
    /// Updates that cannot be read yet.
    pending: VecDeque<Update>,
    hold: bool,
    elements: Vec<Element>,
    items: Vec<Option<Item>>,
    number: usize,
    /// Items of the list of harmonics, how many are read, up to which order.
    lists: Vec<Option<Item>>,
    list_number: usize,
    list_order: usize,
    list_select: usize,
    /// Waveforms of the values shown; `None` when nobody has asked for any.
    waves: Option<Waves>,
    /// Of the interval under way.
    coming: Option<Waves>,
    /// Somebody has asked for waveforms: every update has them.
    wanted: bool,
    /// What came while the display was held.
    fresh: Option<Update>,
    /// Waveform display data that are held.
    held: Option<Vec<Vec<f64>>>,
    integrate_mode: usize,
    float: bool,
    filter: [u8; 16],
    events: u16,
    integration: Integration,
    integrated_s: f64,
    clock: Clock,
    /// The condition register when it was last looked at.
    before: u16,
    drifts: Drifts,
}

impl Wt3000 {
    /// As after power-on, with the ranges of the bench and an update rate of 500 ms; `latency_s` is the
    /// longest time from the end of an interval until its values can be read.
    pub(crate) fn new(
        wt5000: bool,
        (seed, name): (u64, &str),
        specs: Specs,
        ranges: (f64, f64),
        latency_s: f64,
    ) -> Self {
        let mut jitter = Rng::new(seed, name, "latency");
        let part = LATENCY_LEAST + (1.0 - LATENCY_JITTER - LATENCY_LEAST) * jitter.uniform();
        let nanos = |seconds: f64| (seconds * 1e9) as Nanos;
        Self {
            latency: nanos(latency_s),
            least_latency: nanos(latency_s * part),
            jitter,
            pending: VecDeque::new(),
            measured: 0,
            wt5000,
            kept: Settings::new(KEPT, Style::LONG, LANES),
            wiring: "P1W2,P1W2,P1W2,P1W2".to_owned(),
            header: true,
            verbose: true,
            rate: 500 * MILLISECOND,
            next: WINDOW,
            hold: false,
            elements: (0..4)
                .map(|index| Element::new(seed, name, index, specs, ranges))
                .collect(),
            items: items::preset(2),
            number: 15,
            lists: items::list_preset(2),
            list_number: 1,
            list_order: HIGHEST,
            list_select: 0,
            waves: None,
            coming: None,
            wanted: false,
            fresh: None,
            held: None,
            integrate_mode: 0,
            float: false,
            filter: [0; 16],
            events: 0,
            integration: Integration::Reset,
            integrated_s: 0.0,
            clock: Clock::new((2026, 1, 1)),
            before: 0,
            drifts: Drifts::default(),
        }
    }

    fn gains(&self, now: Nanos) -> Gains {
        Gains {
            volts: self.drifts.factor(MeterQuantity::Voltage, now),
            amps: self.drifts.factor(MeterQuantity::Current, now),
            watts: self.drifts.factor(MeterQuantity::Power, now),
        }
    }

    /// Next instant at which something is due: end of a metering window or of an update interval.
    fn next_after(&self, now: Nanos) -> Nanos {
        let after = |step: Nanos| (now / step + 1) * step;
        let measured = after(WINDOW).min(after(self.rate));
        // waveforms are looked at so long before the end of an interval
        let span = self.wave_span();
        let look = ((now + span) / self.rate + 1) * self.rate - span;
        let readable = self.pending.front().map(|update| update.at);
        let look = Some(look).filter(|_| self.wanted);
        [readable, look]
            .into_iter()
            .flatten()
            .fold(measured, u64::min)
    }

    fn set_rate(&mut self, rate: Nanos, now: Nanos) {
        self.rate = rate;
        self.coming = None;
        self.next = self.next_after(now);
    }

    /// End of an interval at `now`.
    fn update(&mut self, now: Nanos) {
        let gains = self.gains(now);
        let values: Vec<Option<Values>> = self
            .elements
            .iter_mut()
            .map(|element| element.update(gains))
            .collect();
        self.integrate(&values, now);
        let jitter = LATENCY_JITTER * self.latency as f64 * self.jitter.uniform();
        let at = now + self.least_latency + jitter as Nanos;
        // one after the other
        let at = self.pending.back().map_or(at, |last| at.max(last.at));
        let waves = self.coming.take();
        self.pending.push_back(Update { at, values, waves });
    }

    /// Shows the updates whose time has come.
    fn show(&mut self, now: Nanos) {
        while let Some(update) = self.pending.pop_front_if(|update| update.at <= now) {
            if self.hold {
                self.fresh = Some(update);
            } else {
                self.display(update);
            }
            // the update flag rises and falls in the same instant of virtual time
            if self.filter[0] != 0 {
                self.events |= UPDATE;
            }
        }
    }

    fn display(&mut self, update: Update) {
        for (element, values) in self.elements.iter_mut().zip(update.values) {
            element.shown = values;
        }
        self.waves = update.waves;
    }

    /// Holds the values or lets them go; held once more, they are the latest.
    fn set_hold(&mut self, on: bool) {
        if let Some(update) = self.fresh.take() {
            self.display(update);
        }
        self.hold = on;
    }

    fn condition(&self) -> u16 {
        let mut condition = 0;
        if self.integration == Integration::Started {
            condition |= INTEGRATING;
            if self.timer_s() > 0.0 {
                condition |= TIMING;
            }
        }
        for (index, element) in self.elements.iter().enumerate() {
            if element
                .shown
                .is_some_and(|values| values.over_u || values.over_i)
            {
                condition |= 1 << (8 + index);
            }
        }
        condition
    }

    /// Changes of the condition register become extended events as the filters say; the update bit rises
    /// and falls in one instant.
    fn transitions(&mut self) {
        let now = self.condition();
        for (bit, &filter) in self.filter.iter().enumerate().skip(1) {
            let is = |register: u16| register >> bit & 1 == 1;
            let seen = match (is(self.before), is(now)) {
                (false, true) => filter & 1 != 0,
                (true, false) => filter & 2 != 0,
                (false, false) | (true, true) => false,
            };
            if seen {
                self.events |= 1 << bit;
            }
        }
        self.before = now;
    }
}

impl ScpiDevice for Wt3000 {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect::YOKOGAWA
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        let mut all = commands::TABLE.to_vec();
        all.extend(patterns(KEPT, Command::Kept));
        all
    }

    fn identity(&self) -> String {
        let model = if self.wt5000 {
            "YOKOGAWA,WT5000,91W000001,F3.01"
        } else {
            "YOKOGAWA,760304-04-SV,91K000001,F6.11"
        };
        model.to_owned()
    }

    fn options(&self) -> &'static str {
        if self.wt5000 { "0" } else { "G6,B5,C7,C5" }
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call, field)
        } else {
            let outcome = self.set(command, call, field);
            self.transitions();
            outcome
        }
    }

    fn members(&self, command: Command, node: &str) -> u32 {
        if let Command::Kept(row) = command {
            return kept::members(KEPT[usize::from(row)].0, node, self.wt5000);
        }
        if command == Command::Item {
            self.number as u32
        } else if command == Command::ListItem {
            self.list_number as u32
        } else {
            kept::members("", node, self.wt5000)
        }
    }

    fn listed(&self, command: Command) -> bool {
        self.wt5000
            || !matches!(command, Command::Kept(row) if kept::of_others(KEPT[usize::from(row)].0))
    }

    fn distinct(&self, command: Command) -> bool {
        matches!(command, Command::Kept(row) if self.kept.key(row) == Key::Words)
    }

    fn extended_summary(&self) -> bool {
        self.events & self.kept.number(Key::EventEnable) as u16 != 0
    }

    fn tells_messages(&self) -> bool {
        self.kept.on(Key::Messages)
    }

    /// Settings of the measurement; the interface settings (header, verbose) stay.
    fn reset(&mut self, field: &mut Field) {
        self.kept.reset();
        self.set_hold(false);
        self.items = items::preset(2);
        self.number = 15;
        self.lists = items::list_preset(2);
        self.list_number = 1;
        self.list_order = HIGHEST;
        self.list_select = 0;
        self.wanted = false;
        self.held = None;
        self.integrate_mode = 0;
        self.float = false;
        self.integration = Integration::Reset;
        self.forget();
        self.set_rate(500 * MILLISECOND, field.now());
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::MeterDrift
    }

    fn disturb(&mut self, what: Disturbance, _field: &mut Field) -> Option<Fault> {
        self.drifts.disturb(what);
        None
    }

    fn trigger(&mut self, field: &mut Field) -> Result<(), Fault> {
        let gains = self.gains(field.now());
        // a single update while held: the values of the last interval
        for element in &mut self.elements {
            element.shown = element.update(gains);
        }
        self.waves = None;
        Ok(())
    }

    fn clear(&mut self) {
        self.events = 0;
    }

    fn reply_header(&self) -> ReplyHeader {
        match (self.header, self.verbose) {
            (false, _) => ReplyHeader::Off,
            (true, false) => ReplyHeader::Short,
            (true, true) => ReplyHeader::Long,
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        Some(self.next)
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        let ends = now.is_multiple_of(self.rate);
        if ends || now.is_multiple_of(WINDOW) {
            let part = now - self.measured.max((now - 1) / self.rate * self.rate);
            self.measured = now;
            for element in &mut self.elements {
                if let Some(reading) = field.plant.reading_over(element.point(), part) {
                    element.sample(reading, part as f64 * 1e-9);
                }
            }
        }
        if ends {
            self.update(now);
        }
        self.show(now);
        self.transitions();
        if self.wanted && (now + self.wave_span()).is_multiple_of(self.rate) {
            self.coming = Some(self.look(field));
        }
        self.next = self.next_after(now);
    }
}
