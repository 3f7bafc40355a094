//! Redis.

pub mod connection;
pub mod events;
pub mod safety;

use std::collections::BTreeMap;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, TlsCertificates,
};

use crate::backends::error::{BackendError, Kind, Result};
use crate::config::settings::{Redis, Tls};
use crate::domain::EventTime;

/// Where a server is: `host:port`.
#[must_use]
pub fn place(settings: &Redis) -> String {
    format!("{}:{}", settings.host, settings.port)
}

/// Opens a connection.
///
/// # Errors
/// [`Kind::Unreachable`], [`Kind::TimedOut`], [`Kind::Denied`]; [`Kind::Local`] for a
/// certificate file that cannot be read.
pub async fn connect(settings: &Redis) -> Result<MultiplexedConnection> {
    let what = || format!("could not connect to Redis at {}", place(settings));
    let client = client(settings)?;
    // The library's own patience, half a second, is too short for a busy server.
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(settings.connect_timeout));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    match tokio::time::timeout(settings.connect_timeout, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(classify(error, what())),
        Err(_) => {
            let seconds = settings.connect_timeout.as_secs();
            Err(BackendError::new(Kind::TimedOut, what())
                .because(format!("no answer within {seconds} s")))
        }
    }
}

fn client(settings: &Redis) -> Result<Client> {
    let what = || format!("could not connect to Redis at {}", place(settings));
    let (host, port) = (settings.host.clone(), settings.port);
    let address = match settings.tls {
        Tls::Off => ConnectionAddr::Tcp(host, port),
        tls => {
            ConnectionAddr::TcpTls { host, port, insecure: tls == Tls::Require, tls_params: None }
        }
    };
    let mut login = RedisConnectionInfo::default().set_db(settings.database);
    if !settings.user.is_empty() {
        login = login.set_username(&settings.user);
    }
    if !settings.password.is_empty() {
        login = login.set_password(settings.password.expose());
    }
    let info =
        address.into_connection_info().map_err(|e| classify(e, what()))?.set_redis_settings(login);
    if settings.tls == Tls::Off {
        return Client::open(info).map_err(|e| classify(e, what()));
    }
    let certificates =
        certificates(settings)?.unwrap_or(TlsCertificates { client_tls: None, root_cert: None });
    let client = Client::build_with_tls(info, certificates).map_err(|e| classify(e, what()))?;
    if settings.tls != Tls::VerifyCa {
        return Ok(client);
    }
    // The certificate is checked, its host name is not.
    let info = client.get_connection_info().clone();
    let mut address = info.addr().clone();
    address.set_danger_accept_invalid_hostnames(true);
    Client::open(info.set_addr(address)).map_err(|e| classify(e, what()))
}

/// What the settings say of certificates; `None` without TLS.
fn certificates(settings: &Redis) -> Result<Option<TlsCertificates>> {
    if settings.tls == Tls::Off {
        return Ok(None);
    }
    let read = |path: &std::path::Path| {
        std::fs::read(path).map_err(|e| {
            BackendError::new(Kind::Local, format!("could not read {}", path.display())).because(e)
        })
    };
    let root_cert = match settings.tls_ca.as_os_str().is_empty() {
        true => None,
        false => Some(read(&settings.tls_ca)?),
    };
    let client_tls = match settings.tls_cert.as_os_str().is_empty() {
        true => None,
        false => Some(ClientTlsConfig {
            client_cert: read(&settings.tls_cert)?,
            client_key: read(&settings.tls_key)?,
        }),
    };
    Ok(Some(TlsCertificates { client_tls, root_cert }))
}

/// Whether the server was not there, or not ready: the same call may be answered a moment later.
#[must_use]
pub fn passes(error: &RedisError) -> bool {
    // BUSY: a script of somebody else's takes long.
    let passing = ["LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY"];
    error.is_timeout()
        || error.is_io_error()
        || error.is_connection_refusal()
        || error.is_connection_dropped()
        || error.code().is_some_and(|code| passing.contains(&code))
}

/// Turns a client error into a classified one; `what` says what was tried on which object.
#[must_use]
pub fn classify(error: RedisError, what: impl Into<String>) -> BackendError {
    let code = error.code().unwrap_or_default();
    let kind = match error.kind() {
        _ if matches!(code, "WRONGPASS" | "NOAUTH" | "NOPERM") => Kind::Denied,
        ErrorKind::AuthenticationFailed => Kind::Denied,
        _ if error.is_timeout() => Kind::TimedOut,
        _ if passes(&error) => Kind::Unreachable,
        _ => Kind::Refused,
    };
    BackendError::new(kind, what).because(error)
}

/// What a server says of itself: `INFO` fields and the settings that matter.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `INFO`, field by field.
    pub info: BTreeMap<String, String>,
    /// `CONFIG GET`; empty where the command is refused.
    pub settings: BTreeMap<String, String>,
    /// The server's clock.
    pub time: EventTime,
}

/// The settings an event store stands on.
const SETTINGS: [&str; 7] = [
    "appendonly",
    "appendfsync",
    "aof-load-truncated",
    "maxmemory",
    "maxmemory-policy",
    "min-replicas-to-write",
    "stop-writes-on-bgsave-error",
];

/// Reads a server's facts.
///
/// # Errors
/// As the server says; a refused `CONFIG` is not an error. [`Kind::Unreachable`] while it loads its
/// data: what it says of itself then is not what holds afterwards.
pub async fn facts(settings: &Redis) -> Result<Facts> {
    let mut connection = connect(settings).await?;
    let what = || format!("could not ask Redis at {}", place(settings));
    let text: String =
        redis::cmd("INFO").query_async(&mut connection).await.map_err(|e| classify(e, what()))?;
    let info: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(k, v)| (k.to_owned(), v.trim().to_owned()))
        .collect();
    if info.get("loading").is_some_and(|loading| loading != "0") {
        return Err(BackendError::new(Kind::Unreachable, what())
            .because("it still loads its data")
            .hint(
                "It answers once that is done; its log and `INFO persistence` say how far it is.",
            ));
    }
    let (seconds, micros): (i64, i64) =
        redis::cmd("TIME").query_async(&mut connection).await.map_err(|e| classify(e, what()))?;
    let time = EventTime::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros));
    let mut facts = Facts { info, settings: BTreeMap::new(), time };
    for key in SETTINGS {
        let answer: std::result::Result<BTreeMap<String, String>, RedisError> =
            redis::cmd("CONFIG").arg("GET").arg(key).query_async(&mut connection).await;
        match answer {
            Ok(found) => facts.settings.extend(found),
            Err(error) if passes(&error) => return Err(classify(error, what())),
            // Managed servers refuse CONFIG; INFO then has to do.
            Err(_) => {}
        }
    }
    Ok(facts)
}
