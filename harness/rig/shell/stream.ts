/** A command that goes on, on an SSH channel. */
import type { RigFault } from "../../base/errors.ts";
import type { OpenChannel } from "./channel.ts";
import type { ShellStream, StreamEnd } from "./shell.ts";

const STDERR_KEPT = 4096;
/** OpenSSH answers a close only when the command has ended, which one that ignores us never does. */
const CLOSE_GRACE_MS = 500;

/** @param onConnectionLost registers what is called when the connection goes while the channel is open */
export function openStream(
  { channel, end }: OpenChannel,
  onConnectionLost: (callback: (fault: RigFault) => void) => void,
): ShellStream {
  let stderr = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });
  const lost = new Promise<StreamEnd>((resolve) => onConnectionLost((error) => resolve({ error })));
  let closed: () => void = () => undefined;
  const abandoned = new Promise<StreamEnd>((resolve) => {
    closed = () => void setTimeout(() => resolve({}), CLOSE_GRACE_MS);
  });
  const done = Promise.race([lost, end, abandoned]).then((how) => (stderr ? { ...how, stderr } : how));
  return {
    onData: (callback) => void channel.on("data", callback),
    write: (data) => void channel.write(data),
    end: () => void channel.end(),
    close: () => {
      try {
        channel.signal("TERM");
        channel.close();
      } catch {
        // The channel went with its connection.
      }
      // What is still on its way has to be taken, or the channel never counts as closed.
      channel.resume();
      closed();
    },
    done,
  };
}
