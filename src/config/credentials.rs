//! Secrets by file or command, fetched only for the backends a command uses.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::cli::Failure;
use crate::config::{Backend, Resolved, Secret};

/// How long a secret's command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Puts the secret of `backend` into its settings, from the file or the command if one is set;
/// returns what the operator should know.
///
/// # Errors
/// Exit 3 if the file cannot be read or is empty, or the command fails, takes too long or prints
/// nothing. No error shows a secret or the command's output.
pub async fn fetch(resolved: &mut Resolved, backend: Backend) -> Result<Vec<String>, Failure> {
    let section = backend.section();
    let settings = &mut resolved.settings;
    let (secret, file, command) = match backend {
        Backend::Timescale => {
            let s = &mut settings.timescale;
            (&mut s.password, &s.password_file, &s.password_command)
        }
        Backend::Kafka => {
            let s = &mut settings.kafka;
            (&mut s.password, &s.password_file, &s.password_command)
        }
        Backend::Redis => {
            let s = &mut settings.redis;
            (&mut s.password, &s.password_file, &s.password_command)
        }
    };
    let origin = |key: &str| {
        let path = format!("{section}.{key}");
        let origin = resolved.origins.get(&path).map_or("built-in", String::as_str);
        format!("{path} of {origin}")
    };
    if !file.as_os_str().is_empty() {
        let (found, warnings) = from_file(file, &origin("password_file"))?;
        *secret = found;
        return Ok(warnings);
    }
    if !command.is_empty() {
        *secret = from_command(command, &origin("password_command")).await?;
    }
    Ok(Vec::new())
}

fn from_file(path: &Path, origin: &str) -> Result<(Secret, Vec<String>), Failure> {
    let what = || Failure::config(format!("cannot read the password file {}", path.display()));
    let set_by = |mut failure: Failure| {
        failure.causes.push(format!("set by {origin}"));
        failure
    };
    let facts = std::fs::metadata(path).map_err(|e| set_by(what().because(&e)))?;
    let text = std::fs::read_to_string(path).map_err(|e| set_by(what().because(&e)))?;
    let secret = one_line(&text);
    if secret.is_empty() {
        return Err(set_by(
            Failure::config(format!("the password file {} is empty", path.display()))
                .hint("Write the password into it, on one line."),
        ));
    }
    let mut warnings = Vec::new();
    // Reading by the group is how service users share a secret; all else is too much.
    if facts.mode() & 0o026 != 0 {
        warnings.push(format!(
            "other users may read or change the password file {} (mode {:03o}); run \
             `chmod 600 {}`",
            path.display(),
            facts.mode() & 0o777,
            path.display()
        ));
    }
    Ok((Secret::new(secret), warnings))
}

async fn from_command(command: &str, origin: &str) -> Result<Secret, Failure> {
    let failure = |cause: String| {
        let mut failure = Failure::config(format!("cannot get the password by {origin}"));
        failure.causes.push(cause);
        failure.hint("Run the command by hand; it must print the password and nothing else.")
    };
    let child = tokio::process::Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failure(e.to_string()))?;
    let output = match tokio::time::timeout(COMMAND_LIMIT, child.wait_with_output()).await {
        Ok(output) => output.map_err(|e| failure(e.to_string()))?,
        Err(_) => {
            return Err(failure(format!("no end within {} s", COMMAND_LIMIT.as_secs())));
        }
    };
    if !output.status.success() {
        return Err(failure(format!("the command ended with {}", output.status)));
    }
    let Ok(text) = std::str::from_utf8(&output.stdout) else {
        return Err(failure("the command printed something that is not UTF-8".to_owned()));
    };
    match one_line(text) {
        "" => Err(failure("the command printed nothing".to_owned())),
        secret => Ok(Secret::new(secret)),
    }
}

/// The text without the line end an editor or `echo` adds; other white space may belong to it.
fn one_line(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, layers};
    use std::os::unix::fs::PermissionsExt;

    fn resolved(key: &str, value: &str) -> Resolved {
        let options = vec![(format!("timescale.{key}"), value.to_owned())];
        layers::resolve(&Sources { options, ..Sources::default() }).unwrap()
    }

    #[tokio::test]
    async fn a_file_gives_the_secret_and_open_modes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, " p%a#s?s@w:o/r\"d \n").unwrap();
        for (mode, warned) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o620, 1)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut resolved = resolved("password_file", path.to_str().unwrap());
            let warnings = fetch(&mut resolved, Backend::Timescale).await.unwrap();
            assert_eq!(warnings.len(), warned, "{mode:o}: {warnings:?}");
            let secret = &resolved.settings.timescale.password;
            assert_eq!(secret.expose(), " p%a#s?s@w:o/r\"d ");
            assert_eq!(format!("{:?}", resolved.settings.timescale.password), "(set)");
        }
    }

    #[tokio::test]
    async fn a_command_gives_the_secret_and_its_failure_shows_none() {
        let mut good = resolved("password_command", "printf 'p%%#?@:/\\n'");
        fetch(&mut good, Backend::Timescale).await.unwrap();
        assert_eq!(good.settings.timescale.password.expose(), "p%#?@:/");
        for bad in ["echo hunter2; exit 3", "true", "printf '\\377'"] {
            let mut resolved = resolved("password_command", bad);
            let failure = fetch(&mut resolved, Backend::Timescale).await.unwrap_err();
            assert_eq!(failure.status, crate::cli::ExitStatus::Config);
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }

    #[tokio::test]
    async fn a_missing_or_empty_file_is_named_with_its_origin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for empty in [false, true] {
            if empty {
                std::fs::write(&path, "\n").unwrap();
            }
            let mut resolved = resolved("password_file", path.to_str().unwrap());
            let failure = fetch(&mut resolved, Backend::Timescale).await.unwrap_err();
            assert!(failure.message.contains(path.to_str().unwrap()), "{}", failure.message);
            assert!(failure.causes.iter().any(|c| c.contains("option --set")), "{failure:?}");
        }
    }
}
