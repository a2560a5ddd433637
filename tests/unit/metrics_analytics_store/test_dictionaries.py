"""Texts in memory may be joined any number of times."""

import numpy as np
import pyarrow as pa

from services.metrics.analytics.store.segment_files import used_only
from services.metrics.analytics.store.wire.buffer import coded


def test_absent_texts_point_at_no_memory_of_others() -> None:
    """Joining dictionaries follows the indices of nulls too: at the second time they would lead anywhere."""
    codes = np.where(np.arange(5_000) % 2, -1, np.arange(5_000) % 40).astype(np.int32)
    texts = [coded(codes, pa.array([f"{part}-{text}" for text in range(41)])) for part in range(50)]
    column = pa.chunked_array([used_only(each) for each in texts])
    for _ in range(3):
        column = pa.chunked_array([coded(np.full(5, -1, np.int32), pa.array([], pa.string())), *column.chunks])
        column = column.unify_dictionaries()
        for chunk in column.chunks:
            raw = np.frombuffer(chunk.indices.buffers()[1], np.int32)
            assert raw.min() >= 0
            assert raw.max() < max(1, len(chunk.dictionary))
    assert column.null_count == 50 * 2_500 + 15
    assert len(column.chunk(0).dictionary) == 50 * 20
