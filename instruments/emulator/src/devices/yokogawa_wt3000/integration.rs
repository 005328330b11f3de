//! Integration of the analysers: what starts and what ends it (IM WT1801-01EN, chapter 9, and for the
//! words IM WT3001E-17EN, chapter 6).

use gridproof_plant::Nanos;

use super::Wt3000;
use super::kept::Key;
use super::meter::{Element, Values};
use crate::field::SECOND;
use crate::scpi::fault::{self, Fault};

/// Bits of the condition register: integration goes on, and its timer runs.
pub(super) const INTEGRATING: u16 = 1 << 1;
pub(super) const TIMING: u16 = 1 << 2;
/// Intervals sum up to the timer with an error below this.
const ROUNDING_S: f64 = 1e-6;

/// State of integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Integration {
    Reset,
    /// Waits for its start time.
    Ready,
    Started,
    Stopped,
    /// The timer or the stop time has ended it.
    TimeUp,
}

impl Integration {
    /// Reply to `:INTEGrate:STATe?`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Integration::Reset => "RESET",
            Integration::Ready => "READY",
            Integration::Started => "START",
            Integration::Stopped => "STOP",
            Integration::TimeUp => "TIMEUP",
        }
    }
}

/// Numbers of `1,0,0`.
fn fields(text: &str) -> Vec<f64> {
    let number = |field: &str| field.trim().parse().unwrap_or(f64::NAN);
    text.split(',').map(number).collect()
}

/// Whether a setting of integration takes a text: hours, minutes and seconds of the timer, date and
/// time of day of the start and the stop.
#[expect(clippy::wildcard_enum_match_arm, reason = "settings of other things")]
pub(super) fn takes(key: Key, text: &str) -> bool {
    let within: &[(f64, f64)] = match key {
        Key::Timer => &[(0.0, 10_000.0), (0.0, 59.0), (0.0, 59.0)],
        Key::RealStart | Key::RealEnd => &[
            (2001.0, 2099.0),
            (1.0, 12.0),
            (1.0, 31.0),
            (0.0, 23.0),
            (0.0, 59.0),
            (0.0, 59.0),
        ],
        _ => return true,
    };
    let fields = fields(text);
    fields.len() == within.len()
        && fields
            .iter()
            .zip(within)
            .all(|(x, (least, most))| (least..=most).contains(&x))
}

impl Wt3000 {
    /// Time of the timer, s; 0 is none.
    pub(super) fn timer_s(&self) -> f64 {
        match fields(self.kept.text(Key::Timer))[..] {
            [hours, minutes, seconds] => hours * 3600.0 + minutes * 60.0 + seconds,
            _ => 0.0,
        }
    }

    /// In the modes of real time.
    fn by_the_clock(&self) -> bool {
        self.integrate_mode >= 2
    }

    /// In the continuous modes the timer starts anew.
    fn repeats(&self) -> bool {
        self.integrate_mode % 2 == 1
    }

    /// Seconds until a start or stop time.
    fn until(&self, key: Key, now: Nanos) -> f64 {
        match fields(self.kept.text(key))[..] {
            [year, month, day, hour, minute, second] => self.clock.until(
                (year as i64, month as u8, day as u8),
                hour * 3600.0 + minute * 60.0 + second,
                now,
            ),
            _ => 0.0,
        }
    }

    /// `:INTEGrate:STARt`; after its own end it must be reset first.
    pub(super) fn start_integration(&mut self) -> Result<(), Fault> {
        match self.integration {
            Integration::TimeUp => return Err(fault::SETTINGS_CONFLICT),
            Integration::Ready | Integration::Started => {}
            Integration::Reset | Integration::Stopped if self.by_the_clock() => {
                self.integration = Integration::Ready;
            }
            Integration::Reset | Integration::Stopped => self.integration = Integration::Started,
        }
        Ok(())
    }

    /// `:INTEGrate:STOP`.
    pub(super) fn stop_integration(&mut self) {
        if matches!(self.integration, Integration::Started | Integration::Ready) {
            self.integration = Integration::Stopped;
        }
    }

    /// What has been integrated is forgotten.
    pub(super) fn forget(&mut self) {
        self.integrated_s = 0.0;
        self.elements.iter_mut().for_each(Element::forget);
    }

    /// An interval with these values has ended at `now`.
    pub(super) fn integrate(&mut self, values: &[Option<Values>], now: Nanos) {
        if self.integration == Integration::Ready && self.until(Key::RealStart, now) <= 0.0 {
            self.integration = Integration::Started;
            return;
        }
        let mut rest = self.rate as f64 / SECOND as f64;
        let timer = match self.timer_s() {
            seconds if seconds > 0.0 => seconds,
            _ => f64::INFINITY,
        };
        let to_the_end = if self.by_the_clock() {
            self.until(Key::RealEnd, now) + rest
        } else {
            f64::INFINITY
        };
        rest = rest.min(to_the_end.max(0.0));
        while self.integration == Integration::Started && rest > 0.0 {
            if self.integrated_s >= timer - ROUNDING_S {
                if !self.repeats() {
                    break;
                }
                self.forget();
            }
            let part = rest.min(timer - self.integrated_s);
            for (element, values) in self.elements.iter_mut().zip(values) {
                if let Some(values) = values {
                    element.integrate(*values, part / 3600.0);
                }
            }
            self.integrated_s += part;
            rest -= part;
        }
        let up = !self.repeats() && self.integrated_s >= timer - ROUNDING_S;
        if self.integration == Integration::Started && (up || self.over(now)) {
            self.integration = Integration::TimeUp;
        }
    }

    /// In the modes of real time the stop time has come.
    fn over(&self, now: Nanos) -> bool {
        self.by_the_clock() && self.until(Key::RealEnd, now) <= 0.0
    }
}
