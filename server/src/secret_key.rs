//! The installation's secret key, which seals what a stolen database must not give away: from the setting, or from a file beside
//! the database that is made at the first start.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use parlor_engine::Context;
use parlor_engine::identity::Sealer;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::SettingsError;

/// What seals and opens with the installation's key.
///
/// # Errors
/// One line for the operator: a key file that cannot be read or made, or is no key.
pub fn sealer(given: Option<&SecretString>, database: &Path, context: &Context) -> Result<Sealer, SettingsError> {
    key(given, database, context).map(|key| Sealer::new(&key))
}

/// The installation's key.
///
/// # Errors
/// As [`sealer`].
pub fn key(given: Option<&SecretString>, database: &Path, context: &Context) -> Result<[u8; 32], SettingsError> {
    if let Some(key) = given.and_then(|key| parse(key.expose_secret())) {
        return Ok(key);
    }
    let path = file_of(database);
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path, context).map_err(|error| {
            SettingsError(format!(
                "{shown} cannot be made: {error}; let Parlor write there, or set PARLOR_SECRET_KEY"
            ))
        })?,
        Err(error) => {
            return Err(SettingsError(format!(
                "{shown} cannot be read: {error}; it holds this installation's secret key"
            )));
        }
    };
    let key = parse(text.trim()).filter(|key| !is_one_byte_repeated(key));
    key.ok_or_else(|| {
        SettingsError(format!(
            "{shown} holds no key (32 random bytes in base64): restore it from a backup; without it the widgets' secrets must be made anew, \
             for which it is enough to remove the file"
        ))
    })
}

/// Beside the database, and not in it: a copy of the database alone opens nothing.
fn file_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

/// Makes the file, for this user alone. Of two programs that start at once, both use what the first wrote.
fn make(path: &Path, context: &Context) -> std::io::Result<String> {
    let text = format!("{}\n", URL_SAFE_NO_PAD.encode(context.random::<32>()));
    // Written whole under another name first: nobody reads half a key. Nobody can have guessed the name, either, and put there what
    // is then written to.
    let unfinished = path.with_file_name(format!(
        ".parlor-key-{}",
        URL_SAFE_NO_PAD.encode(context.random::<16>())
    ));
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    let linked = write_whole(file, &text).and_then(|()| std::fs::hard_link(&unfinished, path));
    let removed = std::fs::remove_file(&unfinished);
    let text = match linked {
        Ok(()) => text,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::read_to_string(path)?,
        Err(error) => return Err(error),
    };
    removed?;
    // The name is on disk before anything is sealed with the key, whoever of two made it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(text)
}

fn write_whole(mut file: std::fs::File, text: &str) -> std::io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Whether a key is one byte over and over, like zeros: a stand-in that anybody would try.
pub(crate) fn is_one_byte_repeated(key: &[u8; 32]) -> bool {
    key.iter().all(|byte| *byte == key[0])
}

/// A key as people write it: 32 bytes in base64, of either alphabet.
pub(crate) fn parse(text: &str) -> Option<[u8; 32]> {
    let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_file_is_made_once_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = file_of(&folder.path().join("parlor.db"));
        let context = Context::system();
        let made = make(&path, &context).unwrap();
        assert!(sealer(None, &folder.path().join("parlor.db"), &context).is_ok());
        assert!(parse(made.trim()).is_some());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Whoever comes second takes the first one's.
        assert_eq!(make(&path, &context).unwrap(), made);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn whoever_starts_at_once_has_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = file_of(&folder.path().join("parlor.db"));
        let makers: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || make(&path, &Context::system()).unwrap())
            })
            .collect();
        let mut made: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
        made.dedup();
        assert_eq!(made, [std::fs::read_to_string(&path).unwrap()]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_lies_under_a_name_that_can_be_guessed_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = file_of(&folder.path().join("parlor.db"));
        let (theirs, guessed) = (
            folder.path().join("theirs"),
            path.with_extension(format!("key.{}", std::process::id())),
        );
        std::fs::write(&theirs, "theirs").unwrap();
        std::os::unix::fs::symlink(&theirs, &guessed).unwrap();
        make(&path, &Context::system()).unwrap();
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_key_that_cannot_be_made_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        // A name may have 255 bytes.
        let database = folder.path().join("x".repeat(252));
        let refused = sealer(None, &database, &Context::system()).unwrap_err();
        assert!(refused.to_string().contains("cannot be"), "{refused}");
        assert!(make(&file_of(&database), &Context::system()).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_holds_no_key_is_left_alone_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("parlor.db");
        std::fs::write(file_of(&database), "half a key").unwrap();
        let refused = sealer(None, &database, &Context::system()).unwrap_err().to_string();
        assert!(
            refused.contains("parlor.db.key") && refused.contains("backup"),
            "{refused}"
        );
        assert_eq!(std::fs::read_to_string(file_of(&database)).unwrap(), "half a key");
    }

    #[test]
    fn a_key_is_32_bytes_in_either_base64() {
        assert_eq!(parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), Some([0; 32]));
        assert_eq!(parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), Some([0; 32]));
        assert!(is_one_byte_repeated(&[0; 32]) && is_one_byte_repeated(&[7; 32]));
        let mut key = [7; 32];
        key[31] = 8;
        assert!(!is_one_byte_repeated(&key));
        for wrong in [
            "",
            "AAAA",
            "not base64!",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
