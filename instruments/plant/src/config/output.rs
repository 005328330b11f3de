//! Output current beside its fundamental, and the dc link behind it.

/// Harmonics and direct current: THD(p) = √(thd² + (floor/p)²) with p = I/In. Off by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OutputQuality {
    /// Distortion of the current far above the floor (0.015 = 1.5 %).
    pub thd: f64,
    /// RMS of harmonics at any current, pu of rated current.
    pub floor_pu: f64,
    /// Injected direct current, pu of rated current.
    pub dc_pu: f64,
}

/// Capacitor between the sources and the bridge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DcLink {
    /// F.
    pub farads: f64,
    /// Reference voltage, V.
    pub volts: f64,
    /// Bandwidth of the voltage control, Hz (10–20); 0 leaves the link to itself.
    pub bandwidth_hz: f64,
    /// Over-voltage trip, V.
    pub trip_v: f64,
    /// Under-voltage trip, V.
    pub low_v: f64,
}
