//! Results that are read while they are made: files that grow, so that neither memory nor a thread
//! that works waits for who takes the bytes.

use crate::{
    ServeError,
    work::{Outcome, Waiter},
};
use axum::body::Bytes;
use std::{
    fs::File,
    io::{self, Read, Write},
    sync::Arc,
    time::Duration,
};
use tempfile::NamedTempFile;
use tokio::{sync::watch, time::Instant};

/// Bytes that are handed on at a time.
const PIECE: u64 = 64 << 10;

/// A result in the making, which goes when nobody writes or reads it any more.
pub struct Growing {
    file: NamedTempFile,
    state: watch::Sender<State>,
}

/// How far it is.
#[derive(Default)]
struct State {
    bytes: u64,
    /// Whether it may be read before it is whole.
    open: bool,
    /// What whoever gets it should know; empty where there is nothing.
    remarks: String,
}

impl Growing {
    /// A result in this file, which is empty.
    pub fn new(file: NamedTempFile) -> Self {
        Self {
            file,
            state: watch::Sender::default(),
        }
    }

    /// Says what whoever gets it should know, before its first byte.
    pub fn remark(&self, remarks: String) {
        self.state.send_modify(|state| state.remarks = remarks);
    }

    /// Lets it be read from now on.
    pub fn open(&self) {
        self.state
            .send_if_modified(|state| !std::mem::replace(&mut state.open, true));
    }

    /// Where its bytes are written to.
    ///
    /// # Errors
    /// Its file cannot be opened.
    pub fn writer(self: &Arc<Self>) -> io::Result<impl Write + Send + 'static> {
        let file = self.file.reopen()?;
        Ok(Grower {
            file,
            growing: self.clone(),
        })
    }
}

struct Grower {
    file: File,
    growing: Arc<Growing>,
}

