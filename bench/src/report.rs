//! The report: `docs/benchmarks.md` for people, `target/bench.json` for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::checkout::Checkout;
use crate::delivery::{self, Delivery};
use crate::identity::{self, Identity};
use crate::idle::Idle;
use crate::latency::Latency;
use crate::machine::Machine;
use crate::messages::{self, Moderate, Saturated};
use crate::naive::Naive;
use crate::percentiles::Percentiles;
use crate::registrations::{self, Registrations};
use crate::sandbox::{self, SandboxReads};
use crate::sizes::Size;
use crate::starting::Starting;

/// Durable messages a second, at least.
const MESSAGES_AIM: f64 = 2_000.0;
/// Visitor tokens from memory a second, at least; of the engine in its process, without HTTP.
const TOKENS_AIM: f64 = 20_000.0;
/// Contact reads a second of the sandbox on one core, at least.
const SANDBOX_AIM: f64 = 5_000.0;
/// Resident bytes of an idle socket, at most.
const SOCKET_AIM: f64 = 8_000.0;
/// The widget's WASM and JavaScript in brotli bytes, at most.
const WIDGET_AIM: f64 = 100_000.0;

/// All that was measured.
#[derive(Serialize)]
pub struct Figures {
    pub machine: Machine,
    pub sizes: Vec<Size>,
    pub starting: Starting,
    pub registrations: Registrations,
    pub latency: Latency,
    pub moderate: Moderate,
    pub alone: Saturated,
    pub watched: Saturated,
    pub disk: Percentiles,
    pub loopback: Percentiles,
    pub idle: Idle,
    pub identity: Identity,
    pub delivery: Delivery,
    pub naive: Naive,
    pub sandbox: SandboxReads,
}

/// Writes both.
pub fn write(checkout: &Checkout, figures: &Figures) -> anyhow::Result<()> {
    std::fs::write(
        checkout.path("target/bench.json"),
        format!("{:#}\n", serde_json::to_value(figures)?),
    )?;
    std::fs::write(checkout.path("docs/benchmarks.md"), markdown(figures)?)?;
    Ok(())
}

fn markdown(figures: &Figures) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    introduction(&mut page, figures)?;
    aims(&mut page, figures)?;
    messages(&mut page, figures)?;
    latency(&mut page, figures)?;
    visitor_tokens(&mut page, figures)?;
    to_hubspot(&mut page, figures)?;
    naive_way(&mut page, &figures.naive)?;
    sandbox(&mut page, figures)?;
    memory(&mut page, figures)?;
    browser(&mut page, figures)?;
    Ok(page)
}

fn introduction(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let machine = &figures.machine;
    writeln!(
        page,
        "# Benchmarks\n\n\
         Written by `make bench`, which starts the release binary, measures it from outside through its sockets and forms, and\n\
         measures the machine's own floors in the same run. Absolute figures differ between machines: compare each with the floor\n\
         beside it. The load generator shares the cores with the server, and whatever else ran, so that every rate is what they manage\n\
         together; the load before the run says how busy the machine was with other work.\n\n\
         {}, {}, {} · {} cores of {}, {} GiB of memory, Linux {} · load before the run {:.1}\n",
        machine.date,
        machine.parlor,
        machine.compiler,
        machine.cores,
        machine.processor,
        machine.memory_gib,
        machine.kernel,
        machine.load_before,
    )
}

