//! What goes into an error queue.

/// A command that was refused: code and text of the SCPI-99 error list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Negative: SCPI-99; positive: the maker's own.
    pub(crate) code: i32,
    /// Text of the queue entry.
    pub(crate) text: &'static str,
}

const fn fault(code: i32, text: &'static str) -> Fault {
    Fault { code, text }
}

pub(crate) const COMMAND_ERROR: Fault = fault(-100, "Command error");
pub(crate) const INVALID_CHARACTER: Fault = fault(-101, "Invalid character");
pub(crate) const SYNTAX_ERROR: Fault = fault(-102, "Syntax error");
pub(crate) const INVALID_SEPARATOR: Fault = fault(-103, "Invalid separator");
pub(crate) const DATA_TYPE: Fault = fault(-104, "Data type error");
pub(crate) const PARAMETER_NOT_ALLOWED: Fault = fault(-108, "Parameter not allowed");
pub(crate) const MISSING_PARAMETER: Fault = fault(-109, "Missing parameter");
pub(crate) const MNEMONIC_TOO_LONG: Fault = fault(-112, "Program mnemonic too long");
pub(crate) const UNDEFINED_HEADER: Fault = fault(-113, "Undefined header");
pub(crate) const HEADER_SUFFIX: Fault = fault(-114, "Header suffix out of range");
pub(crate) const INVALID_NUMBER: Fault = fault(-121, "Invalid character in number");
pub(crate) const NUMBER_NOT_ALLOWED: Fault = fault(-128, "Numeric data not allowed");
pub(crate) const INVALID_SUFFIX: Fault = fault(-131, "Invalid suffix");
pub(crate) const INVALID_STRING: Fault = fault(-151, "Invalid string data");
pub(crate) const STRING_NOT_ALLOWED: Fault = fault(-158, "String data not allowed");
pub(crate) const BLOCK_NOT_ALLOWED: Fault = fault(-168, "Block data not allowed");
pub(crate) const INVALID_EXPRESSION: Fault = fault(-171, "Invalid expression");
pub(crate) const INVALID_IN_LOCAL: Fault = fault(-201, "Invalid while in local");
pub(crate) const TRIGGER_IGNORED: Fault = fault(-211, "Trigger ignored");
pub(crate) const INIT_IGNORED: Fault = fault(-213, "Init ignored");
pub(crate) const SETTINGS_CONFLICT: Fault = fault(-221, "Settings conflict");
pub(crate) const OUT_OF_RANGE: Fault = fault(-222, "Data out of range");
pub(crate) const ILLEGAL_VALUE: Fault = fault(-224, "Illegal parameter value");
pub(crate) const TOO_MUCH_DATA: Fault = fault(-223, "Too much data");
pub(crate) const OUT_OF_MEMORY: Fault = fault(-225, "Out of memory");
pub(crate) const LISTS_NOT_SAME_LENGTH: Fault = fault(-226, "Lists not same length");
pub(crate) const MISSING_MEDIA: Fault = fault(-252, "Missing media");
pub(crate) const FILE_NOT_FOUND: Fault = fault(-256, "File name not found");
pub(crate) const PROTECTION: Fault = fault(-240, "Hardware error; output protection tripped");
pub(crate) const MACRO_LABEL: Fault = fault(-273, "Illegal macro label");
pub(crate) const MACRO_TOO_LONG: Fault = fault(-275, "Macro definition too long");
pub(crate) const MACRO_RECURSION: Fault = fault(-276, "Macro recursion error");
pub(crate) const MACRO_REDEFINED: Fault = fault(-277, "Macro redefinition not allowed");
pub(crate) const MACRO_UNKNOWN: Fault = fault(-278, "Macro header not found");
pub(crate) const QUEUE_OVERFLOW: Fault = fault(-350, "Queue overflow");
pub(crate) const INPUT_OVERRUN: Fault = fault(-363, "Input buffer overrun");

impl Fault {
    /// The bit of the standard event register that the error sets.
    pub(crate) fn event_bit(self) -> u8 {
        match self.code {
            -199..=-100 => 1 << 5,
            -299..=-200 => 1 << 4,
            -499..=-400 => 1 << 2,
            _ => 1 << 3,
        }
    }
}
