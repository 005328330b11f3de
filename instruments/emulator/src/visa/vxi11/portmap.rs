//! The portmapper, version 2 (RFC 1833): where the core channel listens.

use super::rpc::{Call, Refusal, put};
use super::{CORE, VERSION};

const PORTMAPPER: u32 = 100_000;
const SECOND_VERSION: u32 = 2;
const TCP: u32 = 6;

/// Answers `NULL`, `GETPORT` and `DUMP`; nobody may register anything.
pub(super) fn answer(mut call: Call<'_>, core_port: u16) -> Result<Vec<u8>, Refusal> {
    match (call.program, call.version, call.procedure) {
        (PORTMAPPER, SECOND_VERSION, 0) => Ok(Vec::new()),
        (PORTMAPPER, SECOND_VERSION, 3) => {
            let mut word = || call.arguments.word().ok_or(Refusal::Arguments);
            let wanted = [word()?, word()?, word()?];
            let port = if wanted == [CORE, VERSION, TCP] {
                u32::from(core_port)
            } else {
                0
            };
            Ok(port.to_be_bytes().to_vec())
        }
        (PORTMAPPER, SECOND_VERSION, 4) => {
            let mut list = Vec::new();
            // one entry follows, then none
            put(&mut list, &[1, CORE, VERSION, TCP, u32::from(core_port), 0]);
            Ok(list)
        }
        (PORTMAPPER, SECOND_VERSION, _) => Err(Refusal::Procedure),
        (PORTMAPPER, _, _) => Err(Refusal::Version(SECOND_VERSION)),
        (_, _, _) => Err(Refusal::Program),
    }
}
