//! The real program in a folder of its own, with nothing in its environment but what a test puts there.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::site::Site;

const WITHIN: Duration = Duration::from_secs(30);

/// An address that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A folder with its settings; programs are run in it, one after another or side by side.
#[derive(Clone)]
pub struct Folder {
    place: Arc<TempDir>,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
    settings: Vec<(String, String)>,
}

impl Folder {
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            place: Arc::new(TempDir::new().unwrap()),
            address: free_address(),
            metrics: free_address(),
            settings: settings.iter().map(own).collect(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.place.path())
            .env_clear()
            .env("PARLOR_LISTEN", self.address.to_string())
            .env("PARLOR_METRICS_LISTEN", self.metrics.to_string())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let mut child = self
            .command(env!("CARGO_BIN_EXE_parlor"), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let began = Instant::now();
        // What a command says fits into a pipe, so that it never waits for its reader.
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > WITHIN {
                child.kill().unwrap();
                panic!("parlor {arguments:?} does not end");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        child.wait_with_output().unwrap()
    }

    /// Starts the server.
    pub async fn serve(&self) -> Program {
        self.serve_by(env!("CARGO_BIN_EXE_parlor"), &["serve"], "Parlor: ")
            .await
    }

    /// Starts a program and waits until it says this.
    pub async fn serve_by(&self, program: &str, arguments: &[&str], ready: &str) -> Program {
        let log = self.path("log");
        let mut child = self
            .command(program, arguments)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let (said, mut lines) = unbounded_channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let mut program = Program {
            child,
            site: Site::new(self.address, &format!("http://{}", self.address)),
            log,
            said: String::new(),
        };
        loop {
            match timeout(WITHIN, lines.recv()).await.expect("the program says something") {
                Some(line) => {
                    program.said.push_str(&line);
                    program.said.push('\n');
                    if line.contains(ready) {
                        break;
                    }
                }
                None => panic!("the program ended: {}", program.log()),
            }
        }
        // Somebody has to take what it says later.
        tokio::spawn(async move { while lines.recv().await.is_some() {} });
        program
    }

    /// Adds a widget by the command line and answers its key.
    pub async fn add_widget(&self) -> String {
        let output = self
            .run(&["widget", "add", "--name", "Shop", "--origin", "https://www.example.com"])
            .await;
        assert!(output.status.success(), "{}", error_text(&output));
        let said = String::from_utf8(output.stdout).unwrap();
        let rest = said
            .split("data-widget=\"")
            .nth(1)
            .expect("the snippet names the widget");
        rest.split('"').next().unwrap().to_owned()
    }
}

pub fn error_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running program. It is killed when this is dropped.
pub struct Program {
    child: Child,
    pub site: Site,
    log: PathBuf,
    /// What it said before it was ready.
    pub said: String,
}

impl Program {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let killed = Command::new("/bin/sh")
            .args(["-c", &format!("kill -TERM {}", self.id())])
            .status()
            .unwrap();
        assert!(killed.success());
    }

    /// Waits for its end and answers its exit code.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let log = self.log.clone();
        let ending = tokio::task::spawn_blocking(move || self.child.wait().unwrap().code());
        let code = timeout(WITHIN, ending).await.expect("the program ends").unwrap();
        (code, fs::read_to_string(log).unwrap())
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Processor time used so far, in clock ticks (a hundredth of a second each).
    pub fn processor_time(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
