//! Protections of the IT6000C and its watchdog.

use gridproof_plant::Nanos;
use gridproof_plant::signal::MeterPoint;

use super::commands::Key;
use super::{It6000c, OCP, OPP, OVP, PERIOD, UCP, UVP, WATCHDOG};
use crate::field::{Field, SECOND};

impl It6000c {
    pub(super) fn watchdog(&self) -> Option<Nanos> {
        let on = self.output && self.settings.on(Key::WatchdogOn);
        let delay = self.settings.number(Key::WatchdogDelay);
        on.then(|| self.heard + (delay * SECOND as f64) as Nanos)
    }

    pub(super) fn protect(&mut self, field: &mut Field) {
        let now = field.now();
        let r = field.plant.reading(MeterPoint::Battery);
        let warm = |key: Key| {
            (now - self.closed) as f64 >= self.settings.number(key) * SECOND as f64
                && now >= self.not_before + PERIOD
        };
        let under = [
            (
                warm(Key::UnderVoltsWarm) && r.volts < self.settings.number(Key::UnderVolts),
                Key::UnderVoltsOn,
                Key::UnderVoltsDelay,
                UVP,
            ),
            (
                warm(Key::UnderAmpsWarm) && r.amps.abs() < self.settings.number(Key::UnderAmps),
                Key::UnderAmpsOn,
                Key::UnderAmpsDelay,
                UCP,
            ),
        ];
        let over = [
            (
                r.volts,
                Key::OverVolts,
                Key::OverVoltsOn,
                Key::OverVoltsDelay,
                OVP,
            ),
            (
                r.amps.abs(),
                Key::OverAmps,
                Key::OverAmpsOn,
                Key::OverAmpsDelay,
                OCP,
            ),
            (
                r.watts.abs(),
                Key::OverWatts,
                Key::OverWattsOn,
                Key::OverWattsDelay,
                OPP,
            ),
        ];
        let over = over.map(|(value, level, on, delay, bit)| {
            (value > self.settings.number(level), on, delay, bit)
        });
        let checks = over.into_iter().chain(under);
        for (watch, (beyond, on, delay, bit)) in self.watches.iter_mut().zip(checks) {
            if !watch.due(now) {
                continue;
            }
            let beyond = beyond && self.settings.on(on);
            if watch.trips(now, beyond, self.settings.number(delay)) {
                self.tripped |= bit;
            }
        }
        if self.watchdog().is_some_and(|at| at <= now) {
            self.tripped |= WATCHDOG;
        }
        if self.tripped != 0 && self.output {
            self.switch(false, field);
        }
    }
}
