use std::time::{Duration, Instant};

use cobrowse_jwt::{KeyError, SigningInput, SigningKey};

use super::report::Report;
use crate::{key::Key, progress::Progress, time};

/// Signed in place of a token.
pub(super) const MESSAGE: SigningInput<'static> = SigningInput::new(b"cobrowse-jwt doctor: not a token");

const SIGNATURES: usize = 20;

/// The quota of AWS KMS for RSA operations per second, shared by an account in a Region
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>).
const KMS_QUOTA: f64 = 1_000.0;

pub(super) async fn check(key: &Key<'_>, snapshot: &dyn SigningKey, report: &mut Report) {
    let measured = {
        let _progress = Progress::new("measuring the latency");
        measure(snapshot).await
    };
    match measured {
        Ok(times) => report.passed("latency", describe(&times, key.is_in_aws_kms())),
        Err(error) => report.failed("latency", error.into()),
    }
}

/// Signs sequentially and returns the sorted durations.
async fn measure(key: &dyn SigningKey) -> Result<Vec<Duration>, KeyError> {
    let mut times = Vec::with_capacity(SIGNATURES);
    for _ in 0..SIGNATURES {
        let start = Instant::now();
        let signature = key.sign(&MESSAGE).await?;
        times.push(start.elapsed());
        signature.check(&MESSAGE, key.public_key())?;
    }
    times.sort_unstable();
    Ok(times)
}

fn describe(sorted: &[Duration], in_aws_kms: bool) -> String {
    let median = (sorted[sorted.len().div_ceil(2) - 1] + sorted[sorted.len() / 2]) / 2;
    let maximum = sorted[sorted.len() - 1];
    let rate = 1.0 / median.as_secs_f64();
    let measured = format!(
        "{} signatures: median {}, maximum {}; {rate:.0} per second sequentially",
        sorted.len(),
        time::elapsed(median),
        time::elapsed(maximum)
    );
    if in_aws_kms {
        let share = 100.0 * rate / KMS_QUOTA;
        format!("{measured}, {share:.0} % of the AWS KMS quota of 1,000 per account and Region")
    } else {
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_even_count_is_between_the_middle_two() {
        let times = |milliseconds: &[u64]| milliseconds.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        let text = describe(&times(&[1, 4, 6, 100]), true);
        assert!(
            text.starts_with(
                "4 signatures: median 5.0 ms, maximum 100.0 ms; 200 per second sequentially, 20 % of the AWS KMS quota"
            ),
            "{text}"
        );
        assert!(describe(&times(&[2, 2, 2]), false).ends_with("; 500 per second sequentially"));
    }
}
