"""Reads an MCAP recording by the specification (mcap.dev/spec), with nothing of the project and no library: prints what is in it as JSON.

Follows the footer to the summary, each chunk index to its chunk, each message index to its messages, and checks every sum on the way.
"""

import json
import struct
import sys
import zlib

MAGIC = b"\x89MCAP0\r\n"
FOOTER_BYTES = 9 + 20 + len(MAGIC)


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def raw(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self):
        return self.raw(self.take("I")).decode()

    def pairs(self, key, value):
        end = self.take("I") + self.at
        found = []
        while self.at < end:
            found.append((key(), value()))
        return found


def record(data, at):
    opcode, length = struct.unpack_from("<BQ", data, at)
    return opcode, data[at + 9 : at + 9 + length], at + 9 + length


def joint_state(cdr):
    """sensor_msgs/msg/JointState: stamp and first position."""
    assert cdr[:4] == b"\x00\x01\x00\x00", "not little-endian CDR"
    body, at = cdr[4:], 0

    def take(form, size):
        nonlocal at
        at += -at % size
        (value,) = struct.unpack_from("<" + form, body, at)
        at += size
        return value

    def string():
        nonlocal at
        size = take("I", 4)
        at += size
        return body[at - size : at - 1].decode()

    stamp = take("i", 4) + take("I", 4) / 1e9
    string()
    names = [string() for _ in range(take("I", 4))]
    positions = [take("d", 8) for _ in range(take("I", 4))]
    return {"stamp": stamp, "positions": dict(zip(names, positions, strict=True))}


def main(path):
    data = open(path, "rb").read()
    assert data.startswith(MAGIC) and data.endswith(MAGIC), "magic"
    opcode, footer, _ = record(data, len(data) - FOOTER_BYTES)
    assert opcode == 0x02, "footer"
    summary_at, _offsets_at, summary_crc = struct.unpack("<QQI", footer)
    assert zlib.crc32(data[summary_at : len(data) - len(MAGIC) - 4]) == summary_crc, "sum of the summary"
    schemas, channels, attachments, counts = {}, {}, {}, {}
    states, statistics, metadata = [], None, {}
    at = summary_at
    while at < len(data) - FOOTER_BYTES:
        opcode, body, at = record(data, at)
        cursor = Cursor(body)
        if opcode == 0x03:
            number, name, encoding = cursor.take("H"), cursor.text(), cursor.text()
            schemas[number] = {"name": name, "encoding": encoding, "text": cursor.raw(cursor.take("I")).decode()}
        elif opcode == 0x04:
            number, schema, topic, encoding = cursor.take("H"), cursor.take("H"), cursor.text(), cursor.text()
            entries = dict(cursor.pairs(cursor.text, cursor.text))
            channels[number] = {"topic": topic, "type": schemas[schema]["name"], "encoding": encoding, "metadata": entries}
        elif opcode == 0x08:
            start, end, chunk_at, chunk_bytes = cursor.take("QQQQ")
            indexes = cursor.pairs(lambda: cursor.take("H"), lambda: cursor.take("Q"))
            kind, chunk, after = record(data, chunk_at)
            assert kind == 0x06 and after == chunk_at + chunk_bytes, "a chunk is where its index says"
            inner = Cursor(chunk)
            assert inner.take("QQ") == (start, end), "times of a chunk"
            size, crc = inner.take("Q"), inner.take("I")
            assert inner.text() == "", "compression"
            records = inner.raw(inner.take("Q"))
            assert len(records) == size and zlib.crc32(records) == crc, "sum of a chunk"
            for channel, index_at in indexes:
                kind, index, _ = record(data, index_at)
                index = Cursor(index)
                assert kind == 0x07 and index.take("H") == channel, "message index"
                for log_time, offset in index.pairs(lambda: index.take("Q"), lambda: index.take("Q")):
                    kind, message, _ = record(records, offset)
                    message = Cursor(message)
                    assert kind == 0x05 and message.take("H") == channel and message.take("I") > 0
                    logged, published = message.take("QQ")
                    assert logged == log_time and start <= logged <= end, "log time"
                    topic = channels[channel]["topic"]
                    counts[topic] = counts.get(topic, 0) + 1
                    if topic == "/joint_states":
                        delay = (logged - published) / 1e9
                        states.append({**joint_state(message.raw(len(message.data) - message.at)), "delay": delay})
        elif opcode == 0x0A:
            place, length, _logged, _created, size = cursor.take("QQQQQ")
            name, media = cursor.text(), cursor.text()
            kind, attachment, after = record(data, place)
            assert kind == 0x09 and after == place + length, "an attachment is where its index says"
            assert zlib.crc32(attachment[:-4]) == struct.unpack("<I", attachment[-4:])[0], "sum of an attachment"
            attachments[name] = {"media": media, "text": attachment[-4 - size : -4].decode()}
        elif opcode == 0x0B:
            statistics = cursor.take("QHIIII")
        elif opcode == 0x0D:
            place, _length, name = cursor.take("Q"), cursor.take("Q"), cursor.text()
            kind, entry, _ = record(data, place)
            entry = Cursor(entry)
            assert kind == 0x0C and entry.text() == name, "metadata"
            metadata[name] = dict(entry.pairs(entry.text, entry.text))
    assert statistics[0] == sum(counts.values()), "messages counted"
    assert statistics[1:5] == (len(schemas), len(channels), len(attachments), len(metadata)), "records counted"
    found = {"schemas": list(schemas.values()), "channels": list(channels.values()), "attachments": attachments}
    print(json.dumps({**found, "metadata": metadata, "counts": counts, "states": states}))


main(sys.argv[1])
