/**
 * Collects the frames (length, then content) that a broker sends, and replaces its host and port where they stand
 * together.
 * @returns takes what came, gives the frames that are whole by now
 */
export function withKafkaAddress(from: number, to: number): (data: Buffer) => Buffer {
  const [old, replacement] = [addressOf(from), addressOf(to)];
  let pending = Buffer.alloc(0);
  return (data) => {
    pending = Buffer.concat([pending, data]);
    let end = 0;
    while (pending.length >= end + 4 && pending.length >= end + 4 + pending.readInt32BE(end)) {
      end += 4 + pending.readInt32BE(end);
    }
    const frames = pending.subarray(0, end);
    pending = pending.subarray(end);
    for (let at = frames.indexOf(old); at >= 0; at = frames.indexOf(old, at + 1))
      replacement.copy(frames, at);
    return frames;
  };
}

function addressOf(port: number): Buffer {
  const bytes = Buffer.alloc(13, '127.0.0.1');
  bytes.writeInt32BE(port, 9);
  return bytes;
}
