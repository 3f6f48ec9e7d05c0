"""Passwords as scrypt hashes, and digests of secrets that are random already."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from threading import BoundedSemaphore

# OWASP's scrypt figures with the least memory (16 MiB).
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 5
# So many hashes at once in a process, however many threads ask: pages go on meanwhile.
AT_ONCE = 2

_room = BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """Hash a password for storing, with a salt of its own."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    return f"scrypt:{SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P}${salt.hex()}${digest.hex()}"


def password_fits(password: str, stored: str) -> bool:
    """Tell in constant time whether `stored` is the hash of `password`."""
    figures, salt, digest = stored.split("$")
    n, r, p = map(int, figures.removeprefix("scrypt:").split(":"))
    return hmac.compare_digest(
        _scrypt(password, bytes.fromhex(salt), n, r, p), bytes.fromhex(digest)
    )


def digest_of(secret: str) -> str:
    """Return the digest under which a token or a session is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Tell in constant time whether two secrets are the same."""
    return hmac.compare_digest(digest_of(one), digest_of(other))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # The algorithm needs 128 * r * (n + p + 2) bytes; OpenSSL wants to be allowed them.
    secret = password.encode("utf-8", "surrogatepass")
    with _room:
        return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=256 * r * (n + p))


# What an unknown name's password is compared with: nobody knows the password of this.
NOBODY = f"scrypt:{SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P}${'5a' * 16}${secrets.token_hex(64)}"
