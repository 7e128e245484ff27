//! This SDK beside other crates.

use anyhow::Result;

use super::own::{SIZES, thread_side};
use crate::{
    figure::{Figures, Target},
    programs::Sampler,
    rounds::{BATCH, interleaved, ratio},
};

/// A crate, the package that measures it, and the target of its ratio for each key size.
struct Peer {
    name: &'static str,
    package: &'static str,
    targets: [Target; 3],
}

const PEERS: [Peer; 4] = [
    Peer {
        name: "jsonwebtoken on AWS-LC",
        package: "bench-jsonwebtoken-aws-lc",
        targets: [Target::AtLeast(2.4), Target::AtLeast(1.9), Target::AtLeast(1.75)],
    },
    Peer { name: "jsonwebtoken on RustCrypto", package: "bench-jsonwebtoken-rust-crypto", targets: [Target::None; 3] },
    Peer {
        name: "josekit on OpenSSL",
        package: "bench-josekit",
        targets: [Target::AtLeast(1.0), Target::None, Target::None],
    },
    Peer {
        name: "jwt-simple on BoringSSL",
        package: "bench-jwt-simple",
        targets: [Target::AtLeast(1.7), Target::None, Target::None],
    },
];

/// Each peer's mint over ours. A peer that cannot be built is left out with a message.
pub(crate) fn mint(figures: &mut Figures) -> Result<()> {
    let mut programs = vec![Sampler::start("bench-ours", "samples")?];
    let mut peers = Vec::new();
    for peer in &PEERS {
        match Sampler::start(peer.package, peer.package) {
            Ok(program) => {
                programs.push(program);
                peers.push(peer);
            }
            Err(error) => println!("{}: not measured: {error:#}", peer.name),
        }
    }
    for (size, bits) in SIZES.iter().enumerate() {
        let workload = format!("mint-{bits}");
        let sides: Vec<_> = (0..programs.len()).map(|program| thread_side(program, &workload, BATCH)).collect();
        let rounds = interleaved(&mut programs, &sides, 9)?;
        for (peer, rounds_of_peer) in peers.iter().zip(&rounds[1..]) {
            let name = format!("{}/mint, {bits} bits", peer.name);
            ratio(figures, &name, rounds_of_peer, &rounds[0], peer.targets[size]);
        }
    }
    Ok(())
}

/// A whole verification over the bare one with a parsed key, and that of `jsonwebtoken` over ours.
pub(crate) fn verify(figures: &mut Figures) -> Result<()> {
    let peer = "bench-jsonwebtoken-aws-lc";
    let mut programs = [Sampler::start("bench-ours", "samples")?, Sampler::start(peer, peer)?];
    let sides = [(0, "verify"), (0, "verify-raw"), (1, "verify")];
    let sides = sides.map(|(program, workload)| thread_side(program, workload, 1_024));
    let [ours, raw, peers] = &interleaved(&mut programs, &sides, 61)?[..] else { unreachable!("three sides") };
    ratio(figures, "verify/raw verify", ours, raw, Target::AtMost(1.15));
    ratio(figures, "jsonwebtoken's decode/verify", peers, ours, Target::AtLeast(1.0));
    figures.info("verify", ours.min() / 1e3, "us");
    figures.info("raw verify", raw.min() / 1e3, "us");
    Ok(())
}
