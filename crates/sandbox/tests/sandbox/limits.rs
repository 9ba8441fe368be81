//! Limits beyond the ten seconds of one token: public apps, searches, days, plans.

use std::time::Duration;

use parlor_sandbox::{Account, Clock, DEFAULT_CLIENT_ID, Limits, Moment, Plan, SandboxOptions, UtcOffset};
use reqwest::Method;
use serde_json::json;

use crate::client::{Answer, Client, read};

const BASE: &str = "/crm/v3/objects/contacts";
const HALF_AN_HOUR: Duration = Duration::from_mins(30);

/// Ten in the evening, UTC.
const EVENING: Moment = Moment::from_unix_milliseconds(1_790_028_000_000);

async fn start(limits: Limits) -> (Client, Clock) {
    let clock = Clock::manual(EVENING);
    let options = SandboxOptions {
        clock: clock.clone(),
        limits,
        ..SandboxOptions::default()
    };
    (Client::start_with(options).await, clock)
}

async fn search(client: &Client, token: &str, base: &str) -> Answer {
    let request = client
        .request(Method::POST, &format!("{base}/search"))
        .bearer_auth(token)
        .json(&json!({}));
    read(request.send().await.unwrap()).await.unwrap()
}

fn limit_headers(answer: &Answer) -> Vec<(&str, &str)> {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-hubspot-ratelimit-")?;
            Some((name, value.to_str().unwrap()))
        })
        .collect();
    headers.sort_unstable();
    headers
}

#[tokio::test]
async fn a_static_token_is_told_of_every_limit() {
    let (client, clock) = start(Limits::default()).await;
    client.get(BASE).await;
    clock.advance(Duration::from_secs(1));
    let answer = client.get(BASE).await;
    let expected = [
        ("daily", "625000"),
        ("daily-remaining", "624998"),
        ("interval-milliseconds", "10000"),
        ("max", "190"),
        ("remaining", "188"),
        ("secondly", "19"),
        ("secondly-remaining", "18"),
    ];
    assert_eq!(limit_headers(&answer), expected);
}

