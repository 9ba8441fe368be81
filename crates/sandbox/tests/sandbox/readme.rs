//! The README's examples, each run as it stands there.

use std::process::Command;

use parlor_sandbox::SandboxOptions;

use crate::client::Client;

const README: &str = include_str!("../../README.md");

/// The shell examples, joined: they go on from each other, as somebody tries them in one terminal.
fn script(base_url: &str) -> String {
    let blocks: Vec<&str> = README
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    blocks.concat().replace("http://127.0.0.1:3002", base_url)
}

#[tokio::test]
async fn every_shell_example_of_the_readme_works() {
    let client = Client::start_with(SandboxOptions::default()).await;
    let script = script(&client.running.base_url());
    let examples = script.matches("curl ").count();
    assert!(examples >= 30, "{examples}");
    // curl says nothing of an answer's status unless its settings ask for it.
    let settings = tempfile::tempdir().unwrap();
    let fails = "fail-with-body\nsilent\nshow-error\nnoproxy = \"*\"\n";
    std::fs::write(settings.path().join(".curlrc"), fails).unwrap();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("sh")
            .args(["-eux", "-c", &script])
            .env("CURL_HOME", settings.path())
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{errors}");
}

#[tokio::test]
async fn every_control_call_has_an_example() {
    let client = Client::start().await;
    let index = client.get("/_control").await.json();
    let examples: Vec<&str> = README.lines().filter(|line| line.contains("curl ")).collect();
    for call in index["calls"].as_array().unwrap() {
        let (method, path) = (call["method"].as_str().unwrap(), call["path"].as_str().unwrap());
        let address = path.replacen("/_control", "$control", 1);
        let shown = examples.iter().any(|example| {
            let meant = if let Some((_, rest)) = example.split_once("-X ") {
                rest.split(' ').next().unwrap()
            } else if example.contains(" -d ") {
                "POST"
            } else {
                "GET"
            };
            let called = example.split_whitespace().find(|word| word.starts_with("$control"));
            let called = called.and_then(|called| called.split('?').next());
            meant == method && called.is_some_and(|called| is_at(called, &address))
        });
        assert!(shown, "the README has no example of {method} {path}");
    }
}

/// Whether an address is one of those that a path with placeholders means.
fn is_at(address: &str, path: &str) -> bool {
    let (address, path): (Vec<&str>, Vec<&str>) = (address.split('/').collect(), path.split('/').collect());
    let fits = |(one, wanted): (&&str, &&str)| one == wanted || wanted.starts_with('{') && !one.is_empty();
    address.len() == path.len() && address.iter().zip(&path).all(fits)
}
