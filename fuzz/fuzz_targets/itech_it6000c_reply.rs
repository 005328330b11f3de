#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gridproof_fuzz::drivers::itech_it6000c_reply(data));
