/** From a rig file of a real host to the things that drive it. */
import { UsageError } from "../base/errors.ts";
import type { SshRigFile } from "./inventory/schema.ts";
import { CommandPower } from "./power/command.ts";
import type { PowerDriver } from "./power/power.ts";
import type { SshShellOptions } from "./shell/ssh-shell.ts";

export const shellOptionsOf = (rig: SshRigFile): SshShellOptions => ({
  host: rig.host.address,
  port: rig.host.port,
  user: rig.host.user,
  auth: rig.host.auth,
  hostKey: rig.host.hostKey,
  connectTimeoutMs: rig.timeouts.connectMs,
  commandTimeoutMs: rig.timeouts.commandMs,
});

/** @throws UsageError `no-power` where the rig file has no `power`. */
export function powerOf(rig: SshRigFile): PowerDriver {
  if (!rig.power)
    throw new UsageError("no-power", `rig ${rig.id} has no \`power\` in ${rig.path}: it cannot be power-cycled`);
  return new CommandPower(rig.power);
}