#[tokio::test]
async fn a_public_app_has_110_calls_over_all_its_tokens_and_no_day() {
    let (client, clock) = start(Limits::default()).await;
    let sandbox = client.sandbox();
    let install = || {
        let tokens = sandbox.install_app(DEFAULT_CLIENT_ID, ["*"], HALF_AN_HOUR).unwrap();
        tokens.access_token
    };
    let (first, second) = (install(), install());
    let answer = client.call_as(&first, Method::GET, BASE).await;
    let expected = [
        ("interval-milliseconds", "10000"),
        ("max", "110"),
        ("remaining", "109"),
        ("secondly", "11"),
        ("secondly-remaining", "10"),
    ];
    assert_eq!(limit_headers(&answer), expected);
    for _ in 0..109 {
        assert_eq!(client.call_as(&second, Method::GET, BASE).await.status, 200);
    }
    let refused = client.call_as(&first, Method::GET, BASE).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-hubspot-ratelimit-secondly-remaining"), Some("0"));
    let body = refused.json();
    assert_eq!(body["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!(body["message"], "You have reached your ten_secondly_rolling limit.");
    assert_eq!(client.get(BASE).await.status, 200, "a static token has its own window");
    clock.advance(Duration::from_secs(10));
    assert_eq!(client.call_as(&first, Method::GET, BASE).await.status, 200);

    sandbox.set_limits(Limits {
        daily: Some(0),
        ..Limits::default()
    });
    assert_eq!(client.get(BASE).await.status, 429);
    assert_eq!(client.call_as(&first, Method::GET, BASE).await.status, 200);
}

#[tokio::test]
async fn searches_are_counted_apart_and_for_the_account() {
    let (client, clock) = start(Limits::default()).await;
    client.sandbox().add_token("another", ["*"]);
    let bases = [
        BASE,
        "/crm/objects/2026-03/companies",
        "/crm/objects/2026-09/0-3",
        "/crm/v3/objects/tickets",
        "/crm/objects/2026-03/notes",
    ];
    let tokens = ["pat-sandbox", "another"];
    for (base, token) in bases.into_iter().zip(tokens.into_iter().cycle()) {
        let answer = search(&client, token, base).await;
        assert_eq!(answer.status, 200, "{base}");
        let names: Vec<_> = limit_headers(&answer).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["daily", "daily-remaining"], "{base}");
    }
    let refused = search(&client, "another", BASE).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), None);
    assert_eq!(
        refused.error_text(),
        "{\"status\":\"error\",\"message\":\"You have reached your secondly limit.\",\"errorType\":\"RATE_LIMIT\",\
         \"correlationId\":\"…\"}"
    );
    let other = client.get(BASE).await;
    assert_eq!(other.header("x-hubspot-ratelimit-remaining"), Some("189"));
    assert_eq!(other.header("x-hubspot-ratelimit-daily-remaining"), Some("624994"));
    clock.advance(Duration::from_millis(999));
    assert_eq!(search(&client, "another", BASE).await.status, 429);
    clock.advance(Duration::from_millis(1));
    assert_eq!(search(&client, "another", BASE).await.status, 200);

    client.sandbox().set_limits(Limits {
        search: Some(0),
        retry_after: Some(1),
        ..Limits::default()
    });
    assert_eq!(search(&client, "another", BASE).await.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn the_day_ends_at_midnight_where_the_account_is() {
    let (client, clock) = start(Limits {
        daily: Some(1),
        ..Limits::default()
    })
    .await;
    client.sandbox().set_account(Account {
        utc_offset: UtcOffset::from_minutes(-5 * 60).unwrap(),
        ..Account::default()
    });
    assert_eq!(client.get(BASE).await.status, 200);
    let refused = client.get(BASE).await;
    assert_eq!(refused.status, 429);
    let request_id = refused.json()["requestId"].as_str().unwrap().to_owned();
    assert_eq!(
        refused.error_text().replace(&request_id, "…"),
        "{\"status\":\"error\",\"message\":\"You have reached your daily limit.\",\"errorType\":\"RATE_LIMIT\",\
         \"correlationId\":\"…\",\"policyName\":\"DAILY\",\"groupName\":\
         \"publicapi:private-apps-api-calls-daily:sandbox\",\"requestId\":\"…\"}"
    );
    clock.advance(Duration::from_hours(2));
    assert_eq!(
        client.get(BASE).await.status,
        429,
        "midnight in UTC, seven in the evening there"
    );
    clock.advance(Duration::from_hours(5) - Duration::from_millis(1));
    assert_eq!(client.get(BASE).await.status, 429, "a millisecond before midnight");
    clock.advance(Duration::from_millis(1));
    assert_eq!(client.get(BASE).await.status, 200);
}

#[tokio::test]
async fn the_plan_brings_its_limits_until_others_are_set() {
    let (client, _) = start(Limits::default()).await;
    let told = async || {
        let answer = client.get(BASE).await;
        let header = |name: &str| {
            answer
                .header(&format!("x-hubspot-ratelimit-{name}"))
                .unwrap()
                .to_owned()
        };
        (header("max"), header("daily"))
    };
    let expect = |max: &str, daily: &str| (max.to_owned(), daily.to_owned());
    for (plan, max, daily) in [
        ("free", "100", "250000"),
        ("starter", "100", "250000"),
        ("professional", "190", "625000"),
        ("enterprise", "190", "1000000"),
    ] {
        let set = client.post("/_control/plan", json!({"plan": plan})).await;
        assert_eq!((set.status, told().await), (204, expect(max, daily)), "{plan}");
    }
    let bought = json!({"plan": "professional", "api_limit_increases": 2});
    assert_eq!(client.post("/_control/plan", bought.clone()).await.status, 204);
    assert_eq!(client.get("/_control/plan").await.json(), bought);
    assert_eq!(told().await, expect("250", "2625000"));

    client.sandbox().set_limits(Limits {
        ten_seconds: Some(3_000),
        ..Limits::default()
    });
    client.sandbox().set_plan(Plan::Free);
    assert_eq!(told().await, expect("3000", "625000"), "limits that were set stay");
    client.post("/_control/reset", json!({})).await;
    client.sandbox().set_plan(Plan::Free);
    assert_eq!(told().await, expect("100", "250000"));
}

#[tokio::test]
async fn limits_in_the_options_stay_and_a_plan_in_the_options_brings_its_own() {
    let free = |limits| SandboxOptions {
        plan: Plan::Free,
        limits,
        ..SandboxOptions::default()
    };
    let client = Client::start_with(free(Limits::default())).await;
    assert_eq!(client.sandbox().limits(), Limits::of(Plan::Free, 0));
    let client = Client::start_with(free(Limits::off())).await;
    client.sandbox().set_plan(Plan::Enterprise);
    assert_eq!(client.sandbox().limits(), Limits::off());
}
