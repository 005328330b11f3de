//! A step of voltage or frequency on a response curve as it was recorded: what every judge of response times
//! shares. Where the DUT stood before and after, whether that was on its curve, and whether the
//! source did its part.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Curve, CurveKind, Limit, Ratings};
use gridproof_model::record::CaseData;

use super::corridor::{self, Bounds};
use super::evidence::Evidence;
use super::response::{Recorded, SETTLED};
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use crate::edge::nearest_rising;
use crate::step_response::{Level, Response};
use crate::trip_time::voltage_change;
use crate::uncertainty::{Budget, bound};
use crate::zero_crossing::{falling_crossings, rising_crossings};

/// Last part before the step that is looked at on its own, s: what moves there moved before it
/// was asked to.
const JUST_BEFORE_S: f64 = 0.06;

/// The stimulus of a case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stimulus<'a> {
    pub(super) curve: &'a Curve,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Active power commanded, W.
    pub(super) power_w: f64,
}

/// The recorded step.
pub(super) struct Stepped<'a> {
    stimulus: Stimulus<'a>,
    pub(super) evidence: Evidence<'a>,
    recorded: Recorded,
    /// The stimulus against time from the step, V or Hz.
    applied: Response,
    /// Sample position of the step.
    event: f64,
    /// The commanded quantity against time from the step, pu of rated apparent power.
    pub(super) response: Response,
}

/// Where the DUT stood over a span of time, against its curve at the stimulus measured there.
pub(super) struct Standing {
    pub(super) level: Level,
    pub(super) bounds: Bounds,
    /// What the curve asks for, pu.
    pub(super) target: f64,
    /// Uncertainty budget of the level, pu.
    pub(super) budget: Budget,
}

impl<'a> Stepped<'a> {
    /// Finds the step in capture `step`; the source's part is judged on the sheet.
    pub(super) fn find(
        stimulus: Stimulus<'a>,
        ratings: &'a Ratings,
        data: &'a CaseData,
        sheet: &mut Sheet,
    ) -> Result<Self, Stop> {
        corridor::check(stimulus.curve)?;
        let evidence = Evidence::find(data, "step", ratings)?;
        let event = event(&stimulus, &evidence)?;
        let kind = stimulus.curve.kind;
        let name = format!("{} steps", kind.x_name());
        sheet.instant(&name, evidence.name(), evidence.seconds(event));
        let recorded = Recorded::new(&evidence, event)?;
        let base = ratings.rated_va;
        let response = match kind {
            CurveKind::VoltVar => recorded.response(|p| p.vars / base),
            CurveKind::VoltWatt | CurveKind::FrequencyWatt => recorded.response(|p| p.watts / base),
        };
        let applied = match kind {
            CurveKind::VoltVar | CurveKind::VoltWatt => recorded.response(|p| p.volts),
            CurveKind::FrequencyWatt => frequency(&evidence, event)?,
        };
        let stepped = Self {
            stimulus,
            evidence,
            recorded,
            applied,
            event,
            response,
        };
        stepped.judge_source(sheet)?;
        sheet.series("response", "s", "pu", stepped.response.points().to_vec());
        Ok(stepped)
    }

    /// The spans before the step: its steady state, and the last cycles.
    fn spans_before(&self) -> [(f64, f64); 2] {
        let (from, to) = self.recorded.before_span(self.evidence.ratings.nominal_hz);
        [(from, to), (-JUST_BEFORE_S, to)]
    }

    /// Seconds from the first sample of the capture to `at` seconds after the step.
    pub(super) fn instant(&self, at: f64) -> f64 {
        self.evidence.seconds(self.event) + at
    }