fn aims(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let widget = widget_brotli(&figures.sizes);
    writeln!(page, "## Aims\n\n| | Measured | Aim | |\n|---|---:|---:|---|")?;
    let rate = figures.alone.each_second;
    writeln!(
        page,
        "| Durable messages a second | {} | ≥ {} | {} |",
        whole(rate),
        whole(MESSAGES_AIM),
        verdict(MESSAGES_AIM - rate)
    )?;
    let rate = figures.watched.each_second;
    writeln!(
        page,
        "| The same with a rep signed in | {} | ≥ {} | {} |",
        whole(rate),
        whole(MESSAGES_AIM),
        verdict(MESSAGES_AIM - rate)
    )?;
    let rate = figures.identity.cached.each_second;
    writeln!(
        page,
        "| Proofs exchanged from memory a second, in the process (the aim is for this) | {} | ≥ {} | {} |",
        whole(rate),
        whole(TOKENS_AIM),
        verdict(TOKENS_AIM - rate)
    )?;
    let rate = figures.sandbox.each_second;
    writeln!(
        page,
        "| Contact reads a second, the sandbox on one core | {} | ≥ {} | {} |",
        whole(rate),
        whole(SANDBOX_AIM),
        verdict(SANDBOX_AIM - rate)
    )?;
    writeln!(
        page,
        "| The same over HTTP, where each exchange is a request (no aim) | {} | – | – |",
        whole(figures.identity.cached_over_http.each_second)
    )?;
    writeln!(
        page,
        "| Resident memory of an idle socket | {} bytes | ≤ {} bytes | {} |",
        whole(figures.idle.each),
        whole(SOCKET_AIM),
        verdict(figures.idle.each - SOCKET_AIM)
    )?;
    writeln!(
        page,
        "| The widget's WASM and JavaScript, brotli | {} bytes | ≤ {} bytes | {} |\n",
        whole(widget),
        whole(WIDGET_AIM),
        verdict(widget - WIDGET_AIM)
    )
}

fn messages(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let (visitors, each, runs) = (messages::VISITORS, messages::MESSAGES, messages::RUNS);
    let registrations = &figures.registrations;
    writeln!(
        page,
        "## Registrations and messages\n\n\
         A message is acknowledged after the commit that holds it is synced to disk; messages that arrive together are committed\n\
         together. At full speed {visitors} visitors write {each} messages each (what a visitor's rate limit lets through at once), the\n\
         next one when the last is acknowledged; {runs} runs with other visitors each time, the median counts. With a rep signed\n\
         in, every message also changes the list that their window shows. Registrations are plain form posts over {} kept\n\
         connections; each stores visitor, conversation and session. No HubSpot token is set.\n",
        registrations::BROWSERS
    )?;
    writeln!(page, "| | A second | p50 | p99 | n |\n|---|---:|---:|---:|---:|")?;
    row(
        page,
        "Registration, until answered",
        Some(registrations.each_second),
        &registrations.answer,
    )?;
    row(
        page,
        "Message, full speed, until acknowledged",
        Some(figures.alone.each_second),
        &figures.alone.acknowledged,
    )?;
    row(
        page,
        "Message, full speed, with a rep signed in",
        Some(figures.watched.each_second),
        &figures.watched.acknowledged,
    )?;
    row(
        page,
        "Message, moderate pace",
        Some(figures.moderate.each_second),
        &figures.moderate.acknowledged,
    )?;
    row(page, "Message, one at a time", None, &figures.latency.acknowledged)?;
    let floor = format!("Floor: {} bytes written and fdatasync", figures.latency.commit_bytes);
    row(page, &floor, None, &figures.disk)?;
    let runs = |runs: &[f64]| runs.iter().map(|run| whole(*run)).collect::<Vec<_>>().join(", ");
    writeln!(
        page,
        "\nThe floor writes what one message committed alone adds to the database's log. The runs at full speed: {}; with a rep\n\
         signed in: {}.\n",
        runs(&figures.alone.runs),
        runs(&figures.watched.runs)
    )
}

fn latency(page: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(
        page,
        "## From the visitor to the rep\n\n\
         From the visitor's send until the rep's socket has the message, which is on disk by then; one message at a time on an\n\
         otherwise idle server, both sockets in one process.\n\n\
         | | p50 | p99 | n |\n|---|---:|---:|---:|"
    )?;
    for (what, times) in [
        ("Visitor to rep", &figures.latency.to_rep),
        (
            "Floor: bare TCP round trip over loopback, between two threads",
            &figures.loopback,
        ),
        ("Floor: the sync above", &figures.disk),
    ] {
        writeln!(
            page,
            "| {what} | {} | {} | {} |",
            time(times.p50_us),
            time(times.p99_us),
            times.samples
        )?;
    }
    writeln!(page)
}

