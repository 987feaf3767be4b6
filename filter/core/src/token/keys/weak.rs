//! RSA modulus -> whether it has the fingerprint of a generator whose keys can be factored.
//!
//! CVE-2017-15361 ("ROCA"; Nemec and others, "The Return of Coppersmith's Attack", CCS 2017): the
//! primes were made as k * M + (65537^a mod M), with M the product of small primes, so the modulus
//! is a power of 65537 modulo each of those. For a random modulus that is very unlikely.

/// The odd primes up to 167: they divide M at every key size that can get here.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus, big-endian, has the fingerprint.
pub(super) fn is_roca(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let residue = modulus.iter().fold(0, |high, low| step(high, 256, u32::from(*low), *prime));
        let powers = std::iter::successors(Some(1), |power| Some(step(*power, 65537, 0, *prime)));
        // The powers repeat after at most `prime - 1` steps.
        powers.zip(0..*prime).any(|(power, _)| power == residue)
    })
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "value < 167, times <= 65537 and plus < 256 stay far below 2^32; no prime is zero"
)]
const fn step(value: u32, times: u32, plus: u32, prime: u32) -> u32 {
    (value * times + plus) % prime
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_65537_has_the_fingerprint() {
        assert!(is_roca(&[1]));
        assert!(is_roca(&[1, 0, 1]));
        assert!(is_roca(&[1, 0, 2, 0, 1]));
        assert!(is_roca(&[0, 1, 0, 3, 0, 3, 0, 1]));
    }

    #[test]
    fn other_numbers_do_not() {
        for number in [2_u64, 3, 65536, 65539, 0xffff_ffff_ffff_ffc5] {
            assert!(!is_roca(&number.to_be_bytes()), "{number}");
        }
        assert!(!is_roca(&[0xff; 256]));
        assert!(!is_roca(&[]));
    }
}
