use std::time::{Duration, Instant};

use cobrowse_jwt::{KeyError, SigningKey};

use super::{MESSAGE, checkup::Checkup};
use crate::{key::Key, progress::Progress};

const SIGNS: usize = 20;

/// RSA operations a second that AWS KMS grants an account in a Region, to all that is in it together
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>).
const KMS_QUOTA: f64 = 1_000.0;

pub(super) async fn check(key: &Key<'_>, snapshot: &dyn SigningKey, checkup: &mut Checkup<'_>) {
    let measured = {
        let _progress = Progress::of("signing 20 times");
        measure(snapshot).await
    };
    match measured {
        Ok(times) => checkup.passed("latency", None, &words(&times, key.is_in_aws_kms())),
        Err(error) => checkup.failed("latency", &error.into()),
    }
}

/// One after another, so that nothing waits for anything but its signature. Sorted.
async fn measure(key: &dyn SigningKey) -> Result<Vec<Duration>, KeyError> {
    let mut times = Vec::with_capacity(SIGNS);
    for _ in 0..SIGNS {
        let start = Instant::now();
        let signature = key.sign(&MESSAGE).await?;
        times.push(start.elapsed());
        signature.verify(&MESSAGE, key.public_key())?;
    }
    times.sort_unstable();
    Ok(times)
}

fn words(sorted: &[Duration], in_aws_kms: bool) -> String {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    let median =
        f64::midpoint(milliseconds(sorted[sorted.len().div_ceil(2) - 1]), milliseconds(sorted[sorted.len() / 2]));
    let worst = milliseconds(sorted[sorted.len() - 1]);
    let rate = 1_000.0 / median;
    let measured = format!(
        "{} signs: median {median:.1} ms, worst {worst:.1} ms; {rate:.0} a second one after another",
        sorted.len()
    );
    if in_aws_kms {
        let share = 100.0 * rate / KMS_QUOTA;
        format!(
            "{measured}, which is {share:.0} % of the 1,000 RSA operations a second that AWS KMS grants an account and Region together"
        )
    } else {
        format!("{measured}, on one core and without a quota")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_between_the_middle_two() {
        let times = |milliseconds: &[u64]| milliseconds.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        let said = words(&times(&[1, 4, 6, 100]), true);
        assert!(
            said.starts_with(
                "4 signs: median 5.0 ms, worst 100.0 ms; 200 a second one after another, which is 20 % of"
            ),
            "{said}"
        );
        assert!(
            words(&times(&[2, 2, 2]), false)
                .ends_with("500 a second one after another, on one core and without a quota")
        );
    }
}
