//! A running implementation: its lines, its deadline and its end.
//!
//! Three threads serve each process, so that nothing it does can block the
//! runner: one writes requests, one reads replies, one reads stderr. A process
//! that breaks in any way is killed; the next one starts with nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::outcome::Fault;
use crate::protocol::{MAX_LINE_BYTES, Reply, Request};

/// How long a process may take to end after its input has ended.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long an implementation may take to dial back.
const DIAL_BACK: Duration = Duration::from_secs(120);
/// How much of stderr is kept, in bytes, newest last.
const STDERR_BYTES: usize = 16 * 1024;
/// How much of a malformed line is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// How an implementation is reached.
#[derive(Debug)]
pub enum Launcher {
    /// Started as a child process that speaks over stdin and stdout.
    Command {
        /// The program.
        program: String,
        /// Its arguments.
        args: Vec<String>,
    },
    /// Waited for: it dials back over TCP. Each new connection counts as a new process.
    Listen(TcpListener),
}

/// One line of a conversation, for a person who wants to see what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// By the runner.
    Runner(String),
    /// By the implementation.
    Implementation(String),
    /// By the implementation, and not for the runner.
    Noise(String),
}

/// A running implementation.
#[derive(Debug)]
pub struct Process {
    peer: Peer,
    requests: Option<Sender<String>>,
    replies: Receiver<Arrival>,
    stderr: Arc<Mutex<Tail>>,
    said: Vec<Said>,
}

#[derive(Debug)]
enum Peer {
    Child(Child),
    Remote(TcpStream),
}

/// What the reading thread hands over.
enum Arrival {
    Line(String),
    TooLong,
    NotText,
}

#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
    ended: bool,
}

impl Launcher {
    /// Starts the implementation, or waits until it dials back.
    ///
    /// # Errors
    /// [`Fault::Start`] with the reason.
    pub fn start(&self) -> Result<Process, Fault> {
        match self {
            Launcher::Command { program, args } => spawn(program, args)
                .map_err(|error| Fault::Start(format!("cannot run `{program}`: {error}"))),
            Launcher::Listen(listener) => accept(listener)
                .map_err(|error| Fault::Start(format!("nobody dialled back: {error}"))),
        }
    }
}

fn spawn(program: &str, args: &[String]) -> io::Result<Process> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let missing = || io::Error::other("a pipe is missing");
    let stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let stderr = child.stderr.take().ok_or_else(missing)?;
    Ok(Process::new(Peer::Child(child), stdin, stdout, stderr))
}

