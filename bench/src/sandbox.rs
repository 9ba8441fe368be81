//! The sandbox itself: contact reads a second on one core, without limits. Far more than anything asks of it, so that it is never
//! what is measured.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use parlor_sandbox::{DEFAULT_TOKEN, Limits, Sandbox, SandboxOptions};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::percentiles::{Percentiles, rate};

/// Contacts that are read in turn.
pub const CONTACTS: usize = 1_000;
/// Connections kept, each with a thread of its own.
pub const CONNECTIONS: usize = 8;
const READS: usize = 100_000;

#[derive(Serialize)]
pub struct SandboxReads {
    pub each_second: f64,
    pub answer: Percentiles,
}

/// Where the sandbox listens, and the ids of its contacts.
type Account = (String, Vec<String>);

/// Serves a sandbox from one thread and reads from others.
pub fn measure() -> anyhow::Result<SandboxReads> {
    let (started, account) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let server = thread::spawn(move || serve(&started, stopped));
    let measured = match account.recv() {
        Ok(account) => read(&Arc::new(account)),
        Err(_) => Err(anyhow!("the sandbox did not start")),
    };
    // Dropped, it stops the server too.
    let _ = stop.send(());
    server.join().map_err(|_| anyhow!("the sandbox's thread panicked"))??;
    measured
}

/// All of it on this thread: what it answers is what one core answers.
fn serve(started: &mpsc::Sender<Account>, stopped: oneshot::Receiver<()>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let running = Sandbox::start(SandboxOptions {
            limits: Limits::off(),
            ..SandboxOptions::default()
        })
        .await?;
        let mut ids = Vec::with_capacity(CONTACTS);
        for number in 0..CONTACTS {
            let email = format!("visitor-{number}@example.com");
            let values = [
                ("email", email.as_str()),
                ("firstname", "Ada"),
                ("lastname", "Lovelace"),
            ];
            ids.push(running.sandbox().seed_contact(values)?.id);
        }
        let address = running.base_url().trim_start_matches("http://").to_owned();
        started.send((address, ids))?;
        // A dropped sender stops it as well.
        let _ = stopped.await;
        running.stop().await?;
        Ok(())
    })
}

fn read(account: &Arc<Account>) -> anyhow::Result<SandboxReads> {
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let readers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (account, next) = (Arc::clone(account), Arc::clone(&next));
            thread::spawn(move || read_in_turn(&account, &next))
        })
        .collect();
    let mut times = Vec::with_capacity(READS);
    for reader in readers {
        times.extend(reader.join().map_err(|_| anyhow!("a reader's thread panicked"))??);
    }
    Ok(SandboxReads {
        each_second: rate(times.len(), begun.elapsed()),
        answer: Percentiles::of(times),
    })
}

/// Plain HTTP by hand: a client of many layers would take the cores that the sandbox is measured on.
fn read_in_turn((address, ids): &Account, next: &AtomicUsize) -> anyhow::Result<Vec<Duration>> {
    let mut connection = BufReader::new(TcpStream::connect(address)?);
    connection.get_ref().set_nodelay(true)?;
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= READS {
            return Ok(times);
        }
        let id = &ids[number % ids.len()];
        let request = format!(
            "GET /crm/objects/2026-03/contacts/{id}?properties=email,firstname,lastname HTTP/1.1\r\nhost: {address}\r\n\
             authorization: Bearer {DEFAULT_TOKEN}\r\n\r\n"
        );
        let asked = Instant::now();
        connection.get_mut().write_all(request.as_bytes())?;
        let body = answer(&mut connection)?;
        times.push(asked.elapsed());
        ensure!(
            String::from_utf8_lossy(&body).contains(id.as_str()),
            "another contact was answered"
        );
    }
}

/// The body of an answer that says how long it is.
fn answer(connection: &mut impl BufRead) -> anyhow::Result<Vec<u8>> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    ensure!(line.starts_with("HTTP/1.1 200"), "a read was answered {line:?}");
    let mut length = None;
    loop {
        line.clear();
        connection.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = Some(value.parse()?),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length.context("an answer did not say how long it is")?];
    connection.read_exact(&mut body)?;
    Ok(body)
}
