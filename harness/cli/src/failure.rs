//! Errors of the command line and the exit codes they map to.

use gridproof_runner::RunError;

/// Bad usage or bad input file.
const USAGE: u8 = 2;
/// Infrastructure error.
const INFRASTRUCTURE: u8 = 4;

/// Why a command could not do its work.
pub(crate) enum Failure {
    /// The runner or the record refused.
    Run(RunError),
    /// Anything else, with the exit code it deserves.
    Other {
        /// Sentence for the user.
        message: String,
        /// Exit code.
        code: u8,
    },
}

impl Failure {
    /// Something the user asked for that cannot be had.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::Other {
            message: message.into(),
            code: USAGE,
        }
    }

    /// Something that broke on the way.
    pub(crate) fn infrastructure(message: impl Into<String>) -> Self {
        Failure::Other {
            message: message.into(),
            code: INFRASTRUCTURE,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Run(
                RunError::Input(_)
                | RunError::Unknown { .. }
                | RunError::Missing { .. }
                | RunError::File { .. }
                | RunError::Record { .. },
            ) => USAGE,
            Failure::Run(RunError::Recording(_) | RunError::Bench(_) | RunError::Instrument(_)) => {
                INFRASTRUCTURE
            }
            Failure::Other { code, .. } => *code,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Run(error) => error.fmt(f),
            Failure::Other { message, .. } => f.write_str(message),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Failure::Run(error)
    }
}