    /// The stimulus must be the one of the case: before, until the very step, soon after it (a
    /// source that comes late would otherwise be taken for a late DUT), and at the end.
    fn judge_source(&self, sheet: &mut Sheet) -> Judged {
        let applied = &self.applied;
        let (from, to) = (self.stimulus.from, self.stimulus.to);
        let [before, just_before] = self.spans_before();
        let sides = [
            ("before", from, applied.level(before.0, before.1)),
            (
                "just before",
                from,
                applied.level(just_before.0, just_before.1),
            ),
            ("just after", to, applied.level(0.03, 0.2)),
            ("settled", to, applied.settled(SETTLED)),
        ];
        let kind = self.stimulus.curve.kind;
        let ratings = self.evidence.ratings;
        let allowed = match kind {
            CurveKind::VoltVar | CurveKind::VoltWatt => 0.01 * ratings.nominal_v,
            CurveKind::FrequencyWatt => 0.001 * ratings.nominal_hz,
        };
        for (when, want, level) in sides {
            let level =
                level.ok_or_else(|| Stop::error("too little was recorded around the step"))?;
            let allowance = allowed + self.x_bound(want);
            let limit = procedure_limit(
                Some(want - allowance),
                Some(want + allowance),
                "source applies the step of the case",
            );
            let value = match kind {
                CurveKind::VoltVar | CurveKind::VoltWatt => self.evidence.volts_budget(level.mean),
                CurveKind::FrequencyWatt => {
                    Budget::new("Hz").rectangular("sample clock", self.x_bound(level.mean))
                }
            };
            sheet.bench_condition(
                &format!("{} {when}", kind.x_name()),
                limit,
                value.measure(level.mean),
                "source did not do what it was told",
            );
        }
        Ok(())
    }

    /// Bound on the error of a recorded stimulus: gain of the voltage channel, or sample clock.
    fn x_bound(&self, x: f64) -> f64 {
        let specs = self.evidence.specs;
        match self.stimulus.curve.kind {
            CurveKind::VoltVar | CurveKind::VoltWatt => bound(&specs.recorder_volts, x),
            CurveKind::FrequencyWatt => specs.recorder_clock * x.abs(),
        }
    }

    /// Where the DUT stood between `from` and `to` seconds after the step.
    pub(super) fn standing(&self, from: f64, to: f64) -> Result<Standing, Stop> {
        let short = || Stop::error("too little was recorded around the step");
        let base = self.evidence.ratings.rated_va;
        let curve = self.stimulus.curve;
        let level = self.response.level(from, to).ok_or_else(short)?;
        let reactive = self.recorded.response(|p| p.vars / base);
        let reactive = reactive.level(from, to).ok_or_else(short)?;
        let (volts, amps) = self.recorded.volts_amps(from, to);
        let available = corridor::available(curve, self.stimulus.power_w / base, reactive.mean);
        let x = match curve.kind {
            CurveKind::VoltVar | CurveKind::VoltWatt => volts,
            CurveKind::FrequencyWatt => self.applied.level(from, to).ok_or_else(short)?.mean,
        };
        let x_bound = self.x_bound(x);
        let bounds = corridor::bounds(curve, x, available, x_bound);
        let noise = level.sigma / (level.count as f64).sqrt();
        let budget = self
            .evidence
            .power_budget(volts, amps, noise, base, "pu")
            .rectangular(
                &format!("{} × slope of the curve", curve.kind.x_name()),
                x_bound * bounds.slope,
            );
        Ok(Standing {
            level,
            bounds,
            target: corridor::target(curve, x, available),
            budget,
        })
    }

    /// The output must lie on the curve before the step too, or there was nothing to respond with:
    /// an output that never moves would pass wherever the curve happens to meet it. Returns where
    /// the DUT stood.
    pub(super) fn judge_before(&self, sheet: &mut Sheet) -> Result<Standing, Stop> {
        let [steady, just_before] = self.spans_before();
        let steady = self.standing(steady.0, steady.1)?;
        let last = self.standing(just_before.0, just_before.1)?;
        let room = |s: &Standing| {
            (s.level.mean - s.bounds.low).min(s.bounds.high - s.level.mean) - s.budget.combined()
        };
        let worse = if room(&last) < room(&steady) {
            &last
        } else {
            &steady
        };
        let name = format!("{} before the step inside the corridor", self.letter());
        let origin = format!("{}, before the step", self.stimulus.curve.origin);
        self.judge_against(&name, origin, worse, sheet);
        Ok(steady)
    }

    /// `Q` or `P`.
    pub(super) fn letter(&self) -> char {
        self.stimulus.curve.kind.letter()
    }

