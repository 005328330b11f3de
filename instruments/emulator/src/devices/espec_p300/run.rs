//! A program that runs: its set point from second to second, its repeats and its end.

use super::Refusal;
use super::program::{Counter, End, From, Program, Step};

/// The air is there for the guaranty of a step, K.
const THERE_K: f64 = 1.0;

/// What a second has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    Goes,
    /// The last step is over.
    Over(End),
}

/// A program under way.
#[derive(Debug)]
pub(super) struct Run {
    program: Program,
    /// Its number; `None` of a remote one, which is not stored.
    pub(super) number: Option<usize>,
    /// From 0.
    step: usize,
    /// Set point at the beginning of the step.
    from_c: f64,
    elapsed_s: u32,
    paused: bool,
    /// After the last step.
    held: bool,
    /// Cycles that each counter has still to run, this one among them.
    cycles: [u32; 2],
    /// The air has been where the step's guaranty wants it.
    arrived: bool,
}

impl Run {
    /// From step `first` (from 1) on, in air of `air_c`.
    pub(super) fn new(
        program: Program,
        number: Option<usize>,
        first: usize,
        air_c: f64,
    ) -> Result<Self, Refusal> {
        if !(1..=program.steps.len()).contains(&first) {
            return Err(Refusal::NoData);
        }
        let from_c = match program.from {
            From::Set if first == 1 => program.from_c,
            From::Set | From::Off | From::Present => air_c,
        };
        Ok(Self {
            number,
            step: first - 1,
            from_c,
            elapsed_s: 0,
            paused: false,
            held: false,
            cycles: program
                .counters
                .map(|counter| counter.map_or(0, |c| c.cycles)),
            arrived: false,
            program,
        })
    }

    /// The step under way.
    pub(super) fn step(&self) -> &Step {
        &self.program.steps[self.step]
    }

    /// The program.
    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// Set point now, °C.
    pub(super) fn set_c(&self) -> f64 {
        let step = self.step();
        if !step.ramp || self.elapsed_s >= step.seconds {
            return step.celsius;
        }
        let share = f64::from(self.elapsed_s) / f64::from(step.seconds);
        self.from_c + (step.celsius - self.from_c) * share
    }

    /// `RUN`, `RUN PAUSE`, `RMT RUN END HOLD` …
    pub(super) fn word(&self) -> String {
        let whose = if self.number.is_some() { "" } else { "RMT " };
        let how = match (self.held, self.paused) {
            (true, _) => " END HOLD",
            (false, true) => " PAUSE",
            (false, false) => "",
        };
        format!("{whose}RUN{how}")
    }

    /// `PRGM MON?` and `RUN PRGM MON?`: step, set point, time to go, cycles to go.
    pub(super) fn monitor(&self) -> String {
        let to_go = self
            .step()
            .seconds
            .saturating_sub(self.elapsed_s)
            .div_ceil(60);
        let cycles = match self.number {
            Some(_) => format!("{},{}", self.cycles[0], self.cycles[1]),
            None => "1".to_owned(),
        };
        format!(
            "{},{:.1},{}:{:02},{cycles}",
            self.step + 1,
            self.set_c(),
            to_go / 60,
            to_go % 60
        )
    }

    /// `RUN PRGM?` of a remote program.
    pub(super) fn remote(&self) -> String {
        let step = self.step();
        let mut text = format!(
            "TEMP{:.1} GOTEMP{:.1} TIME{}:{:02} {}",
            self.from_c,
            step.celsius,
            step.seconds / 3600,
            step.seconds / 60 % 60,
            step.refrigeration
        );
        let on = (1..=step.relays.len()).filter(|&n| step.relays[n - 1]);
        let on: Vec<String> = on.map(|n| n.to_string()).collect();
        if !on.is_empty() {
            text.push_str(&format!(" RELAYON,{}", on.join(",")));
        }
        text
    }

    /// It stays at the set point of now.
    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    /// It goes on after a pause.
    pub(super) fn resume(&mut self) -> Progress {
        self.paused = false;
        // paused at the end of a step
        self.follow()
    }

    /// The next step, whatever is left of this one.
    pub(super) fn advance(&mut self) -> Progress {
        self.paused = false;
        self.next()
    }

    /// The last set point stays.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }

    /// A second has passed in air of `air_c`.
    pub(super) fn second(&mut self, air_c: f64) -> Progress {
        if self.paused || self.held {
            return Progress::Goes;
        }
        let step = self.step();
        let there = (air_c - step.celsius).abs() <= THERE_K;
        self.arrived |= there || step.ramp || !step.guaranty;
        if self.arrived {
            self.elapsed_s += 1;
        }
        if self.elapsed_s >= self.step().seconds && self.arrived && self.step().pause {
            self.paused = true;
            return Progress::Goes;
        }
        self.follow()
    }

    /// The next step when this one is over.
    fn follow(&mut self) -> Progress {
        if self.elapsed_s >= self.step().seconds && self.arrived {
            self.next()
        } else {
            Progress::Goes
        }
    }

    fn next(&mut self) -> Progress {
        self.from_c = self.step().celsius;
        self.elapsed_s = 0;
        self.arrived = false;
        for place in 0..self.cycles.len() {
            let Some(Counter { start, end, .. }) = self.program.counters[place] else {
                continue;
            };
            if end != self.step + 1 || self.cycles[place] == 0 {
                continue;
            }
            self.cycles[place] -= 1;
            if self.cycles[place] > 0 {
                // the cycles inside begin anew
                for (inner, counter) in self.program.counters.iter().enumerate() {
                    if let Some(counter) = counter
                        && inner != place
                        && counter.start >= start
                        && counter.end <= end
                    {
                        self.cycles[inner] = counter.cycles;
                    }
                }
                self.step = start - 1;
                return Progress::Goes;
            }
        }
        if self.step + 1 < self.program.steps.len() {
            self.step += 1;
            return Progress::Goes;
        }
        Progress::Over(self.program.end)
    }
}