fn accept(listener: &TcpListener) -> io::Result<Process> {
    listener.set_nonblocking(true)?;
    let until = Instant::now() + DIAL_BACK;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)?;
                let (writer, reader) = (HangUp(stream.try_clone()?), stream.try_clone()?);
                return Ok(Process::new(
                    Peer::Remote(stream),
                    writer,
                    reader,
                    io::empty(),
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
}

impl Process {
    fn new(
        peer: Peer,
        stdin: impl Write + Send + 'static,
        stdout: impl Read + Send + 'static,
        stderr: impl Read + Send + 'static,
    ) -> Process {
        let (requests, to_write) = mpsc::channel();
        let (arrived, replies) = mpsc::channel();
        let tail = Arc::new(Mutex::new(Tail::default()));
        let kept = Arc::clone(&tail);
        thread::spawn(move || write_lines(stdin, &to_write));
        thread::spawn(move || read_lines(stdout, &arrived));
        thread::spawn(move || keep_tail(stderr, &kept));
        Process {
            peer,
            requests: Some(requests),
            replies,
            stderr: tail,
            said: Vec::new(),
        }
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    /// The [`Fault`] by which the process broke. It has been killed then, and
    /// every later call fails too.
    pub fn ask(&mut self, request: &Request, deadline: Duration) -> Result<Reply, Fault> {
        self.try_ask(request, deadline).inspect_err(|_| self.kill())
    }

    fn try_ask(&mut self, request: &Request, deadline: Duration) -> Result<Reply, Fault> {
        let line = serde_json::to_string(request)
            .map_err(|error| Fault::Error(format!("the runner cannot ask: {error}")))?;
        self.said.push(Said::Runner(line.clone()));
        // A closed pipe shows as the end of its output, with the reason.
        let _ = self.requests.as_ref().map(|requests| requests.send(line));

        let until = Instant::now() + deadline;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.replies.recv_timeout(left) {
                Ok(Arrival::Line(line)) if line.starts_with('{') => {
                    self.said.push(Said::Implementation(line.clone()));
                    return parse(&line, request);
                }
                Ok(Arrival::Line(line)) => self.said.push(Said::Noise(line)),
                Ok(Arrival::TooLong) => {
                    let what = format!("a line of more than {MAX_LINE_BYTES} bytes");
                    return Err(Fault::Malformed(what));
                }
                Ok(Arrival::NotText) => {
                    return Err(Fault::Malformed("a line that is not UTF-8".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => return Err(Fault::Hang(deadline)),
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::Crash(self.exit())),
            }
        }
    }

    /// Ends its input, and waits until it has ended. Says whether it did by itself.
    pub fn goodbye(mut self) -> bool {
        self.requests = None;
        match &mut self.peer {
            Peer::Child(child) => wait(child, GOODBYE).is_some(),
            Peer::Remote(_) => loop {
                match self.replies.recv_timeout(GOODBYE) {
                    Ok(_) => {}
                    Err(error) => return error == RecvTimeoutError::Disconnected,
                }
            },
        }
    }

    /// What was said since this was last asked.
    pub fn take_said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    /// What it wrote to stderr since this was last asked.
    ///
    /// `settle` gives what is under way this long to arrive.
    pub fn take_stderr(&mut self, settle: Duration) -> String {
        let until = Instant::now() + settle;
        while Instant::now() < until && !lock(&self.stderr).ended {
            thread::sleep(Duration::from_millis(1));
        }
        let bytes = std::mem::take(&mut lock(&self.stderr).bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The exit status of a process whose output has ended.
    fn exit(&mut self) -> String {
        match &mut self.peer {
            Peer::Child(child) => match wait(child, GOODBYE) {
                Some(status) => status,
                None => "its output ended while it ran on".to_owned(),
            },
            Peer::Remote(_) => "the connection was closed".to_owned(),
        }
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.requests = None;
        match &mut self.peer {
            Peer::Child(child) => {
                // Fails only for a process that has ended already.
                let _ = child.kill();
                let _ = child.wait();
            }
            Peer::Remote(stream) => {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Checks a line against the protocol, as far as types and ids go.
fn parse(line: &str, request: &Request) -> Result<Reply, Fault> {
    let reply: Reply = serde_json::from_str(line)
        .map_err(|error| Fault::Malformed(format!("{error}, in {}", shortened(line))))?;
    if reply.id() != request.id() {
        let what = format!(
            "an answer to request {}, not to {}",
            reply.id(),
            request.id()
        );
        return Err(Fault::Malformed(what));
    }
    let to_hello = matches!(request, Request::Hello { .. });
    let introduces = match &reply {
        Reply::Ok {
            implementation,
            roles,
            capabilities,
            ..
        } => [
            implementation.is_some(),
            roles.is_some(),
            capabilities.is_some(),
        ],
        _ => [to_hello; 3],
    };
    if introduces != [to_hello; 3] {
        let what =
            "implementation, roles and capabilities belong in the answer to hello, and only there";
        return Err(Fault::Malformed(what.to_owned()));
    }
    Ok(reply)
}

/// The beginning of a line.
pub fn shortened(line: &str) -> String {
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}... ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}

/// The exit status, if the child ends in time.
fn wait(child: &mut Child, patience: Duration) -> Option<String> {
    let until = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.to_string()),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(1)),
            Ok(None) => return None,
            Err(error) => return Some(error.to_string()),
        }
    }
}

fn write_lines(mut stdin: impl Write, lines: &Receiver<String>) {
    for mut line in lines {
        line.push('\n');
        if stdin
            .write_all(line.as_bytes())
            .and_then(|()| stdin.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read_lines(stdout: impl Read, arrived: &Sender<Arrival>) {
    let mut reader = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let limit = MAX_LINE_BYTES as u64 + 1;
        match reader.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let arrival = if line.len() > MAX_LINE_BYTES {
            Arrival::TooLong
        } else {
            while line.last().is_some_and(u8::is_ascii_whitespace) {
                line.pop();
            }
            String::from_utf8(line).map_or(Arrival::NotText, Arrival::Line)
        };
        if arrived.send(arrival).is_err() {
            return;
        }
    }
}

fn keep_tail(mut stderr: impl Read, tail: &Mutex<Tail>) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut chunk) {
        let mut tail = lock(tail);
        tail.bytes.extend_from_slice(&chunk[..length]);
        let surplus = tail.bytes.len().saturating_sub(STDERR_BYTES);
        tail.bytes.drain(..surplus);
    }
    lock(tail).ended = true;
}

/// A panic elsewhere leaves the bytes as they were.
fn lock(tail: &Mutex<Tail>) -> std::sync::MutexGuard<'_, Tail> {
    tail.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The writing half of a connection: dropping it ends the peer's input.
struct HangUp(TcpStream);

impl Write for HangUp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for HangUp {
    fn drop(&mut self) {
        // The connection may be gone already.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}
