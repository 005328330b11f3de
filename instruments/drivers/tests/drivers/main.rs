//! Drivers against scripted peers: exact bytes out, bytes from the protocol facts in.

mod adam_6060;
mod can;
mod chroma_61845;
mod chroma_a800067;
mod clock;
mod espec_p300;
mod factory;
mod itech_it6000c;
mod modbus_peer;
mod peer;
mod register_map;
mod saj_as1;
mod scpi;
mod scpi_parsers;
mod sunspec;
mod tcp;
mod terrasas;
mod yokogawa_dl850;
mod yokogawa_wt3000;
