//! The campaign: every case of a plan on every DUT, resolved and proven possible before anything
//! is energised.

use gridproof_measure::judge::tightest;
use gridproof_model::bench::{Bench, Environment, Role};
use gridproof_model::case::{Case, CaseSpec, CurveKind, PvFeed};
use gridproof_model::defect::Defect;
use gridproof_model::diagnostic::{Diagnostic, Diagnostics};
use gridproof_model::dut::DutProfile;
use gridproof_model::fault::FaultFile;
use gridproof_model::grid_code::GridCode;
use gridproof_model::located::{Located, Position};
use gridproof_model::plan::{Plan, PlanTest};
use gridproof_model::record::InstrumentSpecs;
use gridproof_model::register_file::RegisterFile;

use crate::catalog::{self, Loaded};
use crate::error::RunError;
use crate::expand::{Expansion, Feed, Problem, expand, feed};
use crate::registers;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Plan file or shipped name.
    pub plan: String,
    /// Bench file or shipped name; `None` is the embedded bench.
    pub bench: Option<String>,
    /// DUT profile instead of the plan's own.
    pub dut: Option<String>,
    /// Tests to run; empty means all.
    pub only: Vec<String>,
    /// Defect to lay over the behaviour of the emulated DUT.
    pub defect: Option<String>,
    /// `KEY=VALUE` overlays of the emulated behaviour, later ones win.
    pub dut_set: Vec<String>,
    /// Faults of the emulated bench, by path or shipped name.
    pub faults: Option<String>,
}

/// One test on one DUT: what runs on one bench from cold to safe.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Identifier of the test.
    pub test: String,
    /// Title of the test.
    pub title: String,
    /// Index into [`Campaign::duts`].
    pub dut: usize,
    /// Cases, or why there are none.
    pub content: UnitContent,
}

/// Cases of a unit.
#[derive(Debug, Clone)]
pub enum UnitContent {
    /// To be run in this order.
    Cases(Vec<Case>),
    /// The reason why the test does not apply.
    NotApplicable(String),
}

/// Everything a run needs, checked.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The plan.
    pub plan: Loaded<Plan>,
    /// The bench.
    pub bench: Loaded<Bench>,
    /// DUT profiles in the order of the plan, behaviours overlaid.
    pub duts: Vec<Loaded<DutProfile>>,
    /// Register file of each DUT, where its profile names one.
    pub registers: Vec<Option<Loaded<RegisterFile>>>,
    /// Grid codes the plan or the behaviours name.
    pub codes: Vec<Loaded<GridCode>>,
    /// The defect laid over, if any.
    pub defect: Option<Loaded<Defect>>,
    /// Faults of the emulated bench, if any.
    pub faults: Option<Loaded<FaultFile>>,
    /// Units DUT by DUT, in plan order.
    pub units: Vec<Unit>,
}

impl Campaign {
    /// Load every file the request names, expand and check.
    ///
    /// # Errors
    /// The first input file that is wrong, with all its problems; nothing has been energised.
    pub fn load(request: &Request) -> Result<Self, RunError> {
        let plan = catalog::plan(&request.plan)?;
        let bench = catalog::bench(request.bench.as_deref().unwrap_or(catalog::EMBEDDED_BENCH))?;
        let defect = request.defect.as_deref().map(catalog::defect).transpose()?;
        let faults = request
            .faults
            .as_deref()
            .map(|name| catalog::faults_on(name, &bench.value))
            .transpose()?;
        if let (Some(faults), Environment::Real) = (&faults, bench.value.environment) {
            return Err(RunError::Record {
                path: faults.file.clone().into(),
                problem: format!(
                    "faults happen on emulated benches only, and `{}` is real; leave --faults out",
                    bench.value.bench
                ),
            });
        }
        let mut duts = match &request.dut {
            Some(name) => vec![catalog::dut(name)?],
            None => plan
                .value
                .duts
                .iter()
                .map(|name| dut_of_plan(&plan, name))
                .collect::<Result<_, _>>()?,
        };
        for dut in &mut duts {
            if let Some(defect) = &defect {
                dut.value.behaviour = dut.value.behaviour.overlaid_with(&defect.value.behaviour);
            }
            for pair in &request.dut_set {
                let over = catalog::behaviour_setting(pair)?;
                dut.value.behaviour = dut.value.behaviour.overlaid_with(&over);
            }
        }
        let registers = registers::load(&duts, &bench.value)?;
        let codes = codes(&plan, &duts)?;
        let units = units(&plan, &bench.value, &duts, &codes, &request.only)?;
        let campaign = Self {
            plan,
            bench,
            duts,
            registers,
            codes,
            defect,
            faults,
            units,
        };
        registers::support(&campaign)?;
        campaign.bench_supports()?;
        Ok(campaign)
    }

