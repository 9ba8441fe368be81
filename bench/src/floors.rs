//! What the machine itself costs, measured in the same run: one sync of the disk, one round trip over loopback.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

use crate::percentiles::Percentiles;

/// A frame with a short message has about this many bytes.
const FRAME: usize = 200;

/// Writes so many bytes at the end of a file and syncs them, again and again.
pub fn disk(folder: &Path, bytes: usize) -> anyhow::Result<Percentiles> {
    let mut file = std::fs::File::create(folder.join("floor"))?;
    let block = vec![1; bytes];
    let mut times = Vec::new();
    for _ in 0..500 {
        let begun = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    Ok(Percentiles::of(times))
}

/// Sends a frame's bytes over TCP to another thread and back, with nothing in between.
pub fn loopback() -> anyhow::Result<Percentiles> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut frame = [0; FRAME];
        // Ends with an error when the other side hangs up.
        while stream.read_exact(&mut frame).is_ok() {
            stream.write_all(&frame)?;
        }
        Ok(())
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut frame = [1; FRAME];
    let mut times = Vec::new();
    for _ in 0..5_000 {
        let begun = Instant::now();
        stream.write_all(&frame)?;
        stream.read_exact(&mut frame)?;
        times.push(begun.elapsed());
    }
    drop(stream);
    echo.join().map_err(|_| anyhow::anyhow!("the echo thread panicked"))??;
    Ok(Percentiles::of(times))
}
