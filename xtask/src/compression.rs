//! Files as they travel: each beside its Brotli and gzip form, where those are smaller.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::fingerprint::write;
use crate::web::Mode;

const BROTLI_WINDOW: u32 = 22;
const BROTLI_QUALITY: u32 = 11;

/// The path of a file's form with one more ending, `br` or `gz`.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Writes a file and, for a release, its compressed forms. A form that is no smaller, or is left from before, goes away.
pub fn write_product(path: &Path, content: &[u8], mode: Mode) -> anyhow::Result<()> {
    write(path, content)?;
    for (ending, compress) in [("br", brotli as fn(&[u8]) -> anyhow::Result<Vec<u8>>), ("gz", gzip)] {
        let compressed_path = with_ending(path, ending);
        let compressed = match mode {
            Mode::Release => Some(compress(content)?).filter(|compressed| compressed.len() < content.len()),
            Mode::Development => None,
        };
        match compressed {
            Some(compressed) => write(&compressed_path, &compressed)?,
            None if compressed_path.exists() => {
                fs::remove_file(&compressed_path)
                    .with_context(|| format!("cannot remove {}", compressed_path.display()))?;
            }
            None => {}
        }
    }
    Ok(())
}

fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    compressor.write_all(content)?;
    compressor.flush()?;
    Ok(compressor.into_inner())
}

fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut compressor = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    compressor.write_all(content)?;
    Ok(compressor.finish()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::io::Read as _;

    use super::{with_ending, write_product};
    use crate::web::Mode;

    #[test]
    fn a_compressible_file_gets_both_forms_and_they_unpack_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parlor.css");
        let content = "a { color: red }\n".repeat(100);
        write_product(&path, content.as_bytes(), Mode::Release).unwrap();

        let mut unpacked = String::new();
        let brotli_form = std::fs::read(with_ending(&path, "br")).unwrap();
        brotli::Decompressor::new(brotli_form.as_slice(), 4096)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, content);

        unpacked.clear();
        let gzip_form = std::fs::read(with_ending(&path, "gz")).unwrap();
        flate2::read::GzDecoder::new(gzip_form.as_slice())
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, content);
    }

    #[test]
    fn a_file_that_does_not_shrink_loses_its_old_compressed_forms() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dot.png");
        std::fs::write(with_ending(&path, "br"), "left from before").unwrap();
        write_product(&path, b"x", Mode::Release).unwrap();
        assert!(path.exists());
        assert!(!with_ending(&path, "br").exists());
        assert!(!with_ending(&path, "gz").exists());
    }
}
