//! Content codings: in which of those that a browser takes an answer comes (RFC 9110 §12.5.3). Whoever accepts none
//! that we have, not even bytes as they are, gets them as they are all the same: an answer of 406 would say of a form
//! that was stored that it was not.

use std::io::{self, Write};

use axum::http::{HeaderMap, HeaderValue, header};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::weight::{MOST_LIKED, thousandths};

/// Fewer bytes than this grow by being packed, or hardly shrink.
pub(in crate::web) const WORTH_PACKING: usize = 256;

/// A content coding that answers are prepared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Coding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// The one that makes a page smallest first.
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// As `Content-Encoding` says it.
    pub(in crate::web) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        })
    }

    /// The one that a request likes best; `None` where it takes none of them, or bytes as they are sooner.
    pub(in crate::web) fn preferred(request: &HeaderMap) -> Option<Self> {
        let weights = Weights::read(request);
        // Of several that are liked alike, `max_by_key` gives the last.
        let best = Self::ALL.into_iter().rev().max_by_key(|coding| weights.of(*coding))?;
        weights.takes(best).then_some(best)
    }

    /// Bytes in this coding, as small as it makes them: done once for what is sent many times.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(in crate::web) fn pack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        // The highest level that never looks back further than browsers must be able to: 8 MiB (RFC 9659).
        const LEVEL_OF_ZSTD: i32 = 19;
        match self {
            Self::Brotli => {
                let mut packed = Vec::new();
                let params = BrotliEncoderParams {
                    quality: 11,
                    lgwin: window(bytes.len()),
                    size_hint: bytes.len(),
                    ..BrotliEncoderParams::default()
                };
                brotli::BrotliCompress(&mut &*bytes, &mut packed, &params)?;
                Ok(packed)
            }
            Self::Zstd => zstd::bulk::compress(bytes, LEVEL_OF_ZSTD),
            Self::Gzip => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::best());
                packed.write_all(bytes)?;
                packed.finish()
            }
        }
    }
}

/// Whether a request takes gzip, and not sooner bytes as they are: what is packed on its way comes in no other coding.
pub(in crate::web) fn takes_gzip(request: &HeaderMap) -> bool {
    Weights::read(request).takes(Coding::Gzip)
}

/// How far back Brotli looks, as a power of two: over all of so many bytes, for what it looks through is kept in memory
/// while it packs.
fn window(bytes: usize) -> i32 {
    let power = usize::BITS.saturating_sub(bytes.leading_zeros());
    i32::try_from(power.clamp(16, 22)).unwrap_or(22)
}

/// How much a request likes each coding, in thousandths; `None` of one that it does not name.
#[derive(Default)]
struct Weights {
    brotli: Option<u16>,
    zstd: Option<u16>,
    gzip: Option<u16>,
    plain: Option<u16>,
    any_other: Option<u16>,
}

impl Weights {
    fn read(request: &HeaderMap) -> Self {
        let mut weights = Self::default();
        let lines = request.get_all(header::ACCEPT_ENCODING).iter();
        let lines = lines.filter_map(|line| line.to_str().ok());
        for member in lines.flat_map(|line| line.split(',')) {
            weights.note(member);
        }
        weights
    }

    /// Reads `gzip;q=0.5`. What is no such member, and what is no coding of ours, is passed over.
    fn note(&mut self, member: &str) {
        let (name, parameter) = match member.split_once(';') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (member, None),
        };
        let Some(weight) = parameter.map_or(Some(MOST_LIKED), weight) else { return };
        let name = name.trim();
        let named = |known: &str| name.eq_ignore_ascii_case(known);
        let place = if named("br") {
            &mut self.brotli
        } else if named("zstd") {
            &mut self.zstd
        } else if named("gzip") || named("x-gzip") {
            &mut self.gzip
        } else if named("identity") {
            &mut self.plain
        } else if name == "*" {
            &mut self.any_other
        } else {
            return;
        };
        *place = Some(weight);
    }

    /// Whoever takes any coding at all is given the one that everybody knows.
    fn of(&self, coding: Coding) -> u16 {
        let named = match coding {
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
            Coding::Gzip => self.gzip.or(self.any_other),
        };
        named.unwrap_or(0)
    }

    fn takes(&self, coding: Coding) -> bool {
        let weight = self.of(coding);
        weight > 0 && weight >= self.plain.unwrap_or(0)
    }
}

