//! Captures to files that other programs read.

pub mod comtrade;
mod comtrade_cfg;
mod comtrade_dat;
