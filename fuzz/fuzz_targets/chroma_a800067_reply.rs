#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gridproof_fuzz::drivers::chroma_a800067_reply(data));