/// The weight that a parameter states, such as `q=0.5`.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if name.trim().eq_ignore_ascii_case("q") { thousandths(value.trim()) } else { None }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn preferred(lines: &[&[u8]]) -> Option<Coding> {
        let mut request = HeaderMap::new();
        for line in lines {
            request.append(header::ACCEPT_ENCODING, HeaderValue::from_bytes(line).unwrap());
        }
        Coding::preferred(&request)
    }

    #[test]
    fn the_coding_that_is_liked_best_is_given() {
        use Coding::{Brotli, Gzip, Zstd};
        for (accepts, given) in [
            ("gzip, deflate, br, zstd", Some(Brotli)),
            ("gzip, deflate, br", Some(Brotli)),
            ("gzip, deflate, zstd", Some(Zstd)),
            ("gzip, deflate", Some(Gzip)),
            ("GZIP", Some(Gzip)),
            ("x-gzip", Some(Gzip)),
            ("gzip;q=1.0, br;q=0.5", Some(Gzip)),
            ("gzip ; Q = 0.5 ,\tbr;q=0.499", Some(Gzip)),
            ("br;q=0.001", Some(Brotli)),
            ("br;q=0, zstd;q=0, gzip", Some(Gzip)),
            ("identity, gzip", Some(Gzip)),
            ("identity;q=0.5, gzip;q=0.4", None),
            ("identity;q=0, br", Some(Brotli)),
            ("identity", None),
            ("*", Some(Gzip)),
            ("*;q=0.1, br", Some(Brotli)),
            ("*, gzip;q=0", None),
            ("gzip;q=0, *;q=0.5", None),
            ("*;q=0", None),
            ("deflate, compress, dcb, aes128gcm", None),
            ("", None),
        ] {
            assert_eq!(preferred(&[accepts.as_bytes()]), given, "{accepts}");
        }
        assert_eq!(preferred(&[]), None);
        assert_eq!(preferred(&[b"gzip;q=0.1", b"zstd"]), Some(Zstd), "lines are one list");
    }

    #[test]
    fn what_is_no_list_of_codings_asks_for_none() {
        for hostile in [
            &b"gzip;q=2"[..],
            b"gzip;q=-1",
            b"gzip;q=nan",
            b"gzip;q=1e0",
            b"gzip;q=0.0001",
            b"gzip;q=",
            b"gzip;q",
            b"gzip;level=9",
            b"gzip;q=1;q=1",
            b"gzip br",
            b"\"gzip\"",
            b"gzip\xe4, br",
            b";q=1,=,;,*;*",
            b"gzipbr",
        ] {
            assert_eq!(preferred(&[hostile]), None, "{}", String::from_utf8_lossy(hostile));
        }
        let long = "gzip;q=0, ".repeat(10_000);
        assert_eq!(preferred(&[long.as_bytes()]), None);
        assert_eq!(preferred(&[b"gzip\xe4", b"br"]), Some(Coding::Brotli), "line by line");
    }

    #[test]
    fn what_is_packed_is_unpacked_to_the_same() {
        let page = "<p>Words that are said, and said again.</p>\n".repeat(300);
        for text in ["", "a", page.as_str()] {
            let bytes = text.as_bytes();
            let packed = Coding::ALL.map(|coding| coding.pack(bytes).unwrap());
            let [brotli, zstd, gzip] = &packed;
            let mut unpacked = [vec![], vec![], vec![]];
            brotli::BrotliDecompress(&mut brotli.as_slice(), &mut unpacked[0]).unwrap();
            unpacked[1] = zstd::bulk::decompress(zstd, 1 << 20).unwrap();
            flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut unpacked[2]).unwrap();
            assert!(unpacked.iter().all(|own| own == bytes), "{text}");
            assert!(text.len() < 100 || packed.iter().all(|own| own.len() * 10 < text.len()));
        }
    }

    #[test]
    fn a_window_is_no_wider_than_what_is_looked_through() {
        for (bytes, power) in [(0, 16), (65_535, 16), (65_536, 17), (1 << 21, 22), (1 << 40, 22)] {
            assert_eq!(window(bytes), power, "{bytes}");
        }
    }
}
