//! A question to another process.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How large an answer may be.
const LARGEST: usize = 16 << 20;

/// Asks `http://ADDRESS/PATH` and returns status code and body.
///
/// # Errors
/// No connection, no answer within `limit`, or an answer that is no HTTP, no UTF-8 or too large.
pub async fn get(address: &str, path: &str, limit: Duration) -> std::io::Result<(u16, String)> {
    match tokio::time::timeout(limit, ask(address, path)).await {
        Ok(answer) => answer,
        Err(_) => {
            let text = format!("no answer within {} ms", limit.as_millis());
            Err(Error::new(ErrorKind::TimedOut, text))
        }
    }
}

async fn ask(address: &str, path: &str) -> std::io::Result<(u16, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
    let request = Request::get(path)
        .header(HOST, address)
        .body(Empty::<Bytes>::new())
        .map_err(|e| Error::new(ErrorKind::InvalidInput, e))?;
    let response = sender.send_request(request).await.map_err(Error::other)?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(Error::other)?;
    driver.abort();
    let text = String::from_utf8(body.to_bytes().to_vec())
        .map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
    Ok((status, text))
}
