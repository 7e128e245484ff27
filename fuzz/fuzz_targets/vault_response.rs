#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cobrowse_jwt_fuzz::vault_response(data));
