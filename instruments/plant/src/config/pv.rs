//! PV arrays of single-diode modules.

/// A module at 1000 W/m² and 25 °C.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PvModule {
    /// Light current, A.
    pub il_a: f64,
    /// Saturation current, A.
    pub i0_a: f64,
    /// Modified ideality n·Ns·kT/q, V.
    pub a_v: f64,
    /// Series resistance, Ω.
    pub rs_ohm: f64,
    /// Shunt resistance, Ω.
    pub rsh_ohm: f64,
    /// Temperature coefficient of the light current, A/K.
    pub alpha_a_per_k: f64,
}

/// Strings in parallel, each a list of the irradiance on its modules in series, W/m².
#[derive(Debug, Clone, PartialEq)]
pub struct PvArray {
    /// All modules are of this kind.
    pub module: PvModule,
    /// Irradiance per string and module, W/m².
    pub strings: Vec<Vec<f64>>,
    /// Cell temperature, °C.
    pub celsius: f64,
}

/// Where the tracker of a PV input ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tracking {
    /// At the global maximum.
    #[default]
    Global,
    /// At the first maximum from open circuit: a tracker that does not look further (a defect).
    FirstFromOpenCircuit,
}

/// Perturb and observe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerturbObserve {
    /// Time between two steps of the voltage, s (0.08 at least; multiples of 0.04).
    pub period_s: f64,
    /// Step, pu of the open-circuit voltage (0.005–0.01).
    pub step_pu: f64,
    /// Takes the slope of the irradiance off what a step seems to gain.
    pub slope_check: bool,
    /// From the source coming on to the first step, s.
    pub start_s: f64,
}

/// A 60-cell silicon module of about 240 W, for tests and examples.
#[must_use]
pub fn reference_module() -> PvModule {
    PvModule {
        il_a: 8.7,
        i0_a: 3.0e-10,
        a_v: 1.55,
        rs_ohm: 0.35,
        rsh_ohm: 300.0,
        alpha_a_per_k: 0.0045,
    }
}
