#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gridproof_fuzz::drivers::saj_as1_reply(data));
