#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gridproof_fuzz::targets::yokogawa_wt5000(data));
