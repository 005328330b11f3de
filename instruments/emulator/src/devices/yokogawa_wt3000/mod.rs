//! Yokogawa WT3000 power analyser. Element 1 is the DUT's grid port (P > 0 injected), 2 the
//! source, 3 the back-up port, 4 the PV input (dc). Headers of replies are on after power-on.

mod commands;
mod items;
mod kept;
mod meter;

use gridproof_model::fault::{FaultKind, MeterQuantity};
use gridproof_plant::Nanos;

use self::commands::Command;
use self::items::Item;
use self::kept::{KEPT, LANES};
use self::meter::{Element, Gains, Values};
pub(crate) use self::meter::{Spec, Specs};
use crate::field::{Disturbance, Drifts, Field, MILLISECOND, SECOND};
use crate::scpi::engine::{Dialect, ReplyHeader, ScpiDevice};
use crate::scpi::fault::Fault;
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, patterns};
use crate::scpi::{Call, Outcome};

/// The plant's metering window.
const WINDOW: Nanos = 200 * MILLISECOND;
/// Update bit of the condition and extended event registers.
const UPDATE: u16 = 1;

/// State of integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Integration {
    Reset,
    Started,
    Stopped,
}

/// The analyser.
#[derive(Debug)]
pub(crate) struct Wt3000 {
    /// A WT5000: more functions and rates.
    wt5000: bool,
    kept: Settings<()>,
    wiring: String,
    header: bool,
    verbose: bool,
    rate: Nanos,
    next: Nanos,
    hold: bool,
    elements: Vec<Element>,
    items: Vec<Option<Item>>,
    number: usize,
    float: bool,
    filter: [u8; 16],
    events: u16,
    integration: Integration,
    integrated_s: f64,
    drifts: Drifts,
}

impl Wt3000 {
    /// As after power-on, with the ranges of the bench and an update rate of 500 ms.
    pub(crate) fn new(
        wt5000: bool,
        seed: u64,
        name: &str,
        specs: Specs,
        ranges: (f64, f64),
    ) -> Self {
        Self {
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
            items: items::preset(),
            number: 15,
            float: false,
            filter: [0; 16],
            events: 0,
            integration: Integration::Reset,
            integrated_s: 0.0,
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
        after(WINDOW).min(after(self.rate))
    }

    fn set_rate(&mut self, rate: Nanos, now: Nanos) {
        self.rate = rate;
        self.next = self.next_after(now);
    }

    fn integrate(&mut self, index: usize, values: Values) {
        let hours = self.rate as f64 / SECOND as f64 / 3600.0;
        let energy = &mut self.elements[index].energy;
        if values.p >= 0.0 {
            energy.0 += values.p * hours;
        } else {
            energy.1 += values.p * hours;
        }
        energy.2 += values.i * hours;
    }

    fn update(&mut self, now: Nanos) {
        let gains = self.gains(now);
        for index in 0..self.elements.len() {
            let values = self.elements[index].update(self.hold, gains);
            if let (Integration::Started, Some(values)) = (self.integration, values) {
                self.integrate(index, values);
            }
        }
        if self.integration == Integration::Started {
            self.integrated_s += self.rate as f64 / SECOND as f64;
        }
        // the update flag rises and falls in the same instant of virtual time
        if self.filter[0] != 0 {
            self.events |= UPDATE;
        }
    }

    fn condition(&self) -> u16 {
        let mut condition = 0;
        if self.integration == Integration::Started {
            condition |= 1 << 1;
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

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call)
        } else {
            self.set(command, call, field)
        }
    }

    /// Settings of the measurement; the interface settings (header, verbose) stay.
    fn reset(&mut self, field: &mut Field) {
        self.kept.reset();
        self.hold = false;
        self.items = items::preset();
        self.number = 15;
        self.float = false;
        self.integration = Integration::Reset;
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
            element.update(false, gains);
        }
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
        if now.is_multiple_of(WINDOW) {
            for element in &mut self.elements {
                let reading = field.plant.reading(element.point());
                element.sample(reading);
            }
        }
        if now.is_multiple_of(self.rate) {
            self.update(now);
        }
        self.next = self.next_after(now);
    }
}
