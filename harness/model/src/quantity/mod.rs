//! Numbers with units, as people write them: `"10 ms"`, `"50 %Pn"`, `"16.67 %/min"`.
//!
//! Every type holds SI base units (`Ah` and `°C` excepted, as the field uses them), is read from
//! a string with a unit, never from a bare number, and prints in a form that reads back as the
//! same `f64`, bit for bit. Decimal prefixes are applied to the decimal text and not by
//! multiplication, so `"10 ms"` is exactly the literal `0.010`.

mod dimensions;
mod error;
mod level;
mod number;
mod types;
mod unit;

pub use error::QuantityError;
pub use level::{PowerLevel, RangeOf, VoltsOrHertz};
pub use types::{
    AmpHours, Amps, Celsius, Degrees, Farads, Henries, Hertz, Kelvins, Ohms, PerHertz, Quantity,
    Ratio, RatioPerKelvin, RatioPerSecond, Seconds, VoltAmps, Volts, Watts,
};
pub use unit::{Dimension, Unit};