impl Write for Grower {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.growing
            .state
            .send_modify(|state| state.bytes += written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Somebody who reads a result as it grows. Dropped, it waits no more.
pub struct Reader {
    waiter: Waiter,
    file: File,
    at: u64,
    state: watch::Receiver<State>,
    outcome: Option<Outcome>,
    deadline: Duration,
    until: Instant,
}

impl Reader {
    /// Of what a waiter waits for, for so long.
    ///
    /// # Errors
    /// [`ServeError::Internal`] if it does not wait for a result that grows;
    /// [`ServeError::NotStored`].
    pub fn new(waiter: Waiter, deadline: Duration) -> Result<Self, ServeError> {
        let growing = waiter.growing().ok_or(ServeError::Internal)?;
        Ok(Self {
            file: growing.file.reopen().map_err(ServeError::NotStored)?,
            at: 0,
            state: growing.state.subscribe(),
            outcome: None,
            deadline,
            until: Instant::now() + deadline,
            waiter,
        })
    }

    /// What whoever gets it should know.
    pub fn remarks(&self) -> String {
        self.state.borrow().remarks.clone()
    }

    /// How many bytes it has in all, if that is known.
    pub fn length(&self) -> Option<u64> {
        match &self.outcome {
            Some(Ok(_)) => Some(self.state.borrow().bytes),
            _ => None,
        }
    }

    /// Waits until it may be read.
    ///
    /// # Errors
    /// What the work ended with, or [`ServeError::Late`].
    pub async fn begin(&mut self) -> Result<(), Arc<ServeError>> {
        self.wait(|state| state.open && state.bytes > 0).await
    }

    /// The next bytes, as soon as there are some; none at the end.
    ///
    /// # Errors
    /// What the work ended with, or [`ServeError::Late`]: what was read is a part then.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Arc<ServeError>> {
        let at = self.at;
        self.wait(|state| state.bytes > at).await?;
        let there = self.state.borrow().bytes - at;
        if there == 0 {
            return Ok(None);
        }
        let file = self.file.try_clone().map_err(ServeError::NotStored)?;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(there.min(PIECE) as usize);
            file.take(there.min(PIECE)).read_to_end(&mut piece)?;
            Ok(piece)
        });
        let piece = read
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)));
        let piece = piece.map_err(ServeError::NotStored)?;
        self.at += piece.len() as u64;
        match piece.is_empty() {
            // Somebody has shortened the file.
            true => Err(Arc::new(ServeError::Internal)),
            false => Ok(Some(piece.into())),
        }
    }

    /// Waits until the result is so far, or whole.
    async fn wait(&mut self, enough: impl Fn(&State) -> bool) -> Result<(), Arc<ServeError>> {
        if self.outcome.is_none() {
            tokio::select! {
                // What is whole is never too late.
                biased;
                outcome = self.waiter.outcome() => self.outcome = Some(outcome),
                () = tokio::time::sleep_until(self.until) => {
                    let deadline = self.deadline;
                    return Err(Arc::new(ServeError::Late { deadline }));
                }
                // Who writes it is there as long as the waiter is.
                _ = self.state.wait_for(|state| enough(state)) => {}
            }
        }
        match &self.outcome {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answers::Fingerprint,
        metrics::Metrics,
        work::{Made, Work},
    };
    use std::sync::mpsc;

    /// A thread, and one place in the queue.
    fn work(deadline: Duration) -> Work {
        Work::start(1, 1, deadline, None, Arc::new(Metrics::new())).unwrap()
    }

    fn growing() -> Arc<Growing> {
        Arc::new(Growing::new(NamedTempFile::new().unwrap()))
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(future)
    }

    /// All that comes, and how it ends.
    async fn rest(reader: &mut Reader) -> (Vec<u8>, Result<(), Arc<ServeError>>) {
        let mut all = Vec::new();
        loop {
            match reader.next().await {
                Ok(Some(piece)) => all.extend_from_slice(&piece),
                Ok(None) => return (all, Ok(())),
                Err(error) => return (all, Err(error)),
            }
        }
    }

    #[test]
    fn a_result_is_read_while_it_is_made() {
        let work = work(Duration::from_secs(60));
        let (result, (go, wait)) = (growing(), mpsc::channel::<()>());
        let growing = result.clone();
        let task = move |_: &_| {
            growing.remark("rounded".to_owned());
            let mut writer = growing.writer().unwrap();
            writer.write_all(&[1; 100_000]).unwrap();
            growing.open();
            // Until its beginning has been read.
            wait.recv().unwrap();
            writer.write_all(&[2; 100_000]).unwrap();
            Ok(Made::default())
        };
        let key = Fingerprint([0; 16]);
        run(async {
            let mut reader = work.read(key, result, task).unwrap();
            reader.begin().await.unwrap();
            assert_eq!(
                (reader.remarks().as_str(), reader.length()),
                ("rounded", None)
            );
            let first = reader.next().await.unwrap().unwrap();
            assert!(first.iter().all(|byte| *byte == 1));
            // Who comes later shares it, from its first byte on.
            let mut other = work
                .read(key, super::tests::growing(), |_| unreachable!())
                .unwrap();
            go.send(()).unwrap();
            let (bytes, end) = rest(&mut reader).await;
            assert!(end.is_ok() && first.len() + bytes.len() == 200_000);
            other.begin().await.unwrap();
            let (bytes, end) = rest(&mut other).await;
            assert!(end.is_ok());
            assert_eq!(bytes, [[1; 100_000], [2; 100_000]].concat());
            assert_eq!(other.length(), Some(200_000));
        });
    }

    #[test]
    fn what_fails_before_it_is_open_is_an_error_and_after_it_a_part() {
        let work = work(Duration::from_secs(60));
        for opens in [false, true] {
            let result = growing();
            let growing = result.clone();
            let task = move |_: &_| {
                growing.writer().unwrap().write_all(&[1; 100]).unwrap();
                if opens {
                    growing.open();
                }
                Err(ServeError::Internal)
            };
            run(async {
                let mut reader = work.read(Fingerprint([0; 16]), result, task).unwrap();
                let begun = reader.begin().await;
                let (_, end) = rest(&mut reader).await;
                assert!(matches!(*end.unwrap_err(), ServeError::Internal));
                assert!(opens || begun.is_err());
            });
        }
    }

    #[test]
    fn readers_wait_until_the_deadline() {
        let work = work(Duration::from_millis(100));
        for opens in [false, true] {
            let (result, (go, wait)) = (growing(), mpsc::channel::<()>());
            let growing = result.clone();
            let task = move |_: &_| {
                growing.writer().unwrap().write_all(&[1; 100]).unwrap();
                if opens {
                    growing.open();
                }
                wait.recv().unwrap();
                Ok(Made::default())
            };
            run(async {
                let mut reader = work.read(Fingerprint([0; 16]), result, task).unwrap();
                assert_eq!(reader.begin().await.is_ok(), opens);
                let (bytes, end) = rest(&mut reader).await;
                assert_eq!(bytes.len(), if opens { 100 } else { 0 });
                assert!(matches!(*end.unwrap_err(), ServeError::Late { .. }));
            });
            go.send(()).unwrap();
        }
    }
}
