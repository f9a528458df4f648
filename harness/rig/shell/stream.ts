/** A command that goes on, on an SSH channel. */
import type { ClientChannel } from "ssh2";
import type { RigFault } from "../../base/errors.ts";
import { channelEnd } from "./channel.ts";
import type { ShellStream, StreamEnd } from "./shell.ts";

const STDERR_KEPT = 4096;

/** @param onConnectionLost registers what is called when the connection goes while the channel is open */
export function openStream(
  channel: ClientChannel,
  onConnectionLost: (callback: (fault: RigFault) => void) => void,
): ShellStream {
  let stderr = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });
  channel.on("error", () => undefined);
  const lost = new Promise<StreamEnd>((resolve) => onConnectionLost((error) => resolve({ error })));
  const done = Promise.race([lost, channelEnd(channel)]).then((end) => (stderr ? { ...end, stderr } : end));
  return {
    onData: (callback) => void channel.on("data", callback),
    write: (data) => void channel.write(data),
    end: () => void channel.end(),
    close: () => channel.close(),
    done,
  };
}
