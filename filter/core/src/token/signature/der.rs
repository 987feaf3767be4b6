//! A raw ECDSA signature -> the same in DER, as hosts' cryptography wants it.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// A raw ECDSA signature (r and s of equal length, RFC 7518 section 3.4) as the DER
/// `ECDSA-Sig-Value` of RFC 3279 section 2.2.3, in its one minimal form; none if the two halves
/// differ in length. Whether r and s are in range is for the verifier to say.
#[must_use]
pub fn ecdsa_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(raw.len().div_ceil(2))?;
    if r.len() != s.len() {
        return None;
    }
    element(SEQUENCE, &[integer(r)?, integer(s)?].concat())
}

/// A big-endian number as a DER INTEGER (X.690 section 8.3): no leading zero but the one that keeps
/// it from being negative, or empty.
fn integer(bytes: &[u8]) -> Option<Vec<u8>> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..)?;
    let sign: &[u8] = if digits.first().is_none_or(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    element(INTEGER, &[sign, digits].concat())
}

/// X.690 section 8.1.3: up to 127 bytes the length is one byte, up to 255 it is announced by another.
fn element(tag: u8, value: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(value.len()).ok()?;
    let length: &[u8] = if length < 0x80 { &[length] } else { &[0x81, length] };
    Some([&[tag], length, value].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(half: usize, r: &[u8], s: &[u8]) -> Vec<u8> {
        let padded = |digits: &[u8]| {
            let mut little_endian: Vec<u8> = digits.iter().rev().copied().collect();
            little_endian.resize(half, 0);
            little_endian.into_iter().rev().collect::<Vec<u8>>()
        };
        [padded(r), padded(s)].concat()
    }

    #[test]
    fn der_is_minimal_and_positive() {
        assert_eq!(ecdsa_der(&raw(32, &[1], &[0x7f])), Some(vec![0x30, 6, 2, 1, 1, 2, 1, 0x7f]));
        assert_eq!(
            ecdsa_der(&raw(32, &[0x80], &[1, 0])),
            Some(vec![0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 0])
        );
        assert_eq!(ecdsa_der(&[0; 64]), Some(vec![0x30, 6, 2, 1, 0, 2, 1, 0]));
        let longest = ecdsa_der(&[0xff; 64]).unwrap();
        assert_eq!((longest.len(), &longest[..5]), (72, &[0x30, 70, 2, 33, 0][..]));
        // P-521: r and s have up to 521 bits in 66 bytes, and the sequence more than 127 bytes.
        let longest = ecdsa_der(&[&[1], &[0xff; 65][..], &[1], &[0xff; 65][..]].concat()).unwrap();
        assert_eq!((longest.len(), &longest[..6]), (139, &[0x30, 0x81, 136, 2, 66, 1][..]));
    }

    #[test]
    fn der_is_what_another_encoder_writes() {
        let raw = |half: usize| raw(half, &vec![0x91; half.saturating_sub(1)], &vec![0x11; half]);
        let p256 = p256::ecdsa::Signature::from_slice(&raw(32)).unwrap().to_der();
        assert_eq!(ecdsa_der(&raw(32)).as_deref(), Some(p256.as_bytes()));
        let p384 = p384::ecdsa::Signature::from_slice(&raw(48)).unwrap().to_der();
        assert_eq!(ecdsa_der(&raw(48)).as_deref(), Some(p384.as_bytes()));
        let small = [raw(65), raw(65)].map(|both| [vec![0], both].concat()[..66].to_vec()).concat();
        let p521 = p521::ecdsa::Signature::from_slice(&small).unwrap().to_der();
        assert_eq!(ecdsa_der(&small).as_deref(), Some(p521.as_bytes()));
    }

    #[test]
    fn der_has_halves_of_one_length() {
        for bad in [vec![1; 63], vec![1; 65], vec![1; 1], vec![1; 400]] {
            assert_eq!(ecdsa_der(&bad), None, "{bad:?}");
        }
    }
}
