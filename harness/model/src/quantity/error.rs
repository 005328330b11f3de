//! What can be wrong with a written quantity.

use thiserror::Error;

/// Why a text is not a quantity of the wanted dimension.
///
/// The message reads `problem; hint`: loaders split it at the first `"; "`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// A number without a unit.
    #[error("a bare number has no unit; write e.g. \"{example}\"")]
    BareNumber {
        /// A value of the dimension, well written.
        example: &'static str,
    },
    /// A unit of another dimension, or none known.
    #[error("{}; {}", describe_unit(.found, .of, .dimension), advise(.suggestion, .allowed))]
    WrongUnit {
        /// The unit as written.
        found: String,
        /// The dimension it does belong to, if any.
        of: Option<&'static str>,
        /// The wanted dimension.
        dimension: &'static str,
        /// The unit that was probably meant.
        suggestion: Option<&'static str>,
        /// The units allowed, comma-separated.
        allowed: String,
    },
    /// No number at the start.
    #[error("\"{text}\" is not a {dimension}; write a number and a unit, e.g. \"{example}\"")]
    NotANumber {
        /// The text as written, shortened.
        text: String,
        /// The wanted dimension.
        dimension: &'static str,
        /// A value of the dimension, well written.
        example: &'static str,
    },
    /// A comma inside the number.
    #[error("\"{text}\" has a comma in its number; write decimals with a point and no separators")]
    Comma {
        /// The text as written, shortened.
        text: String,
    },
    /// NaN or infinity.
    #[error(
        "\"{text}\" is not a finite {dimension}; write a number and a unit, e.g. \"{example}\""
    )]
    NotFinite {
        /// The text as written, shortened.
        text: String,
        /// The wanted dimension.
        dimension: &'static str,
        /// A value of the dimension, well written.
        example: &'static str,
    },
    /// The number cannot be represented.
    #[error("\"{text}\" is too large or too small for a number; check the exponent")]
    Overflow {
        /// The text as written, shortened.
        text: String,
    },
}

fn describe_unit(found: &str, of: &Option<&'static str>, dimension: &str) -> String {
    match of {
        Some(of) => format!("`{found}` is a unit of {of}, not of {dimension}"),
        None => format!("`{found}` is not a unit of {dimension}"),
    }
}

fn advise(suggestion: &Option<&'static str>, allowed: &str) -> String {
    match suggestion {
        Some(unit) => format!("did you mean `{unit}`? units allowed: {allowed}"),
        None => format!("units allowed: {allowed}"),
    }
}
