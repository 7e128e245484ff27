//! `kms-instructions bare|mint COUNT`: repeats the workload under callgrind. Both include the instructions of the stub.

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [workload, count] = arguments.as_slice() else { panic!("usage: kms-instructions bare|mint COUNT") };
    let (calls, count) = (bench_kms::start(), count.parse().expect("COUNT is a number"));
    match workload.as_str() {
        "bare" => calls.bare(1, count),
        _ => calls.mint(1, count),
    }
}
