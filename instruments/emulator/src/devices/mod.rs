//! One emulated model per file, each written from its manual's facts alone.

pub(crate) mod adam_6060;
pub(crate) mod ametek_mx;
pub(crate) mod bms;
pub(crate) mod chroma_61845;
pub(crate) mod chroma_62000h;
pub(crate) mod chroma_a800067;
pub(crate) mod climate;
pub(crate) mod droop;
pub(crate) mod ea_psb;
pub(crate) mod espec_p300;
pub(crate) mod itech_it6000c;
pub(crate) mod meter;
pub(crate) mod metering;
pub(crate) mod parameters;
pub(crate) mod saj_as1;
pub(crate) mod sensor;
pub(crate) mod setpoints;
pub(crate) mod shape;
pub(crate) mod slope;
pub(crate) mod sunspec;
pub(crate) mod tektronix_mdo4000;
pub(crate) mod terrasas;
pub(crate) mod watch;
pub(crate) mod weiss_simserv;
pub(crate) mod yokogawa_dl850;
pub(crate) mod yokogawa_wt3000;
