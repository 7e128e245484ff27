use std::{
    io::{BufRead as _, Write as _, stdin, stdout},
    time::Instant,
};

use crate::Cpu;

/// A name, and a function that repeats the work a number of times.
pub type Workload<'a> = (String, Box<dyn FnMut(u32) + 'a>);

/// For each line `NAME COUNT` on standard input, repeats a workload and prints the nanoseconds that it took: wall-clock time, and CPU time of
/// this thread. Returns at the end of the input.
///
/// The driver alternates between programs and workloads, so that other load on the machine slows all of them equally.
pub fn serve(mut workloads: Vec<Workload<'_>>) {
    for line in stdin().lock().lines() {
        let line = line.unwrap();
        let (name, count) = line.split_once(' ').expect("NAME COUNT");
        let count: u32 = count.parse().expect("COUNT is a number");
        let (_, work) =
            workloads.iter_mut().find(|(known, _)| known == name).unwrap_or_else(|| panic!("unknown workload {name}"));
        let (wall, cpu) = (Instant::now(), Cpu::THREAD.used());
        work(count);
        let (cpu, wall) = (Cpu::THREAD.used().saturating_sub(cpu), wall.elapsed());
        println!("{} {}", wall.as_nanos(), cpu.as_nanos());
        stdout().flush().unwrap();
    }
}
