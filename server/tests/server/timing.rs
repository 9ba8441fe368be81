//! A20: how long registration takes does not tell a known address from an unknown one.

use std::time::Instant;

use crate::house::House;

const SAMPLES: usize = 120;

/// Welch's t of two samples, without the slowest fifth of each: those are the machine's doing.
fn welch(mut first: Vec<f64>, mut second: Vec<f64>) -> f64 {
    let moments = |sample: &mut Vec<f64>| {
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() * 4 / 5);
        #[expect(clippy::cast_precision_loss, reason = "a hundred samples")]
        let count = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean, error), (other_mean, other_error)) = (moments(&mut first), moments(&mut second));
    (mean - other_mean) / (error + other_error).sqrt()
}

#[tokio::test]
async fn a20_registration_takes_as_long_for_a_known_address_as_for_an_unknown_one() {
    let house = House::start().await;
    let victim = house.register(&house.key, "Grace", "grace@example.com").await;
    house.chat(&victim, None).await.say(&victim.conversation, "hello").await;
    let stamp = house.stamp(&house.key).await;
    // A machine busy with other tests may spoil one run by chance; a difference in the code shows in each.
    let mut found = Vec::new();
    for attempt in 0..3 {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for number in 0..SAMPLES {
            let stranger = format!("n{attempt}x{number}@example.com");
            // The known address registers anew as well: what is sent twice is not stored twice, and so is quicker.
            let name = format!("Ada {attempt}x{number}");
            // Each goes first as often as the other.
            let mut order = [("grace@example.com", true), (stranger.as_str(), false)];
            if number % 2 == 1 {
                order.reverse();
            }
            for (address, is_known) in order {
                let began = Instant::now();
                let answer = house.call_register(&house.key, &name, address, &stamp).await;
                let took = began.elapsed().as_secs_f64();
                assert_eq!(answer.status, 200);
                if is_known { &mut known } else { &mut unknown }.push(took);
            }
        }
        let t = welch(known, unknown);
        found.push(t);
        if t.abs() < 4.5 {
            break;
        }
    }
    assert!(found.last().unwrap().abs() < 4.5, "t of each run: {found:?}");
    house.stop().await;
}

#[test]
fn the_measure_sees_a_difference_that_is_there() {
    let sample = |offset: f64| -> Vec<f64> { (0..100).map(|number| offset + f64::from(number % 10)).collect() };
    assert!(welch(sample(0.0), sample(0.1)).abs() < 4.5);
    assert!(welch(sample(0.0), sample(3.0)).abs() > 4.5);
}
