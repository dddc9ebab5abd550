//! Connections: bounded in number and in patience, and let finish at the end.

use super::{App, router};
use crate::ServeError;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;

/// The longest head of a request, in bytes.
const HEAD: usize = 32 << 10;

/// How long requests may go on when the service ends.
const LAST: Duration = Duration::from_secs(10);

/// How long to wait where no connection can be taken for lack of files.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens.
///
/// # Errors
/// [`ServeError::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    TcpListener::bind(address).await.map_err(failed)
}

/// Answers until `stop`; then what has begun is finished.
pub async fn run(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let router = router(app.clone());
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(app.settings.connections));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            // Those beyond the limit wait in the system's queue.
            let permit = permits.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(app.settings.idle)
            .max_buf_size(HEAD);
        let io = TokioIo::new(Box::pin(patient(stream, app.settings.idle)));
        let connection = graceful.watch(builder.serve_connection(io, service));
        let open = Open::new(app.clone());
        tokio::spawn(async move {
            // Whatever ends a connection, there is nobody to tell.
            let _ = connection.await;
            drop((open, permit));
        });
    }
    drop(listener);
    tracing::info!("finishing what has begun");
    let _ = tokio::time::timeout(LAST, graceful.shutdown()).await;
    app.work.stop();
}

/// A connection that ends where its client takes no bytes for so long.
fn patient(stream: TcpStream, patience: Duration) -> TimeoutStream<TcpStream> {
    // Small answers are not to wait for more.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience));
    stream
}

/// An open connection, counted.
struct Open(Arc<App>);

impl Open {
    fn new(app: Arc<App>) -> Self {
        app.metrics.connections.inc();
        Self(app)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}
