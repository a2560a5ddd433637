"""murmur3_x86_32 once more, straight from its definition: slow, and independent of the package that the core uses."""

_MASK = 0xFFFFFFFF


def murmur3_x86_32(data: bytes, seed: int = 0) -> int:
    """Return the unsigned hash."""
    state = seed
    body = len(data) // 4 * 4
    for start in range(0, body, 4):
        state ^= _scrambled(int.from_bytes(data[start : start + 4], "little"))
        state = (_rotated(state, 13) * 5 + 0xE6546B64) & _MASK
    if data[body:]:
        state ^= _scrambled(int.from_bytes(data[body:], "little"))
    state ^= len(data)
    state = ((state ^ (state >> 16)) * 0x85EBCA6B) & _MASK
    state = ((state ^ (state >> 13)) * 0xC2B2AE35) & _MASK
    return state ^ (state >> 16)


def slow_bucket(salt: str, value: str) -> int:
    """Return the bucket of hash version 1."""
    return murmur3_x86_32((salt + value).encode("utf-8")) * 100_000 // 2**32


def _scrambled(block: int) -> int:
    return _rotated(block * 0xCC9E2D51 & _MASK, 15) * 0x1B873593 & _MASK


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> (32 - bits)) & _MASK
