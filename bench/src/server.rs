//! The server under measurement: a process of its own, in a folder of its own, on free ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The rep that the command line adds.
pub const REP_EMAIL: &str = "rep@example.com";
/// Their password; the server is thrown away after the run.
pub const REP_PASSWORD: &str = "a password for the benchmark";

/// A running server.
pub struct Parlor {
    binary: PathBuf,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to the first good answer of `/readyz`.
    pub ready_after: Duration,
    child: Child,
}

impl Parlor {
    /// Starts `parlor serve` and waits until it is ready.
    pub async fn start(binary: &Path, folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(binary, folder, &[]).await
    }

    /// The same with further settings by their variables.
    pub async fn start_with(binary: &Path, folder: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let (address, metrics) = (free_address()?, free_address()?);
        let begun = Instant::now();
        let child = command(binary, folder, address)
            .arg("serve")
            .env("PARLOR_METRICS_LISTEN", metrics.to_string())
            .env("PARLOR_LOG", "warn")
            // Registrations beyond it would be held back from HubSpot: another path than the usual one.
            .env("PARLOR_REGISTRATION_BURST", "1000000")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started: run make build", binary.display()))?;
        let mut parlor = Self {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            address,
            ready_after: Duration::ZERO,
            child,
        };
        while !is_ready(address).await {
            ensure!(
                begun.elapsed() < Duration::from_secs(30),
                "the server was not ready within 30 s"
            );
            if let Some(status) = parlor.child.try_wait()? {
                bail!("the server ended at its start: {status}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        parlor.ready_after = begun.elapsed();
        Ok(parlor)
    }

    /// Adds a widget by the command line; answers its key.
    pub async fn add_widget(&self) -> anyhow::Result<String> {
        let said = self
            .run(&[
                "widget",
                "add",
                "--name",
                "Bench",
                "--origin",
                "https://www.example.com",
            ])
            .await?;
        let key = said
            .split("data-widget=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        Ok(key.context("parlor widget add printed no key")?.to_owned())
    }

    /// Adds a rep by the command line.
    pub async fn add_rep(&self) -> anyhow::Result<()> {
        self.run(&["rep", "add", "--email", REP_EMAIL, "--name", "Grace Hopper"])
            .await?;
        Ok(())
    }

    /// Makes the secret that signs a widget's proofs, by the command line.
    pub async fn new_secret(&self, key: &str) -> anyhow::Result<String> {
        let said = self.run(&["widget", "identity", "--key", key, "--new-secret"]).await?;
        let secret = said.lines().find_map(|line| line.strip_prefix("Secret: "));
        Ok(secret.context("parlor widget identity printed no secret")?.to_owned())
    }

    async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = command(&self.binary, &self.folder, self.address)
            .args(arguments)
            .env("PARLOR_REP_PASSWORD", REP_PASSWORD)
            .output()
            .await?;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "parlor {}: {complaint}", arguments.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> anyhow::Result<u64> {
        let id = self.child.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: u64 = line
            .and_then(|line| line.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .context("the system does not tell the server's resident memory")?;
        Ok(kibibytes * 1024)
    }

    /// Bytes written to files so far. What goes out over sockets is not among them, as it is sent by another system call.
    pub fn written(&self) -> anyhow::Result<u64> {
        let id = self.child.id().context("the server has ended")?;
        let statistics = std::fs::read_to_string(format!("/proc/{id}/io"))?;
        let line = statistics.lines().find_map(|line| line.strip_prefix("wchar:"));
        line.and_then(|number| number.trim().parse().ok())
            .context("the system does not tell what the server writes")
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub async fn stop(&mut self, longest: Duration) -> anyhow::Result<()> {
        let id = self.child.id().context("the server has ended")?;
        let status = Command::new("kill").arg(id.to_string()).status().await?;
        ensure!(status.success(), "the server could not be told to stop");
        let ended = tokio::time::timeout(longest, self.child.wait()).await;
        ended.context("the server did not stop in time")??;
        Ok(())
    }
}

fn command(binary: &Path, folder: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(binary);
    command
        .current_dir(folder)
        .env_remove("HUBSPOT_ACCESS_TOKEN")
        .env_remove("PARLOR_BINARY")
        .env_remove("PARLOR_PUBLIC_URL")
        .env_remove("PARLOR_SECRET_KEY")
        .env("DATABASE_URL", "sqlite:parlor.db")
        .env("PARLOR_LISTEN", address.to_string());
    command
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

async fn is_ready(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    ask.await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
