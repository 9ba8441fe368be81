//! `/api/visitor-token` of the real program: beside its command line, its log, and its database in other hands.

use std::time::{Duration, Instant};

use parlor_sandbox::{DEFAULT_TOKEN, Plan, Sandbox, SandboxOptions};
use serde_json::json;

use crate::house::PAGE;
use crate::program::{Folder, error_text};
use crate::site::Site;
use crate::visitor_token::{EMAIL, assert_problem, claims, exchange, hs256, now, part, signed};

/// What `parlor widget identity` says.
async fn identity(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.run(&[&["widget", "identity"], arguments].concat()).await;
    assert!(output.status.success(), "{}", error_text(&output));
    String::from_utf8(output.stdout).unwrap()
}

async fn new_secret(folder: &Folder, key: &str) -> String {
    let said = identity(folder, &["--key", key, "--new-secret"]).await;
    let secret = said.lines().find_map(|line| line.strip_prefix("Secret: "));
    secret.unwrap_or_else(|| panic!("a secret: {said}")).to_owned()
}

#[tokio::test]
async fn without_a_hubspot_key_the_answer_says_whose_turn_it_is() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let secret = new_secret(&folder, &key).await;
    let program = folder.serve().await;
    let proof = signed(&hs256(), &claims(&key, now()), &secret);
    let answer = exchange(&program.site, &key, &proof).await;
    assert_problem(&answer, 503, "hubspot_not_connected");
    assert_eq!(answer.header("retry-after"), "");
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("HUBSPOT_ACCESS_TOKEN")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_prints_a_secret_once_and_the_running_server_notices_and_logs_nothing_of_it() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let folder = Folder::new(&[
        ("PARLOR_LOG", "trace"),
        ("HUBSPOT_BASE_URL", &hubspot.base_url()),
        ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
    ]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let before = identity(&folder, &["--key", &key]).await;
    assert!(before.contains("secret (HS256)      no"), "{before}");
    let good = claims(&key, now());

    // Within five seconds each change counts.
    let until = async |token: &str, status: u16, code: &str| {
        let began = Instant::now();
        loop {
            let answer = exchange(&program.site, &key, token).await;
            if answer.status == status && (code.is_empty() || answer.json()["code"] == code) {
                return answer;
            }
            assert!(began.elapsed() < Duration::from_secs(5), "{}", answer.text);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until(&signed(&hs256(), &good, "none yet"), 401, "proof_not_configured").await;
    let first = new_secret(&folder, &key).await;
    let after = identity(&folder, &["--key", &key, "--provider", "hubspot"]).await;
    assert!(!after.contains(&first) && !after.contains("Secret:"), "{after}");
    assert!(
        after.contains("secret (HS256)      yes") && after.contains("provider            hubspot"),
        "{after}"
    );
    for line in after.lines() {
        let value = line.get(20..).unwrap_or_default();
        assert!(
            value.starts_with(|first: char| first.is_ascii_alphanumeric()) && line[..20].ends_with(' '),
            "{after}"
        );
    }
    let proof = signed(&hs256(), &good, &first);
    let exchanged = until(&proof, 200, "").await.json();
    let second = new_secret(&folder, &key).await;
    assert_ne!(first, second);
    until(&proof, 401, "proof_signature").await;
    let proof_of_second = signed(&hs256(), &good, &second);
    until(&proof_of_second, 200, "").await;
    identity(&folder, &["--key", &key, "--revoke"]).await;
    until(&proof_of_second, 401, "proof_revoked").await;
    let unknown = folder.run(&["widget", "identity", "--key", "nosuchwidget"]).await;
    assert!(!unknown.status.success() && error_text(&unknown).contains("parlor widget list"));

    program.terminate();
    let (exit, log) = program.ended().await;
    assert_eq!(exit, Some(0), "{log}");
    assert!(
        log.contains("proof_signature") && log.contains("DEBUG"),
        "refusals are logged by their code"
    );
    let token = exchanged["token"].as_str().unwrap();
    let signature = proof.rsplit('.').next().unwrap();
    for secret in [
        EMAIL,
        token,
        &first,
        &second,
        &proof,
        &proof_of_second,
        signature,
        part(&good).as_str(),
    ] {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(secret)).take(3).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
    hubspot.stop().await.unwrap();
}

/// The lines of a log that speak of this refusal.
fn refusals<'a>(log: &'a str, code: &str) -> Vec<&'a str> {
    log.lines()
        .filter(|line| line.contains("was refused") && line.contains(&format!("\"{code}\"")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_in_the_log_by_its_code_without_anything_that_was_sent() {
    let folder = Folder::new(&[("PARLOR_LOG", "info")]);
    let key = folder.add_widget().await;
    let secret = new_secret(&folder, &key).await;
    identity(&folder, &["--key", &key, "--landing-page", "yes"]).await;
    let program = folder.serve().await;
    let (site, canary) = (&program.site, "canary7f3a");
    let ask = |method: &str, widget: &str| site.ask(method, &format!("/api/visitor-token?widget={widget}"));
    let token = json!({"token": canary, "email": format!("{canary}@example.com")});
    let nobody = json!({"email": canary, "given_name": canary});
    let bearer = format!("Bearer {secret}");
    for (ask, code, level) in [
        (ask("POST", canary).json(&token), "no_widget", "INFO"),
        (ask("GET", canary), "method_not_allowed", "INFO"),
        (
            ask("POST", &key).header("origin", &format!("https://{canary}.example")),
            "origin_not_allowed",
            "INFO",
        ),
        (ask("POST", &key).body("text/plain", canary), "unreadable", "INFO"),
        (
            ask("POST", &key).json(&json!({"token": canary.repeat(1_000)})),
            "too_large",
            "INFO",
        ),
        (ask("POST", &key).json(&token), "proof_malformed", "INFO"),
        (
            ask("POST", &key).header("authorization", &bearer).json(&nobody),
            "invalid",
            "INFO",
        ),
        (
            ask("POST", &key)
                .header("authorization", &format!("Bearer {canary}"))
                .json(&token),
            "secret_wrong",
            "INFO",
        ),
        (
            ask("POST", &key)
                .header("origin", PAGE)
                .header("authorization", &bearer)
                .json(&token),
            "secret_in_page",
            "WARN",
        ),
    ] {
        assert_eq!(ask.answer().await.json()["code"], code);
        let log = program.log();
        let lines = refusals(&log, code);
        assert!(lines.len() == 1 && lines[0].contains(level), "{code}: {log}");
        assert!(!log.contains(canary) && !log.contains(&secret), "{code}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_list_of_revoked_proofs_is_said_with_when_to_come_again() {
    let folder = Folder::new(&[("PARLOR_LOG", "info")]);
    let key = folder.add_widget().await;
    let secret = new_secret(&folder, &key).await;
    let filled = rusqlite::Connection::open(folder.path("parlor.db")).unwrap().execute(
        "WITH RECURSIVE many (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM many WHERE number < 50000)
         INSERT INTO revoked_proof
         SELECT widget.tenant_id, widget.id, CAST(printf('%032d', number) AS BLOB), ?1 FROM many, widget",
        [(now() + 3_600) * 1_000],
    );
    assert_eq!(filled.unwrap(), 50_000);
    let program = folder.serve().await;
    let proof = signed(&hs256(), &claims(&key, now()), &secret);
    let ask = program
        .site
        .ask("POST", &format!("/api/visitor-token/revoke?widget={key}"));
    let answer = ask.json(&json!({"token": proof})).answer().await;
    assert_problem(&answer, 503, "too_many_revocations");
    assert_eq!(answer.header("retry-after"), "60");
    let log = program.log();
    let lines = refusals(&log, "too_many_revocations");
    assert!(lines.len() == 1 && lines[0].contains("WARN"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_from_memory_touches_no_database() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let folder = Folder::new(&[
        ("HUBSPOT_BASE_URL", &hubspot.base_url()),
        ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
    ]);
    let key = folder.add_widget().await;
    let secret = new_secret(&folder, &key).await;
    let program = folder.serve().await;
    let proof = signed(&hs256(), &claims(&key, now()), &secret);
    assert_eq!(exchange(&program.site, &key, &proof).await.status, 200);
    // Nobody finds a widget there any more. What is remembered is remembered for two seconds.
    let began = Instant::now();
    rusqlite::Connection::open(folder.path("parlor.db"))
        .unwrap()
        .execute_batch("ALTER TABLE widget RENAME TO widget_elsewhere")
        .unwrap();
    let answer = exchange(&program.site, &key, &proof).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "the machine is too slow for this test"
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    loop {
        let answer = exchange(&program.site, &key, &proof).await;
        if answer.status != 200 {
            assert_problem(&answer, 503, "unavailable");
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it is remembered for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hubspot.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trouble_with_hubspot_is_one_line_in_the_log_and_no_error_however_many_ask() {
    let hubspot = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let folder = Folder::new(&[
        ("PARLOR_LOG", "info"),
        ("HUBSPOT_BASE_URL", &hubspot.base_url()),
        ("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN),
    ]);
    let key = folder.add_widget().await;
    let secret = new_secret(&folder, &key).await;
    let program = folder.serve().await;
    let proof = signed(&hs256(), &claims(&key, now()), &secret);
    hubspot.sandbox().set_plan(Plan::Starter);
    for _ in 0..20 {
        assert_problem(&exchange(&program.site, &key, &proof).await, 502, "hubspot_plan");
    }
    let log = program.log();
    assert!(!log.contains("ERROR"), "{log}");
    assert_eq!(refusals(&log, "hubspot_plan").len(), 1, "{log}");
    // The metric has every one.
    let metrics = Site::new(folder.metrics, "").get("/metrics").await.text;
    let counted = "parlor_visitor_token_refusals_total{code=\"hubspot_plan\"} 20";
    assert!(metrics.lines().any(|line| line == counted), "{metrics}");
    hubspot.stop().await.unwrap();
}
