#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gridproof_fuzz::drivers::yokogawa_dl850_reply(data));