    /// Number of cases in all units.
    pub fn cases(&self) -> usize {
        self.units
            .iter()
            .map(|unit| unit.content.cases().len())
            .sum()
    }

    /// The bench must be able to support every limit, and carry what every test needs.
    fn bench_supports(&self) -> Result<(), RunError> {
        crate::open::has_drivers(&self.bench.value)?;
        self.sources_there()?;
        self.one_of_a_role()?;
        let specs = self
            .bench
            .value
            .specs()
            .map_err(|problem| RunError::Bench(problem.to_string()))?;
        let mut problems = Vec::new();
        for case in self.units.iter().flat_map(|unit| unit.content.cases()) {
            if let Some(problem) = self.corridor_supported(case, &specs)
                && !problems.contains(&problem)
            {
                problems.push(problem);
            }
            let (limit, uncertainty) = match &case.spec {
                CaseSpec::Transfer(spec) => (spec.transfer.max, specs.recorder_skew_s + 1e-5),
                CaseSpec::AntiIslanding(spec) => (spec.run_on.max, specs.contact_lag_s),
                CaseSpec::Trip(spec) => (spec.disconnect.max, 1e-4),
                CaseSpec::CurveSweep(_)
                | CaseSpec::CurveStep(_)
                | CaseSpec::OpenLoopStep(_)
                | CaseSpec::FrequencyReturn(_)
                | CaseSpec::Drm(_)
                | CaseSpec::Derating(_) => continue,
            };
            if let Some(limit) = limit
                && uncertainty > limit / 10.0
            {
                let at = Position {
                    line: case.line.line,
                    column: case.line.column,
                };
                let message = format!(
                    "the bench times events to ±{:.2} ms, too coarse for the limit of {:.2} ms",
                    uncertainty * 1e3,
                    limit * 1e3
                );
                let problem = mistake(&self.plan, at, message)
                    .with_hint("a timing limit needs an uncertainty of at most a tenth of it");
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        none(problems)
    }

    /// Every DUT has something to run from: a PV simulator at its PV input, at its battery port a
    /// simulator or a pack, whose management system the bench then lists.
    fn sources_there(&self) -> Result<(), RunError> {
        let bench = &self.bench.value;
        let has = |role: Role| {
            let mut entries = bench.instruments.values();
            entries.any(|entry| entry.model.role() == role)
        };
        for dut in &self.duts {
            let lacks = if dut.value.pv.is_some() && !has(Role::PvSource) {
                "a PV input, and the bench no `pv-source`"
            } else if dut.value.battery.is_some() && !has(Role::BatterySource) && !has(Role::Bms) {
                "a battery, and the bench neither a `battery-source` nor the `bms` of a pack"
            } else {
                continue;
            };
            return Err(RunError::Record {
                path: self.bench.file.clone().into(),
                problem: format!(
                    "`{}` has {lacks}; take another bench than `{}`, or add the instrument to it",
                    dut.value.dut, bench.bench
                ),
            });
        }
        Ok(())
    }

    /// A run speaks to one instrument of a role: a second one would stand there unattended.
    fn one_of_a_role(&self) -> Result<(), RunError> {
        let bench = &self.bench.value;
        let single = [
            Role::GridSource,
            Role::BatterySource,
            Role::PowerAnalyser,
            Role::Recorder,
            Role::Chamber,
            Role::Dut,
        ];
        for role in single {
            let names: Vec<&str> = bench.with_role(role).map(|(name, _)| name).collect();
            if names.len() > 1 {
                return Err(RunError::Record {
                    path: self.bench.file.clone().into(),
                    problem: format!(
                        "a run drives one {role}, and the bench has {}: leave all but one out; \
                         `gridproof emulate` serves them all",
                        names.join(" and ")
                    ),
                });
            }
        }
        Ok(())
    }

    /// A corridor of which the bench's own uncertainty takes more than half leaves a DUT that keeps
    /// to it no room to show that.
    fn corridor_supported(&self, case: &Case, specs: &InstrumentSpecs) -> Option<Diagnostic> {
        let curve = match &case.spec {
            CaseSpec::CurveSweep(spec) => &spec.curve,
            CaseSpec::FrequencyReturn(spec) => &spec.curve,
            CaseSpec::CurveStep(_)
            | CaseSpec::OpenLoopStep(_)
            | CaseSpec::AntiIslanding(_)
            | CaseSpec::Transfer(_)
            | CaseSpec::Trip(_)
            | CaseSpec::Drm(_)
            | CaseSpec::Derating(_) => return None,
        };
        let tightest = tightest(curve, &case.ratings, specs)?;
        if tightest.u <= 0.5 * tightest.half_width {
            return None;
        }
        let at = Position {
            line: case.line.line,
            column: case.line.column,
        };
        let message = format!(
            "the bench measures {} on the curve at {:.2} {} to ±{:.2} %S, too coarse for a corridor of ±{:.2} %S",
            curve.kind.letter(),
            tightest.x,
            curve.kind.x_unit(),
            100.0 * tightest.u,
            100.0 * tightest.half_width
        );
        let hint = format!(
            "a corridor needs an uncertainty of at most half of it; {} counts by the slope of the curve",
            match curve.kind {
                CurveKind::VoltVar | CurveKind::VoltWatt => "the analyser's voltage",
                CurveKind::FrequencyWatt =>
                    "the better of the recorder's clock and the analyser's frequency",
            }
        );
        Some(mistake(&self.plan, at, message).with_hint(hint))
    }
}

impl UnitContent {
    /// The cases; none when not applicable.
    pub fn cases(&self) -> &[Case] {
        match self {
            UnitContent::Cases(cases) => cases,
            UnitContent::NotApplicable(_) => &[],
        }
    }
}

fn dut_of_plan(
    plan: &Loaded<Plan>,
    name: &Located<String>,
) -> Result<Loaded<DutProfile>, RunError> {
    catalog::dut(&name.value).map_err(|error| at_plan(plan, name.at, error))
}

/// An unknown name in a plan is a mistake in the plan: say where.
fn at_plan(plan: &Loaded<Plan>, at: Position, error: RunError) -> RunError {
    let RunError::Unknown { kind, name, hint } = error else {
        return error;
    };
    let hint = hint.trim_start().trim_start_matches("hint: ");
    let problem = mistake(plan, at, format!("no {kind} named `{name}`"))
        .marking(&plan.text, name.chars().count())
        .with_hint(hint);
    RunError::Input(problem.into())
}

fn codes(
    plan: &Loaded<Plan>,
    duts: &[Loaded<DutProfile>],
) -> Result<Vec<Loaded<GridCode>>, RunError> {
    let mut codes: Vec<Loaded<GridCode>> = Vec::new();
    for name in plan
        .value
        .tests
        .iter()
        .filter_map(|test| test.grid_code.as_ref())
    {
        if !codes.iter().any(|code| code.value.grid_code == name.value) {
            codes.push(
                catalog::grid_code(&name.value).map_err(|error| at_plan(plan, name.at, error))?,
            );
        }
    }
    for name in duts
        .iter()
        .filter_map(|dut| dut.value.behaviour.grid_code.as_ref())
    {
        if !codes.iter().any(|code| code.value.grid_code == *name) {
            codes.push(catalog::grid_code(name)?);
        }
    }
    Ok(codes)
}

fn units(
    plan: &Loaded<Plan>,
    bench: &Bench,
    duts: &[Loaded<DutProfile>],
    codes: &[Loaded<GridCode>],
    only: &[String],
) -> Result<Vec<Unit>, RunError> {
    for name in only {
        if !plan.value.tests.iter().any(|test| test.id.value == *name) {
            let ids: Vec<&str> = plan
                .value
                .tests
                .iter()
                .map(|test| test.id.value.as_str())
                .collect();
            return Err(RunError::Unknown {
                kind: "test",
                name: name.clone(),
                hint: format!("\nhint: {} has {}", plan.file, ids.join(", ")),
            });
        }
    }
    let mut units = Vec::new();
    let mut problems = Vec::new();
    for (index, dut) in duts.iter().enumerate() {
        for test in &plan.value.tests {
            if !only.is_empty() && !only.contains(&test.id.value) {
                continue;
            }
            let code = test
                .grid_code
                .as_ref()
                .and_then(|name| codes.iter().find(|code| code.value.grid_code == name.value))
                .map(|code| &code.value);
            let fed = feed(test, bench, &dut.value);
            let expanded = fed.and_then(|feed| match feed {
                Feed::NotApplicable(reason) => Ok((Expansion::NotApplicable(reason), None)),
                Feed::From(pv) => Ok((expand(test, &dut.value, code)?, pv)),
            });
            match expanded {
                Ok((expansion, pv)) => {
                    units.push(unit(plan, test, (index, &dut.value), expansion, &pv));
                }
                Err(Problem { at, message, hint }) => {
                    let problem = mistake(plan, at, message);
                    let problem = match hint {
                        Some(hint) => problem.with_hint(hint),
                        None => problem,
                    };
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    none(problems)?;
    Ok(units)
}

/// An error at a place of the plan.
fn mistake(plan: &Loaded<Plan>, at: Position, message: String) -> Diagnostic {
    Diagnostic::error(&plan.file, &plan.text, at, message)
}

fn none(problems: Vec<Diagnostic>) -> Result<(), RunError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(RunError::Input(
        problems.into_iter().collect::<Diagnostics>(),
    ))
}

fn unit(
    plan: &Loaded<Plan>,
    test: &PlanTest,
    (index, dut): (usize, &DutProfile),
    expansion: Expansion,
    pv: &Option<PvFeed>,
) -> Unit {
    let content = match expansion {
        Expansion::NotApplicable(reason) => UnitContent::NotApplicable(reason),
        Expansion::Cases(specs) => UnitContent::Cases(
            specs
                .into_iter()
                .enumerate()
                .map(|(number, (label, spec))| Case {
                    id: format!("{}/{}/{:02}", dut.dut, test.id, number + 1),
                    test: test.id.value.clone(),
                    dut: dut.dut.clone(),
                    label,
                    line: test.id.at.in_file(&plan.file),
                    cites: test.cites.clone(),
                    decision: test.decision.unwrap_or(plan.value.decision),
                    ratings: dut.case_ratings(),
                    pv: pv.clone(),
                    spec,
                })
                .collect(),
        ),
    };
    Unit {
        test: test.id.value.clone(),
        title: test.title.clone(),
        dut: index,
        content,
    }
}

/// Bench time a case takes on a healthy DUT, s: for `explain` and for sharing work between benches.
pub fn expected_s(case: &Case) -> f64 {
    /// Reconnection with ramp after a trip, s.
    const RECONNECT: f64 = 420.0;
    match &case.spec {
        CaseSpec::AntiIslanding(spec) => RECONNECT + spec.run_on.max.unwrap_or(2.0) + 15.0,
        CaseSpec::Transfer(_) => 75.0,
        CaseSpec::CurveSweep(spec) => spec.dwell_s * spec.stimuli.len() as f64,
        CaseSpec::CurveStep(spec) => 60.0 + 2.0 * spec.observe_s,
        CaseSpec::OpenLoopStep(spec) => 60.0 + 2.0 * spec.observe_s,
        CaseSpec::FrequencyReturn(spec) => 60.0 + spec.dwell_s + spec.observe_s,
        CaseSpec::Drm(spec) => RECONNECT + spec.hold_s,
        CaseSpec::Trip(spec) => RECONNECT + spec.observe_s,
        CaseSpec::Derating(spec) => (spec.soak_s + 600.0) * spec.ambient_c.len() as f64,
    }
}
