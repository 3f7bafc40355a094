//! A listener that answers `GET` and `HEAD` by path.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::http::Answer;

/// How many connections are served at a time; more wait.
const CONNECTIONS: usize = 64;
/// How long a client may take to send its request, and how long it may keep a connection open.
const REQUEST: Duration = Duration::from_secs(10);
/// How long a connection lives at most: nobody holds one of the few for ever.
const CONNECTION: Duration = Duration::from_secs(300);

/// What answers a path; `None`: there is nothing.
pub type Route = dyn Fn(&str) -> Option<Answer> + Send + Sync;

/// A bound listener.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Binds `address` (`HOST:PORT`; port 0 takes a free one).
    ///
    /// # Errors
    /// What the operating system says: in use, not allowed, no such address.
    pub async fn bind(address: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the returned task is aborted or the runtime ends.
    #[must_use]
    pub fn serve(self, route: Arc<Route>) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(CONNECTIONS));
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let stream = match self.listener.accept().await {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // Such as too many open files: others may close some.
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                };
                let route = Arc::clone(&route);
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let response = respond(&request, &*route);
                        async move { Ok::<_, Infallible>(response) }
                    });
                    let connection = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(REQUEST)
                        .max_buf_size(16 << 10)
                        .serve_connection(TokioIo::new(stream), service);
                    match tokio::time::timeout(CONNECTION, connection).await {
                        Ok(Ok(())) | Err(_) => {}
                        Ok(Err(error)) => tracing::debug!(%error, "a connection broke"),
                    }
                    drop(place);
                });
            }
        })
    }
}

fn respond(request: &Request<Incoming>, route: &Route) -> Response<Full<Bytes>> {
    let known = request.method() == Method::GET || request.method() == Method::HEAD;
    let answer = if known {
        route(request.uri().path()).unwrap_or_else(|| Answer::text(404, "not found"))
    } else {
        Answer::text(405, "only GET and HEAD are answered")
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !known {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::http::get;

    async fn server() -> String {
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let address = server.address().to_string();
        let route = |path: &str| match path {
            "/fine" => Some(Answer::json(200, "{}".to_owned())),
            "/ill" => Some(Answer::text(503, "ill")),
            "/large" => Some(Answer::text(200, &"x".repeat(1 << 20))),
            _ => None,
        };
        drop(server.serve(Arc::new(route)));
        address
    }

    async fn raw(address: &str, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).await.unwrap();
        String::from_utf8(text).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_path_is_answered_with_its_status() {
        let address = server().await;
        let limit = Duration::from_secs(10);
        assert_eq!(get(&address, "/fine", limit).await.unwrap(), (200, "{}".to_owned()));
        assert_eq!(get(&address, "/ill", limit).await.unwrap(), (503, "ill\n".to_owned()));
        assert_eq!(get(&address, "/other?x=1", limit).await.unwrap().0, 404);
        assert_eq!(get(&address, "/large", limit).await.unwrap().1.len(), (1 << 20) + 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_no_question_is_refused() {
        let address = server().await;
        let text = raw(
            &address,
            b"POST /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
        assert!(text.starts_with("HTTP/1.1 405 "), "{text}");
        assert!(text.contains("allow: GET, HEAD"), "{text}");
        let text = raw(&address, b"\x00\xff\r\n\r\n").await;
        assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
        let endless = [b"GET /fine HTTP/1.1\r\nX: ".as_slice(), &[b'y'; 40_000]].concat();
        let text = raw(&address, &endless).await;
        assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
        let head =
            raw(&address, b"HEAD /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_there_or_nothing_said_is_an_error_in_time() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap().to_string();
        let error = get(&address, "/", Duration::from_millis(200)).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut, "{error}");
        drop(silent);
        assert!(get(&address, "/", Duration::from_secs(5)).await.is_err());
        assert!(get("no such host:x", "/", Duration::from_secs(5)).await.is_err());
    }
}
