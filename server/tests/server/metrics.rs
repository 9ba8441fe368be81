//! What is measured of the real program, and what it does when files run out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use parlor_server::metrics::{Kind, METRICS};
use tokio::net::TcpStream;

use crate::guarantees::{between, page, sources};
use crate::program::{Folder, Program};
use crate::site::Site;

async fn metric(folder: &Folder, name: &str) -> String {
    let text = Site::new(folder.metrics, "").get("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.map_or_else(String::new, |value| value.trim().to_owned())
}

#[tokio::test]
async fn a89_a1_refused_sockets_are_counted_and_logged_once() {
    let folder = Folder::new(&[("PARLOR_MAX_SOCKETS", "1")]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let path = format!("/ws/visitor?widget={key}");
    let mut held = program.site.socket(&path, None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(program.site.socket(&path, None).await.err().unwrap().0, 503);
    }
    let foreign = [Some("https://evil.example")];
    let refused = crate::socket::Socket::open(&program.site, &path, &foreign, None).await;
    assert_eq!(refused.err().unwrap().0, 403);
    assert_eq!(
        metric(&folder, "parlor_sockets_refused_total{reason=\"full\"}").await,
        "2"
    );
    assert_eq!(
        metric(&folder, "parlor_sockets_refused_total{reason=\"origin\"}").await,
        "1"
    );
    assert_eq!(metric(&folder, "parlor_sockets").await, "1");
    assert_eq!(
        program.log().matches("https://evil.example").count(),
        1,
        "{}",
        program.log()
    );
    held.send(serde_json::json!({"type": "ping"})).await;
    held.frame("pong").await;
    for path in ["/", "/metrics/x", "/healthz"] {
        assert_eq!(Site::new(folder.metrics, "").get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a89_when_files_run_out_the_program_neither_spins_nor_falls() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let command = format!("ulimit -n 64; exec {} serve", env!("CARGO_BIN_EXE_parlor"));
    let program = folder.serve_by("/bin/sh", &["-c", &command], "Parlor: ").await;
    let visitor = program.site.register(&key, "Ada", "ada@example.com").await;
    let mut chat = program.site.chat(&visitor, None).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(folder.address).await.unwrap());
    }
    chat.say(&visitor.conversation, "among the crowd").await;
    let used = busy_for_a_second(&program).await;
    assert!(
        used < 30,
        "{used} hundredths of a second of work within one second of doing nothing"
    );
    chat.say(&visitor.conversation, "still here").await;
    drop(crowd);
    assert_eq!(program.site.get("/readyz").await.status, 200);
    assert!(!program.log().contains("panicked"), "{}", program.log());
}

/// The processor time that passes while nothing is asked of the program: time itself is what is waited for.
async fn busy_for_a_second(program: &Program) -> u64 {
    let before = program.processor_time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    program.processor_time() - before
}

/// Metrics that the program's source records, by name.
fn recorded() -> BTreeMap<String, Kind> {
    let mut recorded = BTreeMap::new();
    let files = sources("crates", &["rs"])
        .into_iter()
        .chain(sources("server/src", &["rs"]));
    for (path, text) in files.filter(|(path, _)| !path.ends_with("server/src/metrics.rs")) {
        for (call, kind) in [("counter!(", Kind::Counter), ("gauge!(", Kind::Gauge)] {
            for recording in text.split(call).skip(1) {
                let name = between(recording, '"', '"').next().unwrap_or_default();
                assert!(name.starts_with("parlor_"), "{path} records {name}");
                recorded.insert(name.to_owned(), kind);
            }
        }
        assert!(!text.contains("histogram!("), "{path}");
    }
    recorded
}

/// The names in a text that are metrics'.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("parlor_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_metric_is_recorded_described_and_on_the_page() {
    let described: BTreeMap<String, Kind> = METRICS
        .iter()
        .map(|(kind, name, words)| {
            assert!(words.ends_with('.'), "{name}: {words}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            ((*name).to_owned(), *kind)
        })
        .collect();
    assert_eq!(described.len(), METRICS.len(), "each is described once");
    assert_eq!(described, recorded());
    let page = page("docs/deploy.md");
    let rows = page.lines().filter(|line| line.starts_with("| `parlor_"));
    let mut shown = BTreeSet::new();
    for row in rows {
        for name in names(row.split(" | ").next().unwrap()) {
            assert!(shown.insert(name.clone()), "{name} has two rows");
        }
    }
    assert_eq!(shown, described.into_keys().collect());
}

#[test]
fn every_alert_watches_metrics_that_there_are_and_leads_to_what_to_do() {
    let known: BTreeSet<&str> = METRICS.iter().map(|(_, name, _)| *name).collect();
    let (rules, page) = (page("docs/deploy/parlor.rules.yml"), page("docs/deploy.md"));
    assert!(
        page.contains(&format!("\n```yaml\n{rules}```\n")),
        "the page shows the file"
    );
    let mut watched = BTreeSet::new();
    let mut alerts = Vec::new();
    let (beginning, rest) = rules.split_once("      - alert: ").unwrap();
    let beginning: Vec<&str> = beginning.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(beginning, ["", "groups:", "  - name: parlor", "    rules:"]);
    for rule in rest.split("      - alert: ") {
        let mut lines = rule.lines().filter(|line| !line.is_empty());
        let alert = lines.next().unwrap();
        let mut values = BTreeMap::new();
        for line in lines {
            let (key, value) = line.split_once(':').unwrap();
            values.insert(key, value.trim());
        }
        let is_right_key = |key: &&str| match key.trim() {
            "expr" | "for" | "labels" | "annotations" => key.starts_with("        ") && !key.starts_with("         "),
            "severity" | "summary" | "runbook" => key.starts_with("          ") && !key.starts_with("           "),
            _ => false,
        };
        assert!(values.keys().all(is_right_key), "{alert}: {values:?}");
        let metrics = names(values["        expr"]);
        assert!(!metrics.is_empty(), "{alert} watches nothing");
        for metric in &metrics {
            assert!(
                known.contains(metric.as_str()),
                "{alert} watches {metric}, which there is not"
            );
        }
        watched.extend(metrics);
        assert!(
            ["critical", "warning"].contains(&values["          severity"]),
            "{alert}"
        );
        let summary = values["          summary"];
        let quoted = summary
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap();
        assert!(!quoted.contains('"') && quoted.len() > 60, "{alert}: {quoted}");
        assert_eq!(
            values["          runbook"],
            format!("docs/deploy.md#{}", alert.to_lowercase())
        );
        let (_, what_to_do) = page.split_once(&format!("\n### {alert}\n\n")).expect(alert);
        assert!(what_to_do.find("\n\n").unwrap() > 80, "{alert}");
        alerts.push(alert);
    }
    assert_eq!(
        alerts.len(),
        page.matches("\n### Parlor").count(),
        "each heading has its alert"
    );
    for metric in [
        "parlor_delivery_oldest_undelivered_seconds",
        "parlor_delivery_breaker",
        "parlor_delivery_paused",
        "parlor_dead_letters",
        "parlor_hubspot_day_used_ratio",
        "parlor_erasures_waiting",
        "parlor_panics_total",
    ] {
        assert!(watched.contains(metric), "nobody watches {metric}");
    }
}

#[tokio::test]
async fn what_waits_is_measured_from_the_start_on() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let stamp = program.site.stamp(&key).await;
    // A form that comes back sooner is a machine's: it is held, and what is held waits for nobody.
    tokio::time::sleep(Duration::from_millis(850)).await;
    let fields = [
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
        ("email", "ada@example.com"),
        ("form", &stamp),
    ];
    let form = program
        .site
        .ask("POST", &format!("/widget/{key}/register"))
        .form(&fields);
    let visitor = program.site.visitor(&key, &form.answer().await.cookie()).await;
    let mut chat = program.site.chat(&visitor, None).await;
    chat.say(&visitor.conversation, "hello").await;
    assert_eq!(metric(&folder, "parlor_messages_total{author=\"visitor\"}").await, "1");
    drop(program);

    let program = folder.serve().await;
    let oldest = "parlor_delivery_oldest_undelivered_seconds";
    // What is measured last is there when all is.
    while metric(&folder, "parlor_delivery_breaker").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let age: f64 = metric(&folder, oldest).await.parse().unwrap();
    assert!(age > 0.0 && age < 60.0, "{age}");
    // There is no token, which a person has to mend.
    for (name, value) in [
        ("parlor_delivery_backlog", "1"),
        ("parlor_delivery_paused", "1"),
        ("parlor_delivery_breaker", "0"),
        ("parlor_dead_letters", "0"),
        ("parlor_erasures_waiting", "0"),
        ("parlor_unconfirmed_records", "0"),
    ] {
        assert_eq!(metric(&folder, name).await, value, "{name}");
    }
    let text = Site::new(folder.metrics, "").get("/metrics").await.text;
    assert!(
        text.contains(&format!("# HELP {oldest} How long the oldest message")),
        "{text}"
    );
    drop(program);
}