fn visitor_tokens(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let (people, connections) = (identity::PEOPLE, identity::CONNECTIONS);
    let measured = &figures.identity;
    writeln!(
        page,
        "## Visitor tokens\n\n\
         A proof (HS256) of one of {people} people is checked and exchanged for HubSpot's visitor identification token. The uncached way is\n\
         each person's first: the sandbox, on loopback and with a limit out of reach, creates the token, and it is sealed and stored. From memory\n\
         no call is made, which the run checks. In one process the engine is asked by a task for each core; all else is {connections} at\n\
         once, over HTTP on connections that are kept. HubSpot itself takes far longer than the sandbox, and lets through 19 calls a second.\n\n\
         | | A second | p50 | p99 | n |\n|---|---:|---:|---:|---:|"
    )?;
    for (what, exchanges) in [
        ("From memory, one process", &measured.cached),
        ("Uncached, one process", &measured.uncached),
        ("From memory, over HTTP", &measured.cached_over_http),
        ("Uncached, over HTTP", &measured.uncached_over_http),
    ] {
        row(page, what, Some(exchanges.each_second), &exchanges.answer)?;
    }
    writeln!(page)
}

fn sandbox(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let (contacts, connections) = (sandbox::CONTACTS, sandbox::CONNECTIONS);
    writeln!(
        page,
        "## The sandbox\n\n\
         The sandbox HubSpot stands in for the real one in tests and in this benchmark; here it is what is measured. It is served by a\n\
         single thread, with its limits off and its request log on, and answers reads of {contacts} contacts by id, over {connections} connections\n\
         that are kept, from other threads.\n\n\
         | | A second | p50 | p99 | n |\n|---|---:|---:|---:|---:|"
    )?;
    let reads = &figures.sandbox;
    row(page, "Contact read", Some(reads.each_second), &reads.answer)?;
    writeln!(page)
}

fn to_hubspot(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let measured = &figures.delivery;
    writeln!(
        page,
        "## Delivery to HubSpot\n\n\
         In virtual time: the engine, its store and the sandbox are real, the clock is moved from event to event, and on by 200 ms for each\n\
         call. {} contacts write a message each ten seconds, for ten minutes; a chat by itself has {} messages with log-normal gaps (median\n\
         6 s). All calls count, the first look-ups and the creation of the contacts too. The time is from the acknowledgement until\n\
         HubSpot has the message.\n\n\
         | | Messages | Calls | Calls a message | Aim | p50 | p99 | Aim |\n|---|---:|---:|---:|---:|---:|---:|---:|",
        delivery::CONTACTS,
        delivery::LONE
    )?;
    for (what, run, calls, lag) in [
        ("1,000 contacts, default", &measured.many, "≤ 0.05", "≤ 35 s"),
        ("1,000 contacts, `fast`", &measured.many_fast, "–", "≤ 6 s"),
        ("A chat by itself, default", &measured.lone, "≤ 0.35", "≤ 35 s"),
    ] {
        writeln!(
            page,
            "| {what} | {} | {} | {:.3} | {calls} | {:.1} s | {:.1} s | {lag} |",
            run.messages,
            run.calls,
            run.calls_each(),
            run.lag.p50_us / 1e6,
            run.lag.p99_us / 1e6,
        )?;
    }
    writeln!(page)
}

