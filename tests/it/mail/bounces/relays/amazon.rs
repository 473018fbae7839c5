//! A stand-in for Amazon SNS: a host with its pages over TLS, vouched for by an authority of its own, and the key that
//! messages are signed with.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use assent::mail::relay_events::Amazon;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub const HOST: &str = "sns.eu-central-1.amazonaws.com";
/// Where the certificate lies that messages are signed by.
pub const CERTIFICATE: &str = "/SimpleNotificationService-0af1.pem";

// Whoever holds them against a clock reads this machine's or a story's, so they count for a century.
const AUTHORITY: &str = "
[ca]
default_ca = authority
[authority]
database = issued
unique_subject = no
new_certs_dir = .
rand_serial = yes
policy = any_name
default_md = sha256
default_startdate = 20000101000000Z
default_enddate = 20991231235959Z
[any_name]
commonName = supplied
[of_authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[of_server]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:sns.eu-central-1.amazonaws.com
[of_sns]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:sns.amazonaws.com
[of_region]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:sns-signing.eu-central-1.amazonaws.com
[of_another]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:sqs.amazonaws.com
";

/// What is answered at a path: status and body.
type Pages = Arc<Mutex<HashMap<String, (u16, Vec<u8>)>>>;

pub struct StandIn {
    directory: TempDir,
    address: SocketAddr,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    pub async fn start() -> Self {
        assent::tls::use_ring();
        let directory = tempfile::tempdir().unwrap();
        make_certificates(directory.path());
        let read = |name: &str| fs::read(directory.path().join(name)).unwrap();
        let server = CertificateDer::from_pem_slice(&read("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(&read("server.key")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let acceptor =
            TlsAcceptor::from(Arc::new(config.with_single_cert(vec![server], key).unwrap()));
        let pages = Pages::default();
        pages.lock().unwrap().insert(CERTIFICATE.to_owned(), (200, read("sns.pem")));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (for_pages, for_asked) = (pages.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, pages) = (acceptor.clone(), for_pages.clone());
                tokio::spawn(answer(acceptor, stream, pages, for_asked.clone()));
            }
        });
        Self { directory, address, pages, asked }
    }

    /// The way to it.
    pub fn amazon(&self) -> Amazon {
        let mut roots = RootCertStore::empty();
        let authority = fs::read(self.directory.path().join("ca.pem")).unwrap();
        roots.add(CertificateDer::from_pem_slice(&authority).unwrap()).unwrap();
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Amazon::stand_in(tls, HOST, self.address)
    }

    /// The way to it, for who trusts another authority.
    pub fn untrusted(&self) -> Amazon {
        let roots = RootCertStore::empty();
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Amazon::stand_in(tls, HOST, self.address)
    }

    /// Answers so at this path from now on.
    pub fn put(&self, path: &str, status: u16, body: &[u8]) {
        self.pages.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(name)).unwrap()
    }

    /// What it was asked for so far, queries included.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Its signature of this, in the version of SNS.
    pub fn signature(&self, version: &str, text: &str) -> Vec<u8> {
        let digest = if version == "1" { "-sha1" } else { "-sha256" };
        let mut child = Command::new("openssl")
            .args(["dgst", digest, "-sign", "sns.key"])
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        output.stdout
    }
}

async fn answer(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
) {
    // Who does not trust it hangs up.
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    asked.lock().unwrap().push(path.clone());
    let page = path.split('?').next().unwrap();
    let found = pages.lock().unwrap().get(page).cloned();
    let (status, body) = found.unwrap_or((404, b"nothing".to_vec()));
    let head = format!(
        "HTTP/1.1 {status} Said\r\nLocation: https://{HOST}{CERTIFICATE}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    // Who had enough of a large answer hangs up too.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
    let _ = stream.shutdown().await;
}

fn make_certificates(directory: &Path) {
    fs::write(directory.join("authority"), AUTHORITY).unwrap();
    fs::write(directory.join("issued"), "").unwrap();
    let openssl = |words: String| {
        let run = Command::new("openssl").args(words.split(' ')).current_dir(directory).output();
        let output = run.unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let short = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(format!("req {short} -subj /CN=test-authority -keyout ca.key -out ca.csr"));
    openssl(format!("req {short} -subj /CN={HOST} -keyout server.key -out server.csr"));
    openssl(
        "req -newkey rsa:2048 -nodes -subj /CN=sns.amazonaws.com -keyout sns.key -out sns.csr"
            .to_owned(),
    );
    let issue = "ca -config authority -batch -notext -keyfile ca.key";
    openssl(format!("{issue} -selfsign -extensions of_authority -in ca.csr -out ca.pem"));
    let issue = format!("{issue} -cert ca.pem");
    openssl(format!("{issue} -extensions of_server -in server.csr -out server.pem"));
    openssl(format!("{issue} -extensions of_sns -in sns.csr -out sns.pem"));
    openssl(format!("{issue} -extensions of_region -in sns.csr -out regional.pem"));
    openssl(format!("{issue} -extensions of_another -in sns.csr -out another.pem"));
    let past = "-startdate 20000101000000Z -enddate 20010101000000Z";
    openssl(format!("{issue} {past} -extensions of_sns -in sns.csr -out expired.pem"));
}