    /// A level after the step against the corridor.
    pub(super) fn judge_standing(&self, name: &str, standing: &Standing, sheet: &mut Sheet) {
        let origin = self.stimulus.curve.origin.clone();
        self.judge_against(name, origin, standing, sheet);
    }

    fn judge_against(&self, name: &str, origin: String, standing: &Standing, sheet: &mut Sheet) {
        let limit = Limit {
            min: Some(standing.bounds.low),
            max: Some(standing.bounds.high),
            origin,
            mark: self.stimulus.curve.mark,
        };
        let value = standing.budget.clone().measure(standing.level.mean);
        sheet.criterion(name, &limit, value, "");
    }

    /// Budget of a response time found in one-cycle values.
    pub(super) fn time_budget(&self, at: f64) -> Budget {
        let cycle_s = 1.0 / self.evidence.ratings.nominal_hz;
        Budget::new("s")
            .sampling("sampling, event", self.evidence.step())
            // A one-cycle window stands for its centre: half of it bounds the shift of an edge.
            .rectangular("algorithm: one-cycle window", 0.5 * cycle_s)
            .sampling("algorithm: values each half cycle", 0.5 * cycle_s)
            .rectangular("sample clock", self.evidence.specs.recorder_clock * at)
    }

    /// T90 and overshoot, where the change is large enough to time.
    pub(super) fn inform(&self, before: &Level, settled: &Level, sheet: &mut Sheet) {
        let span = settled.mean - before.mean;
        // Small steps give meaningless times (docs/models.md, section 11).
        if span.abs() < 0.05 {
            return;
        }
        let level = before.mean + 0.9 * span;
        if let Some(at) = self.response.reaches(level, span.signum()) {
            sheet.inform("T90 including the delay", self.time_budget(at).measure(at));
        }
        let overshoot = 100.0 * self.response.overshoot(before.mean, settled.mean);
        let noise = 100.0 * settled.sigma / span.abs();
        sheet.inform(
            "overshoot",
            Budget::new("%").normal("noise", noise).measure(overshoot),
        );
    }
}

/// Frequency of each period of the voltage, a new one every half cycle, from the event, s. A period
/// across the event is neither of before nor of after, and left out.
fn frequency(evidence: &Evidence<'_>, event: f64) -> Result<Response, Stop> {
    let volts = evidence
        .analog(ChannelKind::GridVoltage)?
        .values(0..evidence.len());
    let cycle = evidence.cycle();
    let mut points: Vec<(f64, f64)> = [
        rising_crossings(&volts, cycle),
        falling_crossings(&volts, cycle),
    ]
    .iter()
    .flat_map(|crossings| crossings.windows(2))
    .filter(|pair| pair[1] <= event || pair[0] >= event)
    .map(|pair| {
        let middle = 0.5 * (pair[0] + pair[1]);
        (
            evidence.seconds(middle - event),
            evidence.rate() / (pair[1] - pair[0]),
        )
    })
    .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Response::new(points))
}

/// The trigger of the source, else the departure of the voltage from its wave.
fn event(stimulus: &Stimulus<'_>, evidence: &Evidence<'_>) -> Result<f64, Stop> {
    let told = evidence
        .optional_contact(ChannelKind::SourceTrigger)
        .and_then(|trigger| nearest_rising(&trigger, evidence.trigger()));
    if let Some(told) = told {
        return Ok(told);
    }
    if stimulus.curve.kind == CurveKind::FrequencyWatt {
        return Err(Stop::error("no trigger of the source shows the step"));
    }
    let volts = evidence
        .analog(ChannelKind::GridVoltage)?
        .values(0..evidence.len());
    let until = evidence
        .trigger()
        .saturating_sub((2.0 * evidence.cycle()) as usize);
    let (from, to) = (stimulus.from, stimulus.to);
    voltage_change(
        &volts,
        evidence.rate(),
        evidence.ratings.nominal_hz,
        until,
        (from, to, 0.5 * (from + to)),
    )
    .map(|s| s.departure)
    .ok_or_else(|| Stop::error("neither a trigger nor a change of the voltage shows the step"))
}
