//! `tls-server-end-point` (RFC 5929): the hash of the server's certificate.
use sha2::{Digest, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

type Hash = fn(&[u8]) -> Vec<u8>;

/// The hash function of a certificate's signature, by the identifiers' bytes; MD5 and SHA-1
/// count as SHA-256. For what is not here there is no channel binding.
const SIGNATURES: &[(&[u8], Hash)] = &[
    // md5WithRSAEncryption, sha1WithRSAEncryption, sha256-, sha384-, sha512WithRSAEncryption.
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], sha384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d], sha512),
    // ecdsa-with-SHA1, -SHA256, -SHA384, -SHA512.
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], sha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], sha512),
];

/// The hash that SCRAM is bound to.
pub(super) fn end_point_hash(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = signature_algorithm(certificate)?;
    let (_, hash) = SIGNATURES.iter().find(|(identifier, _)| *identifier == algorithm)?;
    Some(hash(certificate))
}

/// Certificate ::= SEQUENCE { to be signed, SEQUENCE { OBJECT IDENTIFIER, … }, signature }
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (tag, content, _) = element(certificate)?;
    let (_, _, after_to_be_signed) = element((tag == SEQUENCE).then_some(content)?)?;
    let (tag, algorithm, _) = element(after_to_be_signed)?;
    let (tag, identifier, _) = element((tag == SEQUENCE).then_some(algorithm)?)?;
    (tag == OBJECT_IDENTIFIER).then_some(identifier)
}

/// The first element of DER: its tag, its content, and what comes after it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn sha384(bytes: &[u8]) -> Vec<u8> {
    Sha384::digest(bytes).to_vec()
}

fn sha512(bytes: &[u8]) -> Vec<u8> {
    Sha512::digest(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_hashed_as_it_was_signed() {
        let key = rcgen::generate_simple_self_signed(["h".to_owned()]).expect("a certificate");
        let certificate = key.cert.der();
        assert_eq!(end_point_hash(certificate), Some(sha256(certificate)));
        for end in 0..certificate.len() {
            let _ = end_point_hash(&certificate[..end]);
        }
        assert_eq!(end_point_hash(b"\x30\x84\xff\xff\xff\xff"), None);
    }
}
