//! Timers of the P300: 0 counts down, 1 starts and 2 stops the chamber at a time of day.

use gridproof_plant::Nanos;

use super::program::{duration, in_ram, numbered};
use super::{Refusal, date};
use crate::devices::clock::{Clock, Date, weekday};
use crate::field::SECOND;

/// Days of the week.
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What a timer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Off,
    Standby,
    Constant,
    /// A program from a step on.
    Run(usize, usize),
}

impl Action {
    fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(match text {
            "OFF" => Action::Off,
            "STANDBY" => Action::Standby,
            "CONST" | "CONSTANT" => Action::Constant,
            _ => {
                let rest = text.strip_prefix("RUN,").ok_or(Refusal::Parameter)?;
                let (program, step) = rest.split_once(',').ok_or(Refusal::Parameter)?;
                let step = step.strip_prefix("STEP").ok_or(Refusal::Parameter)?;
                Action::Run(in_ram(program)?, numbered(step, 99)?)
            }
        })
    }

    fn text(self) -> String {
        match self {
            Action::Off => "OFF".to_owned(),
            Action::Standby => "STANDBY".to_owned(),
            Action::Constant => "CONSTANT".to_owned(),
            Action::Run(program, step) => format!("RUN,RAM:{program},STEP{step}"),
        }
    }
}

/// On which days.
#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    /// After so much time.
    After,
    Once(Date),
    /// On these days of the week, Sunday first.
    Weekly([bool; 7]),
    Daily,
}

/// A timer that has been written.
#[derive(Debug, Clone)]
struct Timer {
    when: When,
    /// Of the day, or from now, s.
    seconds: u32,
    action: Action,
    on: bool,
    due: Option<Nanos>,
}

impl Timer {
    /// When it is next due.
    fn next(&self, clock: Clock, now: Nanos) -> Option<Nanos> {
        let seconds = f64::from(self.seconds);
        let in_s = match &self.when {
            When::After => Some(seconds),
            When::Once(date) => Some(clock.until(*date, seconds, now)).filter(|&s| s > 0.0),
            When::Weekly(_) | When::Daily => {
                // today or within the next week
                let today = clock.until(clock.date(now), seconds, now);
                (0..=7)
                    .map(|days| today + f64::from(days) * 86_400.0)
                    .find(|&in_s| {
                        let at = now + (in_s.max(0.0) * SECOND as f64) as Nanos;
                        let day = weekday(clock.date(at));
                        in_s > 0.0 && !matches!(&self.when, When::Weekly(days) if !days[day])
                    })
            }
        };
        in_s.map(|in_s| now + (in_s * SECOND as f64).round() as Nanos)
    }

    fn text(&self, number: usize) -> String {
        let (hour, minute) = (self.seconds / 3600, self.seconds / 60 % 60);
        let when = match &self.when {
            When::After => {
                return format!("{number},{},{hour}:{minute:02}", self.action.text());
            }
            When::Once((year, month, day)) => {
                format!("MODE1,{}.{month}/{day}", year.rem_euclid(100))
            }
            When::Weekly(days) => {
                let days = DAYS.iter().zip(days).filter(|(_, on)| **on);
                let days: Vec<&str> = days.map(|(day, _)| *day).collect();
                format!("MODE2,{}", days.join("/"))
            }
            When::Daily => "MODE3".to_owned(),
        };
        format!("{number},{when},{hour}:{minute:02},{}", self.action.text())
    }
}

/// The three timers.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Timer>; 3]);

impl Timers {
    /// `TIMER WRITE`, all blanks taken out.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Refusal> {
        let (number, rest) = text.split_once(',').ok_or(Refusal::Parameter)?;
        let number = place(number.strip_prefix("NO").ok_or(Refusal::Parameter)?)?;
        let (when, rest) = if number == 0 {
            (When::After, rest)
        } else {
            let (mode, rest) = rest.split_once(',').ok_or(Refusal::Parameter)?;
            match mode {
                "MODE1" => {
                    let (day, rest) = rest.split_once(',').ok_or(Refusal::Parameter)?;
                    (When::Once(date(day).ok_or(Refusal::Parameter)?), rest)
                }
                "MODE2" => {
                    let (days, rest) = rest.split_once(',').ok_or(Refusal::Parameter)?;
                    let named: Vec<&str> = days.split('/').collect();
                    if named.iter().any(|day| !DAYS.contains(day)) {
                        return Err(Refusal::Parameter);
                    }
                    (When::Weekly(DAYS.map(|day| named.contains(&day))), rest)
                }
                "MODE3" => (When::Daily, rest),
                _ => return Err(Refusal::Parameter),
            }
        };
        let (time, action) = rest.split_once(',').ok_or(Refusal::Parameter)?;
        let seconds = duration(time)?;
        if number > 0 && seconds >= 86_400 {
            return Err(Refusal::Range);
        }
        let action = Action::parse(action)?;
        let stops = matches!(action, Action::Off | Action::Standby);
        if (number == 1 && stops) || (number == 2 && !stops) {
            return Err(Refusal::Parameter);
        }
        self.0[number] = Some(Timer {
            when,
            seconds,
            action,
            on: false,
            due: None,
        });
        Ok(())
    }

    /// `TIMER ERASE,NO1`.
    pub(super) fn erase(&mut self, text: &str) -> Result<(), Refusal> {
        let number = place(text.strip_prefix("NO").ok_or(Refusal::Parameter)?)?;
        self.0[number].take().map(|_| ()).ok_or(Refusal::NoData)
    }

    /// `TIMER,ON,1`.
    pub(super) fn switch(
        &mut self,
        (number, on): (&str, bool),
        clock: Clock,
        now: Nanos,
    ) -> Result<(), Refusal> {
        let timer = self.0[place(number)?].as_mut().ok_or(Refusal::NoData)?;
        timer.on = on;
        timer.due = timer.next(clock, now).filter(|_| on);
        Ok(())
    }

    /// The clock has been set.
    pub(super) fn reset(&mut self, clock: Clock, now: Nanos) {
        for timer in self.0.iter_mut().flatten() {
            if timer.on && timer.when != When::After {
                timer.due = timer.next(clock, now);
            }
        }
    }

    /// `TIMER LIST?,0`.
    pub(super) fn text(&self, number: &str) -> Result<String, Refusal> {
        let number = place(number)?;
        let timer = self.0[number].as_ref().ok_or(Refusal::NoData)?;
        Ok(timer.text(number))
    }

    /// Which are written, or of these which are on.
    pub(super) fn used(&self, only_on: bool) -> Vec<usize> {
        let used = |n: &usize| {
            self.0[*n]
                .as_ref()
                .is_some_and(|timer| timer.on || !only_on)
        };
        (0..self.0.len()).filter(used).collect()
    }

    /// When the next one is due.
    pub(super) fn next_event(&self) -> Option<Nanos> {
        self.0.iter().flatten().filter_map(|timer| timer.due).min()
    }

    /// What is due now.
    pub(super) fn take(&mut self, clock: Clock, now: Nanos) -> Option<Action> {
        let timer = self
            .0
            .iter_mut()
            .flatten()
            .find(|timer| timer.due.is_some_and(|due| due <= now))?;
        timer.due = match timer.when {
            When::After | When::Once(_) => {
                timer.on = false;
                None
            }
            When::Weekly(_) | When::Daily => timer.next(clock, now),
        };
        Some(timer.action)
    }
}

fn place(text: &str) -> Result<usize, Refusal> {
    match text.trim() {
        "0" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        _ => Err(Refusal::Parameter),
    }
}
