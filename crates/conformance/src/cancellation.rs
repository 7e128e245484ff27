use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

use cobrowse_jwt_core::KeyError;
use tokio::time::timeout;

use crate::context::{Checked, Context, Failure};

/// More await points than a call should have. Later ones are not checked.
const MAX_POLLS: usize = 256;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Drops a future of this call after 0, 1, 2, … polls until it completes. Each time, `works` must succeed afterwards.
pub(crate) async fn cancel<'a, T>(
    context: &Context,
    name: &'static str,
    call: impl Fn() -> Boxed<'a, Result<T, KeyError>>,
    works: impl Fn() -> Boxed<'a, Checked>,
) -> Checked {
    for polls in 0..MAX_POLLS {
        // The number of polls after which the previous call was dropped.
        let dropped_at = polls.saturating_sub(1);
        match timeout(context.time_limit, polled(call(), polls)).await {
            Ok(Some(Ok(_))) => return Ok(()),
            Ok(Some(Err(error))) => {
                let failure = broken(name, dropped_at, &context.describe(name, &error));
                context.record(name, error);
                return Err(failure);
            }
            Ok(None) => {}
            Err(_) => return Err(broken(name, dropped_at, "the next call does not return")),
        }
        works().await.map_err(|failure| match failure {
            Failure::Late(call) => broken(name, polls, &format!("{call} does not return")),
            Failure::Failed(reason) => broken(name, polls, &reason),
            Failure::NotApplicable(_) => failure,
        })?;
    }
    Ok(())
}

fn broken(name: &str, polls: usize, reason: &str) -> Failure {
    Failure::Failed(format!("after {name} was dropped at poll {polls}: {reason}"))
}

/// Polls a future at most this many times, each time after it was woken, and drops it. Returns its output if it completes.
pub(crate) async fn polled<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn polled_drops_the_future_at_each_await_point() {
        let steps = std::cell::Cell::new(0);
        let future = || async {
            for _ in 0..3 {
                steps.set(steps.get() + 1);
                yield_now().await;
            }
            "done"
        };
        for (polls, expected) in [(0, (None, 0)), (1, (None, 1)), (3, (None, 3)), (4, (Some("done"), 3))] {
            steps.set(0);
            assert_eq!((polled(future(), polls).await, steps.get()), expected, "{polls}");
        }
    }
}