fn naive_way(page: &mut String, naive: &Naive) -> std::fmt::Result {
    writeln!(
        page,
        "Beside it the way that tutorials show: a webhook that reads the property, appends, and writes it back, for each message by\n\
         itself, and answers 200 to everything. Each call takes 100 ± 50 ms. Parlor loses none in any of these.\n\n\
         | | Answered 200 | In HubSpot | Lost |\n|---|---:|---:|---:|"
    )?;
    for (what, kept) in [
        ("One contact, ten messages a second", naive.steady),
        ("Bursts of twenty, each for one contact", naive.burst),
        (
            "Fifteen messages a second, each for its own contact, 100 calls in ten seconds",
            naive.past_limit,
        ),
        ("One call in ten answers 503", naive.unavailable),
        ("100 messages of 1,000 characters, one after the other", naive.long),
    ] {
        writeln!(
            page,
            "| {what} | {} | {} | {:.0} % |",
            kept.sent,
            kept.kept,
            kept.lost()
        )?;
    }
    writeln!(page)
}

fn memory(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let (idle, starting) = (&figures.idle, &figures.starting);
    writeln!(
        page,
        "## Memory and start\n\n\
         A socket is idle when it has said hello, follows its conversation and has its first page. Before the count every visitor\n\
         has come and gone once, so that the database's pages are in memory already. Like the widget, which comes with its history,\n\
         it asks only for what is newer; a socket that was sent a long page keeps a write buffer of that size (at most some\n\
         64 KiB). The kernel's socket buffers are not the process's memory.\n\n\
         | | |\n|---|---:|"
    )?;
    let sockets = idle.sockets;
    writeln!(
        page,
        "| Resident, server with {sockets} idle sockets | {} |",
        mebibytes(idle.after)
    )?;
    writeln!(
        page,
        "| Resident, the same server before | {} |",
        mebibytes(idle.before)
    )?;
    writeln!(page, "| The difference for each socket | {} bytes |", whole(idle.each))?;
    writeln!(
        page,
        "| Sockets opened a second, each with upgrade, hello and first page | {} |",
        whole(idle.opened_each_second)
    )?;
    writeln!(
        page,
        "| Resident at rest, new server | {} |",
        mebibytes(starting.resident)
    )?;
    writeln!(
        page,
        "| From start to ready, with an existing database | {:.0} ms |",
        starting.later_ms
    )?;
    writeln!(
        page,
        "| From start to ready, making the database | {:.0} ms |",
        starting.first_ms
    )?;
    writeln!(
        page,
        "| The binary, assets included | {} |\n",
        mebibytes(starting.binary)
    )
}

fn browser(page: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(
        page,
        "## What the browser downloads\n\n\
         The host page loads `embed.js` alone until a visitor shows intent; the loader is served with the widget's public settings\n\
         in it, some hundred bytes more than here.\n\n\
         | File | Raw, bytes | Brotli, bytes |\n|---|---:|---:|"
    )?;
    for size in &figures.sizes {
        let brotli = size.brotli.map_or_else(|| "–".to_owned(), |bytes| bytes.to_string());
        writeln!(page, "| `{}` | {} | {brotli} |", size.file, size.raw)?;
    }
    Ok(())
}

/// The widget's WASM and JavaScript.
#[expect(clippy::cast_precision_loss, reason = "no file is near 2^52 bytes")]
fn widget_brotli(sizes: &[Size]) -> f64 {
    let counted = |size: &&Size| matches!(size.file.as_str(), "widget/parlor.wasm" | "widget/parlor.js");
    sizes
        .iter()
        .filter(counted)
        .map(|size| size.brotli.unwrap_or(size.raw))
        .sum::<u64>() as f64
}

fn row(page: &mut String, what: &str, each_second: Option<f64>, times: &Percentiles) -> std::fmt::Result {
    let each_second = each_second.map_or_else(|| "–".to_owned(), whole);
    let (p50, p99) = (time(times.p50_us), time(times.p99_us));
    writeln!(page, "| {what} | {each_second} | {p50} | {p99} | {} |", times.samples)
}

/// How far past the aim, where a positive number is too far.
fn verdict(excess: f64) -> String {
    if excess <= 0.0 {
        "met".to_owned()
    } else {
        format!("missed by {}", whole(excess))
    }
}

fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn time(microseconds: f64) -> String {
    if microseconds < 1_000.0 {
        format!("{microseconds:.0} µs")
    } else {
        format!("{:.1} ms", microseconds / 1e3)
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}
