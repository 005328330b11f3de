//! EA Elektro-Automatik PSB 10000 bidirectional dc supply as battery simulator.

pub(crate) mod scpi;
mod scpi_commands;
pub(crate) mod state;

pub(crate) use scpi::EaPsbScpi;
pub(crate) use state::EaPsb;
