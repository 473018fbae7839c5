//! A name server that answers for the names of one story.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::smtp::program;

/// One that runs; ended when dropped.
pub struct NameServer {
    /// Address and port.
    pub address: String,
    pub child: Option<Child>,
}

impl NameServer {
    /// Answers these records, each a kind (`txt`, `mx`, `a`), a name and a value; of all other names it says that there
    /// are none.
    pub fn start(records: &[(&str, &str, &str)]) -> Self {
        // Most likely somebody took the port since it was found free.
        (0..4).find_map(|_| Self::try_start(records)).expect("a name server that answers")
    }

    fn try_start(records: &[(&str, &str, &str)]) -> Option<Self> {
        let free = UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port");
        let mut command = Command::new(program("TEST_DNSMASQ", &["/usr/sbin/dnsmasq"]));
        // Whatever the story's clock says.
        command.env_remove("LD_PRELOAD");
        command.args([
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--local=/example/",
        ]);
        command.args([
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            "--user=",
            "--group=",
            "--pid-file=",
        ]);
        command.arg(format!("--port={}", free.port()));
        for (kind, name, value) in records {
            command.arg(match *kind {
                "txt" => {
                    let parts = value.as_bytes().chunks(255).map(String::from_utf8_lossy);
                    let parts: Vec<_> = parts.collect();
                    format!("--txt-record={name},{}", parts.join(","))
                }
                "mx" => format!("--mx-host={name},{value},10"),
                "a" => format!("--host-record={name},{value}"),
                other => panic!("no kind of record: {other}"),
            });
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("dnsmasq");
        let mut server = Self { address: free.to_string(), child: Some(child) };
        server.answers().then_some(server)
    }

    /// Whether it comes to answer a question for `A` of the name `x`, or has ended.
    fn answers(&mut self) -> bool {
        let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01x\0\0\x01\0\x01";
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a deadline");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            let asked = socket.send_to(question, &self.address);
            if asked.is_ok() && socket.recv(&mut [0; 512]).is_ok() {
                return true;
            }
            let ended = self
                .child
                .as_mut()
                .is_none_or(|child| child.try_wait().is_ok_and(|end| end.is_some()));
            if ended {
                return false;
            }
            // A port that refuses answers at once.
            std::thread::yield_now();
        }
        false
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().expect("ended");
            child.wait().expect("ended");
        }
    }
}
