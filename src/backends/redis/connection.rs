//! One connection to a server or to a cluster, which the rest need not tell apart.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Cmd, ConnectionAddr, Pipeline, RedisFuture, Value};

use super::{classify, client, place};
use crate::backends::error::{BackendError, Kind, Result};
use crate::config::settings::{Redis, Tls};

/// A connection to one server, or to all primaries of a cluster.
#[derive(Clone)]
pub enum Connection {
    /// One server.
    Single(MultiplexedConnection),
    /// A cluster: each command goes to the primary of its keys.
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Opens a connection whose answers may take `patience`: to the server, or to the cluster that it
/// says it belongs to.
///
/// # Errors
/// As [`super::connect`].
pub async fn open(settings: &Redis, patience: Duration) -> Result<Connection> {
    let what = || format!("could not connect to Redis at {}", place(settings));
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(settings.connect_timeout))
        .set_response_timeout(Some(patience));
    let client = client(settings)?;
    let opening = client.get_multiplexed_async_connection_with_config(&config);
    // The library waits for the address alone; a server that accepts and never answers is ours.
    let mut single = match tokio::time::timeout(settings.connect_timeout, opening).await {
        Ok(opened) => opened.map_err(|e| classify(e, what()))?,
        Err(_) => {
            let seconds = settings.connect_timeout.as_secs();
            return Err(BackendError::new(Kind::TimedOut, what())
                .because(format!("no answer within {seconds} s")));
        }
    };
    let told: std::result::Result<String, _> =
        redis::cmd("INFO").arg("cluster").query_async(&mut single).await;
    if !told.map_err(|e| classify(e, what()))?.contains("cluster_enabled:1") {
        return Ok(Connection::Single(single));
    }
    let info = client.get_connection_info();
    let mut builder = ClusterClientBuilder::new([info.clone()])
        .connection_timeout(settings.connect_timeout)
        .response_timeout(patience);
    if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
        let mode = if *insecure {
            redis::cluster::TlsMode::Insecure
        } else {
            redis::cluster::TlsMode::Secure
        };
        builder = builder.tls(mode);
        if let Some(certificates) = super::certificates(settings)? {
            builder = builder.certs(certificates);
        }
        builder = builder.danger_accept_invalid_hostnames(settings.tls == Tls::VerifyCa);
    }
    let cluster = builder.build().map_err(|e| classify(e, what()))?;
    let connection = cluster.get_async_connection().await.map_err(|e| classify(e, what()))?;
    Ok(Connection::Cluster(connection))
}
